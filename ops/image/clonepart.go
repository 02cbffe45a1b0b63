package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/worker"
)

// A part is the file in which a clone grows, with its map. The map has the form of ddrescue's, which has a line for each run
// of the source: position, length and a sign:
//
//	?  not tried yet    +  copied    -  cannot be read
//
// A comment says which source it belongs to, and one when that was changed last.
type part struct {
	path, source string
	times        string // the line of the map that says since when the source is as it is
	file         *os.File
	size         int64
	runs         []mapRun
}

// mapRun is a line of the map.
type mapRun struct {
	off, end int64
	sign     byte
}

const (
	signOpen = '?'
	signDone = '+'
	signBad  = '-'

	mapTitle   = "# Mapfile of shunt image clone"
	timesTitle = "# source "
	// mostMap is the longest map that is read, in bytes.
	mostMap = 64 << 20
)

// sourceOf identifies a source, so that no clone goes on with another one.
func sourceOf(src target.Target) (string, error) {
	id, err := src.Identity()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%q %d %d %d %q", id.Path, src.Size(), id.Device, id.Modified, id.Serial), nil
}

// timesOf returns the line that says when a source was changed last. It is "" where the host does not record that. Two equal
// lines prove that nobody has written to the source in between only if they end with settledTimes: otherwise it had been written to
// just before the first one, and host times count in steps.
func timesOf(src target.Target) (string, error) {
	was, err := worker.GlanceAt(src)
	switch {
	case err != nil || !was.State.Known():
		return "", err
	case was.Settled:
		return fmt.Sprintf("changed %d, %s", was.State.Changed, settledTimes), nil
	}
	return fmt.Sprintf("changed %d", was.State.Changed), nil
}

const settledTimes = "and not since"

// openPart makes the file, or with resume opens the one that an earlier run left.
func openPart(path string, src target.Target, resume bool) (p *part, err error) {
	p = &part{path: path, size: src.Size()}
	if p.source, err = sourceOf(src); err != nil {
		return nil, err
	}
	if p.times, err = timesOf(src); err != nil {
		return nil, err
	}
	flags := os.O_RDWR | unix.O_NOFOLLOW
	if !resume {
		flags |= os.O_CREATE | os.O_EXCL
	}
	p.file, err = os.OpenFile(path, flags, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s is left from a clone that was stopped: --resume goes on with it, or remove it and %s", path, p.mapPath())
	case resume && errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is nothing to go on with: %s does not exist", path)
	case err != nil:
		return nil, tried.Errorf("make %s: %w", path, tried.Cause(err))
	}
	if err := unix.Flock(int(p.file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is being written by another program", path), p.file.Close())
	}
	if resume {
		if err := p.load(); err != nil {
			return nil, errors.Join(err, p.file.Close())
		}
		return p, nil
	}
	if err := p.begin(); err != nil {
		return nil, errors.Join(err, p.file.Close(), p.remove())
	}
	return p, nil
}

// begin makes the map of a copy that holds nothing yet.
func (p *part) begin() error {
	p.runs = []mapRun{{0, p.size, signOpen}}
	if err := errors.Join(p.file.Truncate(p.size), p.save()); err != nil {
		return tried.Errorf("make %s: %w", p.path, err)
	}
	return nil
}

// holds reports whether the file holds anything.
func (p *part) holds() bool {
	_, err := unix.Seek(int(p.file.Fd()), 0, unix.SEEK_DATA)
	return !errors.Is(err, unix.ENXIO)
}

func (p *part) mapPath() string { return p.path + ".map" }

// load reads the map.
func (p *part) load() error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(p.mapPath())
	if errors.Is(err, fs.ErrNotExist) && info.Mode().IsRegular() && !p.holds() {
		return p.begin() // it was stopped before it had a map
	}
	if err != nil {
		return fmt.Errorf("%s has no map, so it is not known what is in it: remove it and begin anew: %w", p.path, tried.Cause(err))
	}
	if !info.Mode().IsRegular() || info.Size() != p.size || len(text) > mostMap {
		return fmt.Errorf("%s does not belong to this source, which has another size: remove it and %s and begin anew", p.path, p.mapPath())
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	title, source := lines.Scan() && lines.Text() == mapTitle, lines.Scan() && lines.Text() == "# "+p.source
	switch {
	case !title:
		return fmt.Errorf("%s is no map of a clone: remove it and %s and begin anew", p.mapPath(), p.path)
	case !source:
		return fmt.Errorf("%s belongs to another source, or the source has changed since: remove it and %s and begin anew", p.path, p.mapPath())
	}
	at, head, times := int64(0), true, ""
	for lines.Scan() {
		line := lines.Text()
		if text, ok := strings.CutPrefix(line, timesTitle); ok {
			times = text
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		if head { // where ddrescue is, and in which pass
			head = false
			continue
		}
		var off, n int64
		var sign byte
		if _, err := fmt.Sscanf(line, "0x%x 0x%x %c", &off, &n, &sign); err != nil || off != at || n <= 0 || n > p.size-at {
			return fmt.Errorf("%s is damaged: remove it and %s and begin anew", p.mapPath(), p.path)
		}
		at += n
		if sign != signDone {
			sign = signOpen // what could not be read is tried again
		}
		p.mark(off, off+n, sign)
	}
	if at != p.size {
		return fmt.Errorf("%s is damaged: remove it and %s and begin anew", p.mapPath(), p.path)
	}
	if p.times != "" && (times != p.times || !strings.HasSuffix(times, settledTimes)) {
		p.runs = []mapRun{{0, p.size, signOpen}} // what was copied may be old, so all of it is copied again
	}
	return nil
}

// mark sets the sign of a run.
func (p *part) mark(off, end int64, sign byte) {
	if off >= end {
		return
	}
	var out []mapRun
	add := func(r mapRun) {
		if r.off >= r.end {
			return
		}
		if last := len(out) - 1; last >= 0 && out[last].sign == r.sign && out[last].end == r.off {
			out[last].end = r.end
			return
		}
		out = append(out, r)
	}
	// The runs that it meets or touches.
	from := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].end >= off })
	to := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].off > end })
	done := false
	for _, r := range p.runs[from:to] {
		add(mapRun{r.off, min(r.end, off), r.sign})
		if r.end > off && !done {
			add(mapRun{off, end, sign})
			done = true
		}
		add(mapRun{max(r.off, end), r.end, r.sign})
	}
	if !done {
		add(mapRun{off, end, sign})
	}
	p.runs = slices.Replace(p.runs, from, to, out...)
}

