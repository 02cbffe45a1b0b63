// Package block is the driver of block devices, such as loop devices and disks. It also updates the kernel's list of their
// partitions.
package block

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Driver opens whole block devices.
func Driver() target.Driver { return target.Driver{Open: open, Adopt: adopt} }

var _ target.KernelDisk = (*device)(nil)

type device struct {
	*held.File
	disk  kernel.Disk
	claim *os.File // opened with O_EXCL, so that nothing on the device can be mounted; nil if something is
	image *os.File // the file behind a loop device, locked like an image; nil if there is none to lock
	grain int64    // the alignment of copies, in bytes
}

// open checks whether the device may be opened before it opens it, because opening can have effects of its own.
func open(c target.Candidate, opts target.Options) (target.Target, error) {
	d, err := kernel.Host().Disk(kernel.RdevOf(c.Info))
	if err != nil {
		return nil, tried.Errorf("open %s: %w", c.Path, err)
	}
	if w, ok := d.Whole(); ok {
		return nil, fmt.Errorf("%s %w: give the whole disk, %s", c.Path, target.ErrPartition, w.Node())
	}
	if opts.Mode != target.Inspect {
		if err := d.Admit(c.Path, opts); err != nil {
			return nil, err
		}
	}
	node, err := held.Reopen(c.File, os.O_RDONLY)
	_ = c.File.Close() // a search for users of the device must not find it
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

// build returns a device for an open node, without locking it.
func build(c target.Candidate, opts target.Options) (*device, error) {
	file, err := held.New(c, opts)
	if err != nil {
		return nil, err
	}
	d, err := kernel.Host().Disk(file.Rdev)
	if err != nil {
		return nil, tried.Errorf("open %s: %w", c.Path, err)
	}
	b := &device{File: file, disk: d}
	size, err := b.measure()
	if err != nil {
		return nil, err
	}
	if size == 0 {
		return nil, fmt.Errorf("%s %w", c.Path, target.ErrNoMedium)
	}
	b.SetSize(size)
	if b.Sector, err = sectorOf(c, opts); err != nil {
		return nil, err
	}
	b.grain = max(int64(os.Getpagesize()), int64(b.Sector))
	return b, nil
}

// sectorOf returns the size of the device's logical sector. It fails if opts ask for another one, unless that is the
// default.
func sectorOf(c target.Candidate, opts target.Options) (geometry.SectorSize, error) {
	n, err := unix.IoctlGetInt(int(c.File.Fd()), unix.BLKSSZGET)
	if err != nil {
		return 0, tried.Errorf("ask for the sector size of %s: %w", c.Path, err)
	}
	z := geometry.SectorSize(n)
	if !z.Valid() {
		return 0, fmt.Errorf("%s has sectors of %d bytes; shunt edits disks with sectors of 512 or 4096 bytes", c.Path, n)
	}
	if wish := opts.SectorSize; wish != 0 && wish != geometry.Sector512 && wish != z {
		return 0, fmt.Errorf("%s has sectors of %d bytes, not of %d: leave out --sector-size", c.Path, z, wish)
	}
	return z, nil
}

// admit locks the device for the mode.
func (b *device) admit(opts target.Options) error {
	if opts.Mode == target.Inspect {
		b.User = b.disk.WholeUser(b.Given)
		return b.flush()
	}
	if opts.Mode == target.Edit {
		if err := held.ProbeWritable(b.Given, b.Read); err != nil {
			return err
		}
	}
	// udev takes the same lock while it looks at a device, and keeps off while it is taken.
	if err := b.Lock(func() error { return held.LockNode(b.Read) }); err != nil {
		return err
	}
	if err := b.takeClaim(); err != nil {
		return err
	}
	if err := b.lockImage(opts); err != nil {
		return err
	}
	return b.flush()
}

// takeClaim opens the device with O_EXCL. That is not possible while a partition is in use. Then takeClaim succeeds
// without, since the other partitions can still be edited.
func (b *device) takeClaim() error {
	err := held.Patiently(held.LockPatience, func() (err error) {
		b.claim, err = os.OpenFile(held.Through(b.Read), os.O_RDONLY|unix.O_EXCL, 0)
		if errors.Is(err, unix.EBUSY) && len(b.Uses(nil)) > 0 {
			return nil
		}
		return err
	}, unix.EBUSY)
	if errors.Is(err, unix.EBUSY) {
		return kernel.Host().Claimant(b.Given, b.disk, b.ID())
	}
	return held.OpenError(b.Given, err)
}

// lockImage locks the file behind a loop device, so that others cannot edit it directly.
func (b *device) lockImage(opts target.Options) error {
	place := b.disk.Place()
	if place.Image == nil || opts.NoLock {
		return nil
	}
	f, err := held.OpenImage(place.Beside, *place.Image)
	if err != nil {
		return nil // a user who may not read the file can still edit the device
	}
	b.image = f
	image, err := held.New(target.Candidate{Path: place.Beside, Real: place.Beside, File: f}, opts)
	if err != nil {
		return err
	}
	if err := image.Lock(func() error { return held.TakeLocks(f, b.Mode) }); !errors.Is(err, target.ErrNoLocks) {
		return err
	}
	return nil
}

// adopt returns a device for the files that another process handed over.
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
			return nil, tried.Errorf("take over %s: %w", c.Path, tried.Cause(err))
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

func (b *device) Files() []*os.File {
	return slices.DeleteFunc([]*os.File{b.Read, b.claim, b.image}, func(f *os.File) bool { return f == nil })
}

func (b *device) Format() string            { return b.disk.Kind() }
func (b *device) Fixed() bool               { return true }
func (b *device) Physical() bool            { return b.disk.Physical() }
func (b *device) Hardware() target.Hardware { return b.disk.Hardware() }
func (b *device) Place() target.Place       { return b.disk.Place() }

// AllowWrites also makes writes visible that others made through the nodes of the partitions.
func (b *device) AllowWrites() error {
	if err := b.File.AllowWrites(); err != nil {
		return err
	}
	return b.flush()
}

func (b *device) Refresh() error {
	size, err := b.measure()
	if err == nil {
		err = b.flush()
	}
	if err == nil {
		b.SetSize(size)
	}
	return err
}

func (b *device) Close() error { return held.CloseAll(b.Read, b.Write, b.claim, b.image) }

func (b *device) Identity() (target.Identity, error) {
	st, err := b.Stat()
	size, measured := b.measure()
	return target.Identity{
		Kind: target.KindBlock, Path: b.Real, Dev: st.Dev, Inode: st.Ino, Size: size,
		Device: st.Rdev, Serial: b.disk.Serial(), Backing: b.disk.Text("loop", "backing_file"),
	}, errors.Join(err, measured)
}
