package block

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// measure returns the size of the device in bytes.
func (b *device) measure() (int64, error) {
	size, err := b.Read.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, tried.Errorf("ask for the size of %s: %w", b.Given, tried.Cause(err))
	}
	return size, nil
}

// flush makes the caches of the device and of its partitions agree. Each node has a cache of its own. A write through one
// node can be read through another only after it is on the device and the other node's cache is dropped.
func (b *device) flush() error {
	for _, p := range b.disk.Parts() {
		f, err := os.OpenFile(p.Node(), os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue // it has no node, or was removed meanwhile
		}
		if err := errors.Join(flushNode(f), f.Close()); err != nil {
			return fmt.Errorf("flush the cache of %s: %w", p.Node(), err)
		}
	}
	if err := flushNode(b.Read); err != nil {
		return fmt.Errorf("flush the cache of %s: %w", b.Given, err)
	}
	return nil
}

// flushNode writes out and drops a node's cache. For users other than root, who may not do that, it does nothing.
func flushNode(f *os.File) error {
	err := kernel.Retry(func() error { return unix.IoctlSetInt(int(f.Fd()), unix.BLKFLSBUF, 0) })
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return nil
	}
	return err
}

func (b *device) Truncate(n int64) error {
	return tried.Errorf("truncate %s to %d bytes: %w", b.Given, n, target.ErrFixed)
}

// Punch unmaps blocks if they read as zero then, and otherwise writes zeroes.
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
		if errors.Is(err, unix.EBUSY) { // cached writes to the range are not on the device yet
			if err := b.Sync(); err != nil {
				return err
			}
			err = kernel.Retry(punch)
		}
		if err == nil {
			return nil
		}
		if !kernel.Unsupported(err) && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EBUSY) {
			return tried.Errorf("punch %s: %d bytes at byte %d: %w", b.Given, n, off, err)
		}
	}
	return b.WriteZeroes(start, end-start)
}

func (b *device) Copy(dst, src, n int64) error {
	if _, err := b.CopyWriter(dst, src, n); err != nil {
		return err
	}
	return b.CopyThrough(dst, src, n, 4<<20, b.grain)
}

// Data returns everything from off on, since a device does not know its holes.
func (b *device) Data(off int64) (start, end int64, err error) {
	return off, b.Size(), b.Within("look for data in", off, 0)
}

// Loose returns true because other partitions of the device may be in use.
func (b *device) Loose() bool { return true }

// State returns the state of the image behind a loop device, if that could be opened.
func (b *device) State() (target.State, error) {
	if b.image == nil {
		return target.State{}, nil
	}
	return held.StateOf(b.image, b.disk.Text("loop", "backing_file"))
}
