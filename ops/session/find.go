package session

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"shunt/ops/nearby"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/worker"
)

// A Finding is the result of Find.
type Finding struct {
	// Images are sorted by path. Those with an Error could not be read.
	Images []report.Found
	// Failed says that something that was named is not there, is no image or cannot be read.
	Failed bool
	// Mounts are directories on other file systems, which were not searched, and Unread those that could not be read.
	Mounts, Unread []string
}

// Find looks for images: in directories and those below them, and in files and devices that are named. It locks nothing.
// Workers with limits read the images, so that one that was made to harm its reader is an error of its own. The error is that
// of ctx.
func Find(ctx context.Context, roots []string, opts Options) (out Finding, err error) {
	finder := nearby.Finder{Disks: true, SectorSize: opts.SectorSize, Format: opts.Format}
	byHand := map[string]bool{}
	var paths []string
	for _, root := range roots {
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			paths, byHand[root] = append(paths, root), true
			continue
		}
		w := finder.Walk(root)
		paths = append(paths, w.Files...)
		out.Mounts, out.Unread = append(out.Mounts, w.Mounts...), append(out.Unread, w.Unread...)
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	sightings := lookInto(ctx, finder, paths)
	out.Images = []report.Found{}
	for i, s := range sightings {
		s.Found.Path = paths[i]
		if !s.Image && byHand[paths[i]] {
			s.Found.Error = cmp.Or(s.Found.Error, "it is no disk image, as far as can be seen")
			s.Image = true
		}
		if s.Image {
			out.Images = append(out.Images, s.Found)
		}
		out.Failed = out.Failed || byHand[paths[i]] && s.Found.Error != ""
	}
	return out, ctx.Err()
}

const (
	searchBatch   = 16 // images that one worker reads
	searchTimeout = time.Minute
)

// lookInto has workers look into all images, a few at a time.
func lookInto(ctx context.Context, finder nearby.Finder, paths []string) []worker.Sighting {
	all := make([]worker.Sighting, len(paths))
	turns := make(chan struct{}, min(4, runtime.GOMAXPROCS(0)))
	var busy sync.WaitGroup
	for from := 0; from < len(paths); from += searchBatch {
		to := min(from+searchBatch, len(paths))
		turns <- struct{}{}
		busy.Go(func() {
			defer func() { <-turns }()
			for from < to && ctx.Err() == nil {
				n, how := lookOnce(ctx, finder, paths[from:to], all[from:to])
				if from += n; from < to && ctx.Err() == nil { // the worker ended at this one
					all[from] = worker.Sighting{Image: true, Found: report.Found{Error: (&readerDied{how}).Error(), Partitions: []report.FoundPart{}}}
					from++
				}
			}
		})
	}
	busy.Wait()
	return all
}

// lookOnce has one worker look into images. It returns how many it managed, and how it ended if not all.
func lookOnce(ctx context.Context, finder nearby.Finder, paths []string, into []worker.Sighting) (n int, how string) {
	ctx, stop := context.WithTimeout(ctx, searchTimeout)
	defer stop()
	absolute := make([]string, len(paths))
	for i, path := range paths { // the worker has another working directory
		abs, err := filepath.Abs(path)
		if err != nil {
			return 0, err.Error()
		}
		absolute[i] = abs
	}
	job := worker.Job{Task: report.Look, Search: &worker.Search{Paths: absolute, Finder: finder}}
	p, err := spawn(job, nil, partfs.SetuidHelper) // it mounts nothing
	if err != nil {
		return 0, err.Error()
	}
	defer context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })()
	in := json.NewDecoder(p.conn)
	for n < len(paths) && in.Decode(&into[n]) == nil {
		n++
	}
	_ = p.conn.Close() // everything that counts was read
	return n, ending(p.cmd.Wait(), p.stderr.text())
}
