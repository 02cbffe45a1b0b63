package qemu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

// openExtents opens and locks the other files that hold the disk. Nobody may write to them while the image is open.
func (f *file) openExtents(opts target.Options) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, f.closeExtents())
		}
	}()
	for _, name := range f.facts.parts {
		l, err := openExtent(filepath.Join(filepath.Dir(f.Real), name), f.Given, opts)
		if err != nil {
			return err
		}
		f.extents = append(f.extents, l)
	}
	return nil
}

func openExtent(path, above string, opts target.Options) (*held.File, error) {
	seen, err := held.Hold(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s needs the file %s, which holds a part of its disk and is missing: get it back",
			above, path)
	}
	if err != nil {
		return nil, held.OpenError(path, err)
	}
	defer func() { _ = seen.Close() }() // it was only looked at
	info, err := seen.Stat()
	if err != nil {
		return nil, tried.Errorf("stat %s: %w", path, tried.Cause(err))
	}
	if real, err := filepath.EvalSymlinks(path); err != nil || real != path || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s, which is to hold a part of the disk of %s, is not a regular file", path, above)
	}
	opened, err := held.Reopen(seen, os.O_RDONLY)
	_ = seen.Close() // a search for users of the file must not find it
	if err != nil {
		return nil, held.OpenError(path, err)
	}
	c := target.Candidate{Path: path, Real: path, Info: info, File: opened}
	l, err := held.New(c, target.Options{Mode: target.Inspect, SectorSize: opts.SectorSize})
	if err == nil && opts.Mode != target.Inspect {
		if err = l.Rely(opts); err != nil {
			err = fmt.Errorf("a part of the disk of %s must stay as it is: %w", above, err)
		}
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return l, nil
}

func (f *file) closeExtents() (err error) {
	for _, l := range f.extents {
		err = errors.Join(err, l.Close())
	}
	f.extents = nil
	return err
}
