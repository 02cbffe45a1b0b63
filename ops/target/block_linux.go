package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
)

var _ Target = (*Block)(nil)

// Block is a whole block device: a loop device, a disk.
type Block struct {
	handle
	disk    disk
	claim   *os.File // opened with O_EXCL, so that nothing on the device can be mounted; nil if something is
	image   *os.File // the file behind a loop device, locked like a Raw; nil if there is none to lock
	grain   int64    // what the device wants writes to be aligned to, bytes
	buffers sync.Pool
}

// openBlock opens a block device. Errors: see Open.
func openBlock(path string, held *os.File, info fs.FileInfo, opts Options) (*Block, error) {
	d, err := host().disk(rdevOf(info))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := host().fit(path, d); err != nil {
		return nil, err
	}
	if opts.Mode != Inspect {
		if err := host().admit(path, d, opts); err != nil {
			return nil, err
		}
	}
	resolved := held.Name()
	f, err := reopen(held, os.O_RDONLY)
	_ = held.Close() // who asks for users of the file must not find this
	if err != nil {
		return nil, openError(path, err)
	}
	b, err := buildBlock(path, resolved, f, opts)
	if err == nil {
		err = b.admit(opts)
	}
	if err != nil {
		if b != nil {
			return nil, errors.Join(err, b.Close())
		}
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

// buildBlock makes a Block of an open node without locking it.
func buildBlock(path, resolved string, f *os.File, opts Options) (*Block, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	d, err := host().disk(st.Rdev)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	size, err := deviceSize(f)
	if err != nil {
		return nil, fmt.Errorf("ask for the size of %s: %w", path, err)
	}
	if size == 0 {
		return nil, fmt.Errorf("%s %w", path, ErrNoMedium)
	}
	z, err := sectorOf(path, f, opts)
	if err != nil {
		return nil, err
	}
	b := &Block{
		handle: handle{path: path, real: resolved, mode: opts.Mode, sector: z, dev: st.Dev, inode: st.Ino, read: f},
		disk:   d, grain: max(int64(os.Getpagesize()), int64(z)),
	}
	b.size.Store(size)
	b.buffers.New = func() any { p := make([]byte, blockBuffer); return &p }
	return b, nil
}

// sectorOf is the device's logical sector. It is the device's to say; a wish for another one is an error only if it
// is not the one that stands for no wish.
func sectorOf(path string, f *os.File, opts Options) (geometry.SectorSize, error) {
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKSSZGET)
	if err != nil {
		return 0, fmt.Errorf("ask for the sector size of %s: %w", path, err)
	}
	z := geometry.SectorSize(n)
	if !z.Valid() {
		return 0, fmt.Errorf("%s has sectors of %d bytes; shunt edits disks with sectors of 512 or 4096 bytes", path, n)
	}
	if wish := opts.SectorSize; wish != 0 && wish != geometry.Sector512 && wish != z {
		return 0, fmt.Errorf("%s has sectors of %d bytes, and not of %d: leave out --sector-size", path, z, wish)
	}
	return z, nil
}

// admit locks the device for the mode.
func (b *Block) admit(opts Options) error {
	if b.disk.is("loop") {
		if err := checkFormat(b.path, b.read, b.Size()); err != nil {
			return err
		}
	}
	if opts.Mode == Inspect {
		b.busy = host().wholeUser(b.path, b.disk)
		return b.flush()
	}
	if opts.Mode == Edit {
		if err := probeWritable(b.path, b.read); err != nil {
			return err
		}
	}
	// udev takes the same lock while it looks at a device, and keeps off while it is taken.
	if err := patiently(lockPatience, func() error { return lockNode(b.read) }, errHeld); err != nil {
		return b.lockRefusal(err)
	}
	if err := b.takeClaim(); err != nil {
		return err
	}
	if err := b.lockImage(opts); err != nil {
		return err
	}
	return b.flush()
}

func lockNode(f *os.File) error {
	return lockResult(retry(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }))
}

// These are how long something that others hold for moments only is waited for.
const (
	lockPatience  = 300 * time.Millisecond
	partPatience  = time.Second
	endPatience   = time.Second
	deathPatience = 30 * time.Second
)

