// Package overlay provides a copy-on-write view of a disk: all changes that the steps of a rehearsal make go into a map
// and a spill file, and the disk underneath (the base) is only read.
//
// The map cuts the virtual disk [0, size) into extents. Each says where its bytes come from:
//
//	virtual   0                                                      size
//	          ├─ base(0) ─┼─ spill(0) ─┼──── base(7168) ────┼─ zero ─┤
//	               │            │                │
//	base      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  read-only
//	spill                  ▓▓▓▓▓▓▓▓▓▓▓▓                          sparse file, append only
//
// Moving a partition only edits the map: no byte is copied, and moving twice is as cheap as moving once. Free blocks of
// the file system do not move along. They and the old place become free: such bytes read as zero, and a commit may leave
// anything there.
//
// A write that meets no spilled bytes is rounded out to blocks of 4096 bytes, counted from byte 0 of the disk. The rest of
// these blocks is read and stored with it, so that small writes at odd offsets do not split the map into tiny extents.
// Bytes that are already in the spill are overwritten in place, so a block that is written a thousand times takes its
// space once. Space in the spill that is no longer referred to is not used again.
//
// Invariants: the extents are sorted, not empty, do not overlap, and cover [0, size) without a hole. Neighbours that can
// be merged are merged. No byte of the spill is referred to twice. The base is never written. The tests check this after
// every step.
package overlay

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"shunt/model/tried"
)

// block is the size to which writes are rounded out, in bytes: the page size, and the usual block size of file systems.
const block = 4096

// A Spill holds the bytes that were written. Like *os.File it must be safe for use by several goroutines at once. A write
// beyond its end makes it longer. The skipped bytes may read as anything.
type Spill interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// An Overlay is a view of a disk that can be edited without changing the disk. It may be used from several goroutines at
// once. Methods are atomic to each other, except that concurrent writes to the same bytes may end up mixed.
type Overlay struct {
	base  io.ReaderAt
	spill Spill

	mu      sync.RWMutex // guards all below; held for reading while bytes are read or overwritten in place
	size    int64
	extents extentMap
	next    int64  // everything in the spill at or behind this offset is unused
	scratch []byte // for assembling blocks; used under the write lock only

	faultMu sync.Mutex
	fault   error
}

// New returns a view of the first size bytes of base, without changes yet. If the base is shorter, the rest reads as zero.
// The spill must be empty and used by this overlay only. A negative size counts as 0.
func New(base io.ReaderAt, size int64, spill Spill) *Overlay {
	o := &Overlay{base: base, spill: spill, size: max(0, size), extents: newExtentMap()}
	o.extents.set(Extent{Off: 0, Len: o.size, Kind: Base, Src: 0})
	return o
}

// Size returns the length of the virtual disk in bytes.
func (o *Overlay) Size() int64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.size
}

// Resize makes the virtual disk n bytes long. Bytes that are added read as zero, even if they were cut off earlier. It
// fails only if n is negative.
func (o *Overlay) Resize(n int64) error {
	if n < 0 {
		return fmt.Errorf("resize overlay to %d bytes: negative size", n)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if n < o.size {
		o.extents.truncate(n)
	} else {
		o.extents.set(Extent{Off: o.size, Len: n - o.size, Kind: Zero})
	}
	o.size = n
	return nil
}

// Sync makes the spill durable. It fails if any earlier read, write or sync of this overlay failed: after a failed sync
// data may be lost, even if the next sync succeeds.
func (o *Overlay) Sync() error {
	if err := o.Err(); err != nil {
		return err
	}
	if err := o.spill.Sync(); err != nil {
		return o.failed(tried.Errorf("sync spill: %w", err))
	}
	return nil
}

// Err returns the first I/O error of the base or the spill, or nil. A tool that works on the overlay through a window may
// ignore such an error and succeed. After an error the rehearsal must not be trusted, whatever the tools report.
func (o *Overlay) Err() error {
	o.faultMu.Lock()
	defer o.faultMu.Unlock()
	return o.fault
}

// failed keeps the first error and returns the given one.
func (o *Overlay) failed(err error) error {
	o.faultMu.Lock()
	defer o.faultMu.Unlock()
	if o.fault == nil {
		o.fault = err
	}
	return err
}

// ErrOutside is returned when a range does not lie within the virtual disk. Then nothing was changed.
var ErrOutside = errors.New("outside the disk")

// inside returns an error unless a range is part of [0, size). The lock must be held.
func (o *Overlay) inside(what string, off, n int64) error {
	if off < 0 || n < 0 || n > o.size-off {
		return fmt.Errorf("%s %d bytes at %d: %w of %d bytes", what, n, off, ErrOutside, o.size)
	}
	return nil
}

func blockDown(x int64) int64 { return x &^ (block - 1) }

func blockUp(x int64) int64 { return blockDown(x + block - 1) }
