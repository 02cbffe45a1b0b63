package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/session"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// A Merge commits an overlay where the overlay or a file below it has a format that shunt does not read. qemu-img does the
// work, on copies of the overlay and of its backing file. The copy of the backing file then takes the name of that file.
type Merge struct {
	Overlay Info
	// Watch is called with the bytes of the disk that are done, and with all of them. It may be nil.
	Watch func(done, total int64)
}

// NeedsQEMU reports whether qemu-img has to commit the image. It is an error if that image has no backing file, or if a file
// of the chain cannot be read.
func (i Info) NeedsQEMU() (bool, error) {
	foreign := !Format(i.Format).Own()
	for _, l := range i.Chain {
		foreign = foreign || l.Format != "" && !Format(l.Format).Own()
	}
	switch {
	case !foreign:
		return false, nil
	case len(i.Notes) > 0:
		return true, fmt.Errorf("%s cannot be committed: %s", i.Path, i.Notes[0])
	case len(i.Chain) == 0:
		return true, fmt.Errorf("%s has no backing file into which it could be committed", i.Path)
	}
	return true, nil
}

// Base returns the path of the backing file.
func (m Merge) Base() string { return m.Overlay.Chain[0].Path }

// Others returns the other images that show the backing file: those beside it, and those of elsewhere that do.
func (m Merge) Others(elsewhere []string) []string {
	over := real(m.Overlay.Path)
	elsewhere = slices.DeleteFunc(slices.Clone(elsewhere), func(path string) bool { return real(path) == over })
	names := registry.Overlays(m.Base(), elsewhere...)
	return slices.DeleteFunc(names, func(name string) bool { return real(filepath.Join(filepath.Dir(m.Base()), name)) == over })
}

// Commit makes the backing file what the overlay shows. Until the end neither of the two is written to: after an error, also
// that of ctx, and after a kill the backing file is as it was. Nothing is kept for an undo. It fails as New does, if the
// overlay is in use, and where qemu-img does.
func Commit(ctx context.Context, m Merge, o Options) (err error) {
	claim, _, err := registry.Claim(m.Overlay.Path, target.Options{Mode: target.Read, NoLock: o.Session.NoLock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.Close()) }()
	if err := session.FinishedAt(m.Overlay.Path, o.Session); err != nil {
		return err
	}
	seen, err := os.Stat(m.Overlay.Path)
	if err != nil {
		return tried.Errorf("stat %s: %w", m.Overlay.Path, tried.Cause(err))
	}
	o.Replace, o.Shown = true, true
	r, err := NewNamed(m.Base(), o, seen)
	if err != nil {
		return err
	}
	if err := m.inCopies(ctx, r); err != nil {
		return errors.Join(tried.Errorf("commit %s: %w; %s is unchanged", m.Overlay.Path, err, m.Base()), r.Drop())
	}
	return r.Finish()
}

// inCopies makes the copies in the directory of a Result and has qemu-img work on them.
func (m Merge) inCopies(ctx context.Context, r *Result) error {
	dir := filepath.Dir(r.Path())
	over := filepath.Join(dir, hiddenName())
	for _, c := range []struct{ from, to string }{{m.Overlay.Path, over}, {r.Final(), r.Path()}} {
		if err := copyFile(ctx, c.from, c.to); err != nil {
			return err
		}
	}
	options := &nodes{}
	options.add(m.Overlay.Format, over)
	options.add(m.Overlay.Chain[0].Format, r.Path())
	may := reach{temp: dir}
	for _, l := range m.Overlay.Chain[1:] {
		options.add(l.Format, real(l.Path))
		may.read = append(may.read, real(l.Path))
	}
	total := int64(0)
	if m.Overlay.Size != nil {
		total = *m.Overlay.Size
	}
	watch := func(line string) {
		if n, ok := percent(line); ok && m.Watch != nil {
			m.Watch(int64(n/100*float64(total)), total)
		}
	}
	_, err := callQEMU(ctx, may, watch, "commit", "-p", "-d", "--image-opts", options.String())
	return errors.Join(err, os.Remove(over))
}

// nodes are the files of a chain in QEMU's words: each is named with its format, so no name and no format in an image counts.
type nodes struct {
	words []string
	at    string // in front of the names of the next file's options
}

func (n *nodes) add(format, path string) {
	for _, option := range [][2]string{{"driver", format}, {"file.driver", "file"}, {"file.filename", path}} {
		n.words = append(n.words, n.at+option[0]+"="+strings.ReplaceAll(option[1], ",", ",,"))
	}
	n.at += "backing."
}

func (n *nodes) String() string { return strings.Join(n.words, ",") }

// copyFile copies a file with its holes, sharing the blocks where the host can do that.
func copyFile(ctx context.Context, from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return tried.Errorf("open %s: %w", from, tried.Cause(err))
	}
	defer func() { _ = source.Close() }() // it was only read
	copied, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return tried.Errorf("copy %s: %w", from, tried.Cause(err))
	}
	defer func() { err = errors.Join(err, copied.Close()) }()
	if unix.IoctlFileClone(int(copied.Fd()), int(source.Fd())) == nil {
		return nil
	}
	content, err := registry.FileContent(source)
	if err == nil {
		err = registry.Create(ctx, string(Raw), copied, target.New{Size: content.Size(), Content: content})
	}
	if err != nil {
		return tried.Errorf("copy %s: %w", from, tried.Cause(err))
	}
	return nil
}
