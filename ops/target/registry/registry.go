// Package registry knows every driver of targets and opens targets with the right one. It is a package of its own because
// the drivers import ops/target. New formats of image files are added to formats (format.go).
package registry

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/block"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Open opens the image file or block device at path and locks it as the mode requires. Nothing is written to it.
//
// Errors wrap fs.ErrNotExist or fs.ErrPermission; target.ErrEmpty, ErrTooSmall, ErrDirectory, ErrPartition, ErrNoMedium,
// ErrNotFile or *Format if the path can never be edited; ErrLeased if it cannot be opened now; and with the mode Edit
// ErrReadOnly, ErrPhysical, ErrNoLocks or *InUse if it cannot be edited now.
func Open(path string, opts target.Options) (target.Target, error) {
	const most = 5 // times that the name may lead to another file in the moment between a look and the locks
	for n := 1; ; n++ {
		t, c, err := openOnce(path, opts)
		if err != nil || n == most || opts.Mode == target.Inspect || !superseded(c) {
			return t, err
		}
		// Another program has had it until now, and has given the name to a new file. The locks are on the old one.
		if err := t.Close(); err != nil {
			return nil, err
		}
	}
}

// superseded reports whether the path of an open file leads to another file by now.
func superseded(c target.Candidate) bool {
	now, err := os.Stat(c.Real)
	return err == nil && c.Info.Mode().IsRegular() && !os.SameFile(now, c.Info)
}

// openOnce does the work of Open, whatever becomes of the name meanwhile.
func openOnce(path string, opts target.Options) (target.Target, target.Candidate, error) {
	c, opts, err := look(path, opts)
	if err != nil {
		return nil, c, err
	}
	t, err := openSeen(c, opts)
	return t, c, err
}

// openSeen opens what was looked at.
func openSeen(c target.Candidate, opts target.Options) (_ target.Target, err error) {
	path := c.Path
	seen := c.File
	defer func() { _ = seen.Close() }() // it was only looked at
	switch {
	case kernel.IsBlock(c.Info) && opts.Format != "" && opts.Format != plain().name:
		return nil, &WrongFormat{Path: path, Is: plain().name, Said: opts.Format}
	case kernel.IsBlock(c.Info):
		return openDevice(c, opts)
	case c.Info.IsDir():
		return nil, fmt.Errorf("%s %w", path, target.ErrDirectory)
	case !c.Info.Mode().IsRegular():
		return nil, fmt.Errorf("%s %w", path, target.ErrNotFile)
	}
	c.File, err = held.Reopen(seen, os.O_RDONLY)
	_ = seen.Close() // a search for users of the file must not find it
	if err != nil {
		return nil, held.OpenError(path, err)
	}
	driver, err := driverFor(path, c.File, c.Info.Size(), opts.Format)
	var t target.Target
	if err == nil {
		t, err = driver.Open(c, opts)
	}
	if err != nil {
		return nil, errors.Join(err, c.File.Close())
	}
	return t, nil
}

// look returns a Candidate with a handle on the file at path (O_PATH). The type of a file is checked before it is opened:
// opening a pipe would wait for its other end, and opening a device can have effects of its own. The handle makes sure that
// the checked file is opened, even if another takes its name.
func look(path string, opts target.Options) (target.Candidate, target.Options, error) {
	c, opts, err := candidate(path, opts)
	if err != nil {
		return c, opts, tried.Errorf("open %s: %w", path, err)
	}
	if c.File, err = held.Hold(c.Real); err != nil {
		return c, opts, held.OpenError(path, err)
	}
	if c.Info, err = c.File.Stat(); err != nil {
		return c, opts, errors.Join(tried.Errorf("stat %s: %w", path, tried.Cause(err)), c.File.Close())
	}
	return c, opts, nil
}

