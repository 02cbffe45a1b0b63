// Package block is the driver of block devices: loop devices, disks, and what else the kernel shows as one. It also tells
// the kernel what becomes of their partitions.
package block

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Driver opens whole block devices.
func Driver() target.Driver { return target.Driver{Open: open, Adopt: adopt, Peek: held.Peek} }

var _ target.KernelDisk = (*device)(nil)

type device struct {
	*held.File
	disk  kernel.Disk
	claim *os.File // opened with O_EXCL, so that nothing on the device can be mounted; nil if something is
	image *os.File // the file behind a loop device, locked like an image; nil if there is none to lock
	grain int64    // what the device wants writes to be aligned to, bytes
}

// open asks what may keep the device from being opened before it opens it: opening can have effects of its own.
func open(c target.Candidate, opts target.Options) (target.Target, error) {
	d, err := kernel.Host().Disk(kernel.RdevOf(c.Info))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", c.Path, err)
	}
	if err := kernel.Host().Fit(c.Path, d); err != nil {
		return nil, err
	}
	if opts.Mode != target.Inspect {
		if err := kernel.Host().Admit(c.Path, d, opts); err != nil {
			return nil, err
		}
	}
	node, err := held.Reopen(c.File, os.O_RDONLY)
	_ = c.File.Close() // whoever asks for users of the device must not find it
	if err != nil {
		return nil, held.OpenError(c.Path, err)
	}
	c.File = node
	b, err := build(c, opts)
	if err != nil {
		return nil, errors.Join(err, c.File.Close())
	}
	if err := b.admit(opts); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// build makes a device of an open node without locking it.
func build(c target.Candidate, opts target.Options) (*device, error) {
	file, err := held.New(c, opts)
	if err != nil {
		return nil, err
	}
	st, err := file.Stat()
	if err != nil {
		return nil, err
	}
	d, err := kernel.Host().Disk(st.Rdev)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", c.Path, err)
	}
	b := &device{File: file, disk: d}
	size, err := b.measure()
	switch {
	case err != nil:
		return nil, err
	case size == 0:
		return nil, fmt.Errorf("%s %w", c.Path, target.ErrNoMedium)
	}
	b.SetSize(size)
	if b.Sector, err = sectorOf(c, opts); err != nil {
		return nil, err
	}
	b.grain = max(int64(os.Getpagesize()), int64(b.Sector))
	return b, nil
}

// sectorOf is the device's logical sector. It is the device's to say; a wish for another one is an error only if it
// is not the one that stands for no wish.
func sectorOf(c target.Candidate, opts target.Options) (geometry.SectorSize, error) {
	n, err := unix.IoctlGetInt(int(c.File.Fd()), unix.BLKSSZGET)
	if err != nil {
		return 0, fmt.Errorf("ask for the sector size of %s: %w", c.Path, err)
	}
	z := geometry.SectorSize(n)
	if !z.Valid() {
		return 0, fmt.Errorf("%s has sectors of %d bytes; shunt edits disks with sectors of 512 or 4096 bytes", c.Path, n)
	}
	if wish := opts.SectorSize; wish != 0 && wish != geometry.Sector512 && wish != z {
		return 0, fmt.Errorf("%s has sectors of %d bytes, and not of %d: leave out --sector-size", c.Path, z, wish)
	}
	return z, nil
}

// admit locks the device for the mode.
func (b *device) admit(opts target.Options) error {
	if opts.Mode == target.Inspect {
		b.User = kernel.Host().WholeUser(b.Given, b.disk)
		return b.flush()
	}
	if opts.Mode == target.Edit {
		if err := held.ProbeWritable(b.Given, b.Read); err != nil {
			return err
		}
	}
	// udev takes the same lock while it looks at a device, and keeps off while it is taken.
	if err := held.Patiently(held.LockPatience, func() error { return held.LockNode(b.Read) }, held.ErrHeld); err != nil {
		return b.LockRefusal(err)
	}
	if err := b.takeClaim(); err != nil {
		return err
	}
	if err := b.lockImage(opts); err != nil {
		return err
	}
	return b.flush()
}

