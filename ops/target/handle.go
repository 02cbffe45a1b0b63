package target

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"shunt/geometry"
)

// handle is what every target has: the open file with its locks, its size, and exact reading and writing.
type handle struct {
	path   string // as the user gave it, for messages
	real   string // absolute, without symbolic links
	mode   Mode
	sector geometry.SectorSize
	dev    uint64 // of the file or node itself
	inode  uint64
	busy   *InUse

	read  *os.File // read-only; its open file description carries the locks
	write *os.File // nil until AllowWrites
	size  atomic.Int64

	syncFailed syncFailure
}

// syncFailure is a failed Sync, kept until writing is allowed anew.
type syncFailure struct {
	mu  sync.Mutex
	err error
}

func (s *syncFailure) get() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *syncFailure) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Path is the target's path, absolute and without symbolic links.
func (h *handle) Path() string { return h.real }

// Mode is what the target was opened for.
func (h *handle) Mode() Mode { return h.mode }

// Busy tells who else uses a target that was opened with Inspect, nil if nobody does.
func (h *handle) Busy() *InUse { return h.busy }

// SectorSize is the logical sector the target is edited with.
func (h *handle) SectorSize() geometry.SectorSize { return h.sector }

// Size is the exact length in bytes; the last sector may be a part of one only (Remainder).
func (h *handle) Size() int64 { return h.size.Load() }

// Remainder is how many bytes follow the last whole sector, usually 0. They belong to no partition and stay as they
// are.
func (h *handle) Remainder() int64 { return h.Size() % int64(h.sector) }

// AllowWrites is Target.AllowWrites.
func (h *handle) AllowWrites() error {
	if h.mode != Edit {
		return fmt.Errorf("write %s: opened to be inspected: %w", h.path, ErrNotAllowed)
	}
	if err := h.inPlace(); err != nil {
		return err
	}
	// By way of the descriptor: whatever happens to the name meanwhile, this is the file that is locked.
	w, err := reopen(h.read, os.O_RDWR)
	if err != nil {
		return openError(h.path, err)
	}
	old := h.write
	h.write = w
	h.syncFailed.set(nil)
	if old != nil {
		if err := old.Close(); err != nil {
			return fmt.Errorf("close %s: %w", h.path, cause(err))
		}
	}
	return nil
}

// inPlace makes sure that the path still leads to the opened file.
func (h *handle) inPlace() error {
	var st unix.Stat_t
	err := retry(func() error { return unix.Stat(h.real, &st) })
	if errors.Is(err, unix.ENOENT) || (err == nil && (st.Dev != h.dev || st.Ino != h.inode)) {
		return fmt.Errorf("%s %w: nothing was written", h.path, ErrReplaced)
	}
	if err != nil {
		return fmt.Errorf("stat %s: %w", h.path, err)
	}
	return nil
}

// Close is Target.Close.
func (h *handle) Close() error {
	err := h.read.Close()
	if h.write != nil {
		err = errors.Join(err, h.write.Close())
	}
	return err
}

// ReadAt is Device.ReadAt.
func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if err := h.within("read", off, int64(len(p))); err != nil {
		return 0, err
	}
	n, err := h.read.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // somebody cut the target short
	}
	return n, fmt.Errorf("read %s: got %d of %d bytes at byte %d: %w", h.path, n, len(p), off, cause(err))
}

// WriteAt is Device.WriteAt.
func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	w, err := h.writer("write", off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n, err := w.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, fmt.Errorf("write %s: put %d of %d bytes at byte %d: %w", h.path, n, len(p), off, cause(err))
	}
	return n, nil
}

// Sync is Device.Sync.
func (h *handle) Sync() error {
	if err := h.syncFailed.get(); err != nil {
		return err
	}
	f := h.write
	if f == nil {
		f = h.read
	}
	if err := f.Sync(); err != nil {
		err = fmt.Errorf("sync %s: %w", h.path, cause(err))
		h.syncFailed.set(err)
		return err
	}
	return nil
}

// writer is the write side, for a write to [off, off+n).
func (h *handle) writer(verb string, off, n int64) (*os.File, error) {
	if h.write == nil {
		return nil, fmt.Errorf("%s %s: %w", verb, h.path, ErrNotAllowed)
	}
	if err := h.syncFailed.get(); err != nil {
		return nil, fmt.Errorf("%s %s after a failure: %w", verb, h.path, err)
	}
	return h.write, h.within(verb, off, n)
}

func (h *handle) within(verb string, off, n int64) error {
	size := h.Size()
	if off < 0 || n < 0 || off > math.MaxInt64-n || off+n > size {
		return fmt.Errorf("%s %s: %d bytes at byte %d of %d: %w", verb, h.path, n, off, size, ErrRange)
	}
	return nil
}

// zeroChunk is how many zeroes are written at a time where holes cannot be punched.
const zeroChunk = 1 << 20

// writeZeroes writes plain zeroes.
func (h *handle) writeZeroes(off, n int64) error {
	zeroes := make([]byte, min(n, zeroChunk))
	for end := off + n; off < end; {
		k, err := h.WriteAt(zeroes[:min(int64(len(zeroes)), end-off)], off)
		if err != nil {
			return err
		}
		off += int64(k)
	}
	return nil
}

// Forget is Device.Forget: what the host has in its page cache of the range is dropped, as far as it is on the disk.
func (h *handle) Forget(off, n int64) {
	// Advice that is not taken leaves the cache as it is, which is all that can be done.
	_ = unix.Fadvise(int(h.read.Fd()), off, n, unix.FADV_DONTNEED)
}

// id names the opened file in the ways it must be looked for.
func (h *handle) id() fileID {
	id := fileID{dev: h.dev, inode: h.inode, fd: int(h.read.Fd())}
	id.shown = parseFdinfo(host().self("fdinfo", strconv.Itoa(id.fd))).inode
	return id
}

func (h *handle) lockRefusal(err error) error {
	switch {
	case errors.Is(err, errHeld):
		return host().locker(h.path, h.id())
	case errors.Is(err, errNoLocks):
		return fmt.Errorf("%s %w (%w)", h.path, ErrNoLocks, err)
	}
	return fmt.Errorf("lock %s: %w", h.path, err)
}

// retry repeats a system call for as long as a signal interrupts it.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