// openDevice opens a block device. It refuses a loop device on a file that is not a raw image.
func openDevice(c target.Candidate, opts target.Options) (target.Target, error) {
	t, err := block.Driver().Open(c, opts)
	if err != nil {
		return nil, err
	}
	d, err := kernel.Host().Disk(kernel.RdevOf(c.Info))
	if err != nil || !d.Is("loop") || opts.Format == plain().name {
		return t, nil
	}
	back := behind(d, c.Path)
	f, err := recognise(back, t, t.Size())
	if err == nil && f.name != plain().name {
		err = &Format{Path: c.Path, Name: f.name, Advice: f.advice(back)}
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// behind returns the file behind a loop device, or node if the file's name is not known.
func behind(d kernel.Disk, node string) string {
	if back := d.Text("loop", "backing_file"); strings.HasPrefix(back, "/") {
		return back
	}
	return node
}

// Adopt returns a Target for files that another process's Target.Files handed over. path and opts are those of that Target.
// The new Target takes over the files. If Adopt fails, it closes them. Programs that are started later do not inherit them:
// a tool that outlives its task must not keep the image locked.
func Adopt(path string, opts target.Options, files []*os.File) (t target.Target, err error) {
	for _, f := range files {
		unix.CloseOnExec(int(f.Fd()))
	}
	defer func() {
		if err != nil {
			t, _ = nil, held.CloseAll(files...) // err says more
		}
	}()
	c, opts, err := candidate(path, opts)
	if err == nil && len(files) == 0 {
		err = errors.New("got no files")
	}
	if err == nil {
		c.File = files[0]
		c.Info, err = c.File.Stat()
	}
	if err != nil {
		return nil, tried.Errorf("take over %s: %w", path, tried.Cause(err))
	}
	driver := block.Driver()
	if !kernel.IsBlock(c.Info) {
		if driver, err = driverFor(path, c.File, c.Info.Size(), opts.Format); err != nil {
			return nil, err
		}
	}
	return driver.Adopt(c, opts, files)
}

// candidate returns a Candidate for a path, without opening it. The caller must set File and Info.
func candidate(path string, opts target.Options) (target.Candidate, target.Options, error) {
	c := target.Candidate{Path: path}
	switch z := opts.SectorSize; {
	case z == 0:
		opts.SectorSize = geometry.Sector512
	case !z.Valid():
		return c, opts, fmt.Errorf("sector size %d is not supported: use 512 or 4096", z)
	}
	if _, err := os.Stat(path); err != nil {
		return c, opts, tried.Cause(err)
	}
	// All paths to an image must lead to the same journal, including a mount of the file alone.
	real, err := filepath.Abs(path)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	c.Real = kernel.Host().Unbound(real)
	return c, opts, err
}

// Claim locks the regular file at path for editing, whatever it holds, and returns where files that belong to it are kept. The
// caller closes it, which ends the locks. Errors are those of Open.
func Claim(path string, opts target.Options) (claim io.Closer, place target.Place, err error) {
	c, opts, err := look(path, opts)
	if err != nil {
		return nil, place, err
	}
	seen := c.File
	defer func() { _ = seen.Close() }() // it was only looked at
	if !c.Info.Mode().IsRegular() {
		return nil, place, fmt.Errorf("%s %w", path, target.ErrNotFile)
	}
	c.File, err = held.Reopen(seen, os.O_RDONLY)
	_ = seen.Close() // a search for users of the file must not find it
	if err != nil {
		return nil, place, held.OpenError(path, err)
	}
	f, err := held.New(c, opts)
	if err == nil {
		err = f.Admit(opts)
	}
	if err != nil {
		return nil, place, errors.Join(err, c.File.Close())
	}
	return f, f.Place(), nil
}

// FindPlace returns the target.Place of the target at path, without opening or locking it.
func FindPlace(path string) (target.Place, error) {
	c, _, err := candidate(path, target.Options{})
	var st unix.Stat_t
	if err == nil {
		st, err = kernel.Stat(c.Real)
	}
	if err != nil {
		return target.Place{}, tried.Errorf("open %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return target.Place{Beside: c.Real, Image: kernel.ImageFile(st)}, nil
	}
	d, err := kernel.Host().Disk(st.Rdev)
	if err != nil {
		return target.Place{}, err
	}
	return d.Place(), nil
}
