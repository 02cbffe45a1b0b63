package block

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// blockBuffer is how much is read before it is written, in bytes.
const blockBuffer = 4 << 20

// ioctlPointer is an ioctl that takes a pointer.
func ioctlPointer(f *os.File, request uintptr, p unsafe.Pointer) error {
	return kernel.Retry(func() error {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(p)); errno != 0 {
			return errno
		}
		return nil
	})
}

// measure asks for the size of the device, in bytes.
func (b *device) measure() (int64, error) {
	var size uint64
	if err := ioctlPointer(b.Read, unix.BLKGETSIZE64, unsafe.Pointer(&size)); err != nil {
		return 0, fmt.Errorf("ask for the size of %s: %w", b.Given, err)
	}
	return int64(size), nil
}

// flush makes the caches of the device and of its partitions agree. Each node has a cache of its own: what was written
// by way of one is seen by way of another only after it is on the device and the other's cache is dropped.
func (b *device) flush() error {
	for _, p := range b.disk.Parts() {
		f, err := os.OpenFile(kernel.Host().Node(p), os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue // it has no node, or went away meanwhile
		}
		err = errors.Join(flushNode(f), f.Close())
		if err != nil {
			return fmt.Errorf("flush the cache of %s: %w", kernel.Host().Node(p), err)
		}
	}
	if err := flushNode(b.Read); err != nil {
		return fmt.Errorf("flush the cache of %s: %w", b.Given, err)
	}
	return nil
}

// flushNode writes out and drops what is cached of a node. Only root may drop; what others read of a device they may
// only read is as fresh as the kernel has it.
func flushNode(f *os.File) error {
	err := kernel.Retry(func() error { return unix.IoctlSetInt(int(f.Fd()), unix.BLKFLSBUF, 0) })
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return nil
	}
	return err
}

// Truncate is Device.Truncate: a device has the size that it has.
func (b *device) Truncate(n int64) error {
	return fmt.Errorf("truncate %s to %d bytes: %w", b.Given, n, target.ErrFixed)
}

// Punch is Device.Punch. A device that can unmap blocks so that they read as zero does so; elsewhere zeroes are written.
func (b *device) Punch(off, n int64) error {
	w, err := b.Writer("punch", off, n)
	if err != nil || n == 0 {
		return err
	}
	z := int64(b.Sector)
	start, end := (off+z-1)/z*z, (off+n)/z*z
	if start >= end {
		return b.WriteZeroes(off, n)
	}
	if err := errors.Join(b.WriteZeroes(off, start-off), b.WriteZeroes(end, off+n-end)); err != nil {
		return err
	}
	for _, how := range []uint32{unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE} {
		punch := func() error { return unix.Fallocate(int(w.Fd()), how|unix.FALLOC_FL_KEEP_SIZE, start, end-start) }
		err := kernel.Retry(punch)
		if errors.Is(err, unix.EBUSY) { // what is cached there is not on the device yet
			if err := b.Sync(); err != nil {
				return err
			}
			err = kernel.Retry(punch)
		}
		if err == nil {
			return nil
		}
		if !kernel.Unsupported(err) && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("punch %s: %d bytes at byte %d: %w", b.Given, n, off, err)
		}
	}
	return b.WriteZeroes(start, end-start)
}

// Copy is Device.Copy.
func (b *device) Copy(dst, src, n int64) error {
	if _, err := b.CopyWriter(dst, src, n); err != nil {
		return err
	}
	return b.CopyThrough(dst, src, n, blockBuffer, b.grain)
}

// Data is Device.Data: a device keeps no account of its holes.
func (b *device) Data(off int64) (start, end int64, err error) {
	return off, b.Size(), b.Within("look for data in", off, 0)
}

// Loose is Device.Loose: its other partitions may be in use.
func (b *device) Loose() bool { return true }

// State is Device.State: of a loop device that of the image behind it, if that can be looked at.
func (b *device) State() (target.State, error) {
	if b.image == nil {
		return target.State{}, nil
	}
	return held.StateOf(b.image, b.image.Name())
}
