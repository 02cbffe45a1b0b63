// Package overlay is a copy-on-write view of a disk: everything the steps of a rehearsal change goes into
// a map and a spill file, and the disk underneath (the base) is only ever read.
//
// The map cuts the virtual disk [0, size) into extents. Each says where its bytes come from:
//
//	virtual   0                                                      size
//	          ├─ base(0) ─┼─ spill(0) ─┼──── base(7168) ────┼─ zero ─┤
//	               │            │                │
//	base      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  read-only
//	spill                  ▓▓▓▓▓▓▓▓▓▓▓▓                          sparse file, append only
//
// Moving a partition is an edit of the map: no byte is copied, and moving twice composes. What a move need
// not carry (free blocks of the file system) and what it leaves behind becomes free: it reads as zero, and
// a commit of the map may leave any bytes there.
//
// A write that meets no spilled bytes is rounded out to blocks of 4096 bytes, counted from byte 0 of the
// disk, and the rest of the blocks is read and stored with it; so small writes at odd offsets do not grind the
// map to crumbs. Bytes that are in the spill already are overwritten in place, so a block that is written
// a thousand times takes its space once. Space in the spill that is no longer referred to is not used again.
//
// Invariants: the extents are sorted, not empty, do not overlap, and cover [0, size) without a hole; two
// neighbours that could be one are one; no byte of the spill is referred to twice; the base is never
// written. The tests check them after every step.
package overlay

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"shunt/model/tried"
)

// block is the grain to which writes are rounded out: the page size, and the usual block of file systems
// and hosts.
const block = 4096

// Spill holds the bytes that were written. It is used from several goroutines at once, as *os.File can be.
// A write beyond its end makes it longer, and what was skipped reads as zero or is never read.
type Spill interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// Overlay is a disk that can be edited without touching the one it was made from. It may be used from
// several goroutines at once; every method is atomic to the others, except that concurrent writes to
// the same bytes may end up mixed.
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

// New is the unchanged view of size bytes of base. Where the base is shorter, zeros are read. The spill must be
// empty and belong to this overlay alone. A negative size counts as 0.
func New(base io.ReaderAt, size int64, spill Spill) *Overlay {
	o := &Overlay{base: base, spill: spill, size: max(0, size), extents: newExtentMap()}
	o.extents.set(Extent{Off: 0, Len: o.size, Kind: Base, Src: 0})
	return o
}

// Size is the length of the virtual disk in bytes.
func (o *Overlay) Size() int64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.size
}

// Resize makes the virtual disk n bytes long. Bytes that are added read as zero, also where they had been
// cut off before. Only a negative n is refused.
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

// Sync makes the spill durable. It fails if any earlier read, write or sync of this overlay failed: what
// a failed sync was to store is lost for good, so a later one must not pretend otherwise.
func (o *Overlay) Sync() error {
	if err := o.Err(); err != nil {
		return err
	}
	if err := o.spill.Sync(); err != nil {
		return o.failed(tried.Errorf("sync spill: %w", err))
	}
	return nil
}

// Err is the first I/O error of the base or the spill, or nil. Tools that work on the overlay through a
// window may swallow the error they were given; a rehearsal with an error must not be trusted whatever
// the tools say.
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

// ErrOutside is returned when a range does not lie within the virtual disk. Nothing has been changed then.
var ErrOutside = errors.New("outside the disk")

// inside refuses ranges that are not part of [0, size). The lock must be held.
func (o *Overlay) inside(what string, off, n int64) error {
	if off < 0 || n < 0 || n > o.size-off {
		return fmt.Errorf("%s %d bytes at %d: %w of %d bytes", what, n, off, ErrOutside, o.size)
	}
	return nil
}

func blockDown(x int64) int64 { return x &^ (block - 1) }

func blockUp(x int64) int64 { return blockDown(x + block - 1) }
