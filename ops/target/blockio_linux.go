package target

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// blockBuffer is how much is read before it is written, in bytes.
const blockBuffer = 4 << 20

// ioctlPointer is an ioctl that takes a pointer.
func ioctlPointer(f *os.File, request uintptr, p unsafe.Pointer) error {
	return retry(func() error {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(p)); errno != 0 {
			return errno
		}
		return nil
	})
}

func deviceSize(f *os.File) (int64, error) {
	var size uint64
	if err := ioctlPointer(f, unix.BLKGETSIZE64, unsafe.Pointer(&size)); err != nil {
		return 0, err
	}
	return int64(size), nil
}

// flush makes the caches of the device and of its partitions agree. Each node has a cache of its own: what was written
// by way of one is seen by way of another only after it is on the device and the other's cache is dropped.
func (b *Block) flush() error {
	for _, p := range b.disk.parts() {
		f, err := os.OpenFile(host().node(p), os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue // it has no node, or went away meanwhile
		}
		err = errors.Join(flushNode(f), f.Close())
		if err != nil {
			return fmt.Errorf("flush the cache of %s: %w", host().node(p), err)
		}
	}
	if err := flushNode(b.read); err != nil {
		return fmt.Errorf("flush the cache of %s: %w", b.path, err)
	}
	return nil
}

// flushNode writes out and drops what is cached of a node. Only root may drop; what others read of a device they may
// only read is as fresh as the kernel has it.
func flushNode(f *os.File) error {
	err := retry(func() error { return unix.IoctlSetInt(int(f.Fd()), unix.BLKFLSBUF, 0) })
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return nil
	}
	return err
}

// Truncate is Device.Truncate: a device has the size that it has.
func (b *Block) Truncate(n int64) error {
	return fmt.Errorf("truncate %s to %d bytes: %w", b.path, n, ErrFixed)
}

// Punch is Device.Punch. A device that can unmap blocks so that they read as zero does so; elsewhere zeroes are written.
func (b *Block) Punch(off, n int64) error {
	w, err := b.writer("punch", off, n)
	if err != nil || n == 0 {
		return err
	}
	z := int64(b.sector)
	start, end := (off+z-1)/z*z, (off+n)/z*z
	if start >= end {
		return b.writeZeroes(off, n)
	}
	if err := errors.Join(b.writeZeroes(off, start-off), b.writeZeroes(end, off+n-end)); err != nil {
		return err
	}
	for _, how := range []uint32{unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE} {
		punch := func() error { return unix.Fallocate(int(w.Fd()), how|unix.FALLOC_FL_KEEP_SIZE, start, end-start) }
		err := retry(punch)
		if errors.Is(err, unix.EBUSY) { // what is cached there is not on the device yet
			if err := b.Sync(); err != nil {
				return err
			}
			err = retry(punch)
		}
		if err == nil {
			return nil
		}
		if !unsupported(err) && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("punch %s: %d bytes at byte %d: %w", b.path, n, off, err)
		}
	}
	return b.writeZeroes(start, end-start)
}

// Copy is Device.Copy.
func (b *Block) Copy(dst, src, n int64) error {
	if _, err := b.writer("copy to", dst, n); err != nil {
		return err
	}
	if err := b.within("copy from", src, n); err != nil {
		return err
	}
	if n > 0 && dst < src+n && src < dst+n {
		return fmt.Errorf("copy in %s: %d bytes from byte %d to byte %d: %w", b.path, n, src, dst, ErrOverlap)
	}
	buffer, _ := b.buffers.Get().(*[]byte)
	defer b.buffers.Put(buffer)
	for n > 0 {
		// The first write ends on the device's grid, so that all the others begin there and no page is read first.
		k := min(n, blockBuffer-dst%b.grain)
		p := (*buffer)[:k]
		if _, err := b.ReadAt(p, src); err != nil {
			return err
		}
		if _, err := b.WriteAt(p, dst); err != nil {
			return err
		}
		dst, src, n = dst+k, src+k, n-k
	}
	return nil
}

// Data is Device.Data: a device keeps no account of its holes.
func (b *Block) Data(off int64) (start, end int64, err error) {
	return off, b.Size(), b.within("look for data in", off, 0)
}

// Shared is Device.Shared: a device shares no blocks.
func (b *Block) Shared() int64 { return 0 }

// Loose is Device.Loose: its other partitions may be in use.
func (b *Block) Loose() bool { return true }
