// Package registry knows every driver of targets and opens targets with the right one. It is a package of its own because
// the drivers import ops/target. A new format of image files is entered in formats (format.go).
package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"shunt/geometry"
	"shunt/ops/target"
	"shunt/ops/target/block"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Open opens the image file or block device at path and locks it as the mode asks for. Nothing is written to it.
//
// Errors: fs.ErrNotExist and fs.ErrPermission as the system gives them; target.ErrEmpty, ErrTooSmall, ErrDirectory,
// ErrPartition, ErrNoMedium, ErrNotFile and *Format for what cannot be edited at all; ErrLeased for what cannot be
// opened now; ErrReadOnly, ErrPhysical, ErrNoLocks and *InUse for what cannot be edited now (Edit only).
func Open(path string, opts target.Options) (target.Target, error) {
	c, opts, err := candidate(path, opts)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// The type is asked for before the file is opened, and that file is opened and no other: opening a pipe would wait for its
	// other end, opening a device can have effects of its own, and the name may lead to one a moment later.
	seen, err := held.Hold(c.Real)
	if err != nil {
		return nil, held.OpenError(path, err)
	}
	defer func() { _ = seen.Close() }() // it was only looked at
	if c.Info, err = seen.Stat(); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, kernel.Cause(err))
	}
	if kernel.IsBlock(c.Info) {
		c.File = seen
		return openDevice(c, opts)
	}
	if err := regular(path, c.Info); err != nil {
		return nil, err
	}
	c.File, err = held.Reopen(seen, os.O_RDONLY)
	_ = seen.Close() // whoever asks for users of the file must not find it
	if err != nil {
		return nil, held.OpenError(path, err)
	}
	t, err := openFile(c, opts)
	if err != nil {
		return nil, errors.Join(err, c.File.Close())
	}
	return t, nil
}

// candidate finds what is at a path, and opens nothing: File and Info are left to the caller.
func candidate(path string, opts target.Options) (target.Candidate, target.Options, error) {
	c := target.Candidate{Path: path}
	switch z := opts.SectorSize; {
	case z == 0:
		opts.SectorSize = geometry.Sector512
	case !z.Valid():
		return c, opts, fmt.Errorf("sector size %d is not supported: use 512 or 4096", z)
	}
	_, err := os.Stat(path)
	if err != nil {
		return c, opts, kernel.Cause(err)
	}
	// Two ways to the same image must find the same journal, also from where the file is mounted by itself.
	if c.Real, err = filepath.Abs(path); err == nil {
		c.Real, err = filepath.EvalSymlinks(c.Real)
	}
	c.Real = kernel.Host().Unbound(c.Real)
	return c, opts, err
}

// openFile opens a regular file with the driver for what is in it.
func openFile(c target.Candidate, opts target.Options) (target.Target, error) {
	f, err := recognise(c.Path, c.File, c.Info.Size())
	switch {
	case err != nil:
		return nil, err
	case f.driver == nil:
		return nil, f.refusal(c.Path)
	}
	return f.driver().Open(c, opts)
}

// openDevice opens a block device. A loop device may show a file that is no raw image.
func openDevice(c target.Candidate, opts target.Options) (target.Target, error) {
	t, err := block.Driver().Open(c, opts)
	if err != nil || !isLoop(c.Info) {
		return t, err
	}
	f, err := recognise(c.Path, t, t.Size())
	if err == nil && f.name != plain().name {
		err = f.refusal(c.Path)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// isLoop reports whether a device is a loop device.
func isLoop(info fs.FileInfo) bool {
	d, err := kernel.Host().Disk(kernel.RdevOf(info))
	return err == nil && d.Is("loop")
}

func regular(path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return fmt.Errorf("%s %w", path, target.ErrDirectory)
	}
	return fmt.Errorf("%s %w", path, target.ErrNotFile)
}