// open returns the runs of [off, end) that were not copied yet.
func (p *part) open(off, end int64) (list []mapRun) {
	for _, r := range p.runs {
		if r.sign != signDone && r.off < end && r.end > off {
			list = append(list, mapRun{max(r.off, off), min(r.end, end), r.sign})
		}
	}
	return list
}

// save syncs the file and then writes the map, so that the map never says too much.
func (p *part) save() error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n# %s\n%s%s\n# current_pos  current_status  current_pass\n0x00000000     ?     1\n#      pos        size  status\n", mapTitle, p.source, timesTitle, p.times)
	for _, r := range p.runs {
		fmt.Fprintf(&b, "0x%08X  0x%08X  %c\n", r.off, r.end-r.off, r.sign)
	}
	fresh := p.mapPath() + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return os.Rename(fresh, p.mapPath())
}

func (p *part) close() error { return p.file.Close() }

// remove removes the file and its map.
func (p *part) remove() error {
	err := os.Remove(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, name := range []string{p.mapPath(), p.mapPath() + ".new"} {
		if gone := os.Remove(name); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// finish gives the complete copy its name, in its format.
func (p *part) finish(ctx context.Context, c Cloning, o Options, sources []os.FileInfo) error {
	if c.Format == Raw {
		r, err := NewNamed(c.Path, o, sources...)
		if err != nil {
			return err
		}
		hidden := r.Path()
		if err := os.Rename(p.path, hidden); err != nil {
			return errors.Join(err, r.Drop())
		}
		if err := r.Finish(); err != nil {
			return err
		}
		return p.remove()
	}
	if err := Convert(ctx, Conversion{From: p.path, To: c.Path, Format: c.Format}, o); err != nil {
		return err
	}
	return p.remove()
}

// bad returns the runs that could not be read.
func (p *part) bad() []mapRun {
	return slices.DeleteFunc(slices.Clone(p.runs), func(r mapRun) bool { return r.sign != signBad })
}