// takeClaim opens the device for itself alone. That fails while anything on it is in use, which is no reason to refuse:
// the other partitions can be edited.
func (b *device) takeClaim() error {
	var claim *os.File
	err := held.Patiently(held.LockPatience, func() (err error) {
		claim, err = os.OpenFile(held.Through(b.Read), os.O_RDONLY|unix.O_EXCL, 0)
		if errors.Is(err, unix.EBUSY) && len(b.Uses(nil)) > 0 {
			return nil
		}
		return err
	}, unix.EBUSY)
	switch {
	case errors.Is(err, unix.EBUSY):
		return kernel.Host().Claimant(b.Given, b.disk, b.ID())
	case err != nil:
		return held.OpenError(b.Given, err)
	}
	b.claim = claim
	return nil
}

// lockImage keeps those off who edit the file behind a loop device without the loop device.
func (b *device) lockImage(opts target.Options) error {
	path, shown := kernel.Host().Image(b.disk)
	if path == "" || opts.NoLock {
		return nil
	}
	f, err := held.OpenImage(path, *shown)
	if err != nil {
		return nil // the device can be edited by those who may not read its file
	}
	b.image = f
	image, err := held.New(target.Candidate{Path: path, Real: path, File: f}, opts)
	if err != nil {
		return err
	}
	if err := held.TakeLocks(f, b.Mode); err != nil && !errors.Is(err, held.ErrNoLocks) {
		return image.LockRefusal(err)
	}
	return nil
}

// adopt makes a device of the files that Files handed over.
func adopt(c target.Candidate, opts target.Options, files []*os.File) (target.Target, error) {
	b, err := build(c, opts)
	if err != nil {
		return nil, err
	}
	if err := b.InPlace(); err != nil {
		return nil, err
	}
	for _, f := range files[1:] {
		info, err := f.Stat()
		if err != nil {
			return nil, fmt.Errorf("take over %s: %w", c.Path, kernel.Cause(err))
		}
		if info.Mode().IsRegular() {
			b.image = f
		} else {
			b.claim = f
		}
	}
	if opts.Mode == target.Edit {
		if err := held.LockNode(b.Read); err != nil {
			return nil, b.LockRefusal(err)
		}
	}
	return b, b.flush()
}

// Files is Target.Files.
func (b *device) Files() []*os.File {
	files := []*os.File{b.Read}
	for _, f := range []*os.File{b.claim, b.image} {
		if f != nil {
			files = append(files, f)
		}
	}
	return files
}

// Format is Target.Format.
func (b *device) Format() string { return kernel.Host().Sort(b.disk) }

// Fixed is Target.Fixed.
func (b *device) Fixed() bool { return true }

// Physical is KernelDisk.Physical.
func (b *device) Physical() bool { return kernel.Host().Physical(b.disk) }

// Beside is Target.Beside.
func (b *device) Beside() string { return kernel.Host().Beside(b.disk) }

// Image is Target.Image.
func (b *device) Image() *target.ImageFile {
	_, image := kernel.Host().Image(b.disk)
	return image
}

// AllowWrites is Target.AllowWrites. What others wrote through the nodes of the partitions is seen from then on.
func (b *device) AllowWrites() error {
	if err := b.File.AllowWrites(); err != nil {
		return err
	}
	return b.flush()
}

// Refresh is Target.Refresh.
func (b *device) Refresh() error {
	size, err := b.measure()
	if err != nil {
		return err
	}
	if err := b.flush(); err != nil {
		return err
	}
	b.SetSize(size)
	return nil
}

// Close is Target.Close.
func (b *device) Close() error {
	err := b.File.Close()
	for _, f := range []*os.File{b.claim, b.image} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// Identity is Target.Identity.
func (b *device) Identity() (target.Identity, error) {
	st, err := b.Stat()
	if err != nil {
		return target.Identity{}, err
	}
	size, err := b.measure()
	if err != nil {
		return target.Identity{}, err
	}
	return target.Identity{
		Kind: target.KindBlock, Path: b.Real, Dev: st.Dev, Inode: st.Ino, Size: size,
		Device: st.Rdev, Serial: b.disk.Serial(), Backing: b.disk.Text("loop", "backing_file"),
	}, nil
}