// patiently repeats a call for as long as it fails with the passing error, up to the patience.
func patiently(patience time.Duration, call func() error, passing error) error {
	var err error
	const pause = 10 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for range patience / pause {
		if err = call(); !errors.Is(err, passing) {
			return err
		}
		<-tick.C
	}
	return err
}

// takeClaim opens the device for itself alone. That fails while anything on it is in use, which is no reason to refuse:
// the other partitions can be edited.
func (b *Block) takeClaim() error {
	var claim *os.File
	err := patiently(lockPatience, func() (err error) {
		claim, err = os.OpenFile(b.through(), os.O_RDONLY|unix.O_EXCL, 0)
		if errors.Is(err, unix.EBUSY) && len(b.Uses(nil)) > 0 {
			return nil
		}
		return err
	}, unix.EBUSY)
	switch {
	case errors.Is(err, unix.EBUSY):
		return host().claimant(b.path, b.disk, b.id())
	case err != nil:
		return openError(b.path, err)
	}
	b.claim = claim
	return nil
}

// through is a path to the opened node, whatever happens to its name.
func (b *Block) through() string { return throughProc(b.read) }

// lockImage keeps those off who edit the file behind a loop device without the loop device.
func (b *Block) lockImage(opts Options) error {
	path, image := host().image(b.disk)
	if path == "" || opts.NoLock {
		return nil
	}
	f, err := image.open(path)
	if err != nil {
		return nil // the device can be edited by those who may not read its file
	}
	b.image = f
	switch err := takeLocks(f, b.mode); {
	case errors.Is(err, errHeld):
		var st unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &st); err != nil {
			return fmt.Errorf("stat %s: %w", path, err)
		}
		return host().locker(path, fileID{dev: st.Dev, inode: st.Ino, fd: int(f.Fd())})
	case err != nil && !errors.Is(err, errNoLocks):
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return nil
}

// Format is Target.Format.
func (b *Block) Format() string { return host().sort(b.disk) }

// Fixed is Target.Fixed.
func (b *Block) Fixed() bool { return true }

// Physical is Target.Physical.
func (b *Block) Physical() bool { return host().physical(b.disk) }

// Beside is Target.Beside.
func (b *Block) Beside() string { return host().beside(b.disk) }

// Image is Target.Image.
func (b *Block) Image() *ImageFile {
	_, image := host().image(b.disk)
	return image
}

// AllowWrites is Target.AllowWrites. What others wrote through the nodes of the partitions is seen from then on.
func (b *Block) AllowWrites() error {
	if err := b.handle.AllowWrites(); err != nil {
		return err
	}
	return b.flush()
}

// Refresh is Target.Refresh.
func (b *Block) Refresh() error {
	size, err := deviceSize(b.read)
	if err != nil {
		return fmt.Errorf("ask for the size of %s: %w", b.path, err)
	}
	if err := b.flush(); err != nil {
		return err
	}
	b.size.Store(size)
	return nil
}

// Close is Target.Close.
func (b *Block) Close() error {
	err := b.handle.Close()
	for _, f := range []*os.File{b.claim, b.image} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// Files is Target.Files.
func (b *Block) Files() []*os.File {
	files := []*os.File{b.read}
	for _, f := range []*os.File{b.claim, b.image} {
		if f != nil {
			files = append(files, f)
		}
	}
	return files
}

// adoptBlock makes a Block of the files that Files handed over.
func adoptBlock(path, resolved string, opts Options, files []*os.File) (*Block, error) {
	b, err := buildBlock(path, resolved, files[0], opts)
	if err != nil {
		return nil, err
	}
	if err := b.inPlace(); err != nil {
		return nil, err
	}
	for _, f := range files[1:] {
		info, err := f.Stat()
		if err != nil {
			return nil, fmt.Errorf("take over %s: %w", path, cause(err))
		}
		if info.Mode().IsRegular() {
			b.image = f
		} else {
			b.claim = f
		}
	}
	if opts.Mode == Edit {
		if err := lockNode(b.read); err != nil {
			return nil, b.lockRefusal(err)
		}
	}
	return b, b.flush()
}
