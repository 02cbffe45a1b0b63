// Package held provides an open file or device that is locked against others, with exact reads and writes, for the drivers
// of targets. The package comment of ops/target says which programs may use one at the same time.
package held

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// A File is an open file or device node. Drivers embed it.
type File struct {
	Given  string // the path as the user gave it, for messages
	Real   string // absolute, without symbolic links
	Mode   target.Mode
	Sector geometry.SectorSize
	User   *target.InUse // the other user of a file that is inspected, or nil

	Read  *os.File // read-only; its open file description carries the locks
	Write *os.File // nil until AllowWrites
	size  atomic.Int64

	Rdev       uint64 // the number of the device, 0 for a file
	dev, inode uint64 // of the file or node itself
	image      *target.ImageFile
	syncFailed atomic.Pointer[error] // the error of a failed Sync, until the next AllowWrites
	buffers    sync.Pool             // for CopyThrough

	CannotPunch atomic.Bool // the host's file system does not support it
}

// New returns a File for c.File. It neither locks nor checks it.
func New(c target.Candidate, opts target.Options) (*File, error) {
	f := &File{Given: c.Path, Real: c.Real, Mode: opts.Mode, Sector: opts.SectorSize, Read: c.File}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	f.Rdev, f.dev, f.inode, f.image = st.Rdev, st.Dev, st.Ino, kernel.ImageFile(st)
	f.size.Store(st.Size)
	return f, nil
}

// Stat returns the present status of the file.
func (h *File) Stat() (unix.Stat_t, error) {
	st, err := kernel.StatFile(h.Read)
	if err != nil {
		return st, tried.Errorf("stat %s: %w", h.Given, err)
	}
	return st, nil
}

// Path implements target.Target.
func (h *File) Path() string { return h.Real }

// Place implements target.Target for image files.
func (h *File) Place() target.Place { return target.Place{Beside: h.Real, Image: h.image} }

// Busy implements target.Target.
func (h *File) Busy() *target.InUse { return h.User }

// SectorSize implements target.Target.
func (h *File) SectorSize() geometry.SectorSize { return h.Sector }

// Size returns the exact length in bytes. It need not be a multiple of a sector.
func (h *File) Size() int64 { return h.size.Load() }

// SetSize sets the length, after it has changed or if stat does not report it.
func (h *File) SetSize(n int64) { h.size.Store(n) }

// AllowWrites implements target.Target.
func (h *File) AllowWrites() error {
	if h.Mode != target.Edit {
		return tried.Errorf("write %s: opened to be inspected: %w", h.Given, target.ErrNotAllowed)
	}
	if err := h.InPlace(); err != nil {
		return err
	}
	// This opens the locked file even if another takes its name.
	w, err := Reopen(h.Read, os.O_RDWR)
	if err != nil {
		return OpenError(h.Given, err)
	}
	old := h.Write
	h.Write = w
	h.syncFailed.Store(nil)
	if err := CloseAll(old); err != nil {
		return tried.Errorf("close %s: %w", h.Given, tried.Cause(err))
	}
	return nil
}

// InPlace returns an error unless the path still leads to the opened file.
func (h *File) InPlace() error {
	st, err := kernel.Stat(h.Real)
	if errors.Is(err, unix.ENOENT) || (err == nil && (st.Dev != h.dev || st.Ino != h.inode)) {
		return fmt.Errorf("%s %w: nothing was written", h.Given, target.ErrReplaced)
	}
	if err != nil {
		return tried.Errorf("stat %s: %w", h.Given, err)
	}
	return nil
}

// Close implements target.Target.
func (h *File) Close() error { return CloseAll(h.Read, h.Write) }

// CloseAll closes those files that are not nil.
func CloseAll(files ...*os.File) (err error) {
	for _, f := range files {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// ReadAt implements target.Device.
func (h *File) ReadAt(p []byte, off int64) (int, error) {
	if err := h.Within("read", off, int64(len(p))); err != nil {
		return 0, err
	}
	n, err := h.Read.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // somebody cut the target short
	}
	return n, tried.Errorf("read %s: got %d of %d bytes at byte %d: %w", h.Given, n, len(p), off, tried.Cause(err))
}

// WriteAt implements target.Device.
func (h *File) WriteAt(p []byte, off int64) (int, error) {
	w, err := h.Writer("write", off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n, err := w.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, tried.Errorf("write %s: put %d of %d bytes at byte %d: %w", h.Given, n, len(p), off, tried.Cause(err))
	}
	return n, nil
}

// Sync implements target.Device.
func (h *File) Sync() error { return h.SyncBy(cmp.Or(h.Write, h.Read).Sync) }

// SyncBy does the work of Sync for a driver that has a call of its own for it.
func (h *File) SyncBy(sync func() error) error {
	if failed := h.syncFailed.Load(); failed != nil {
		return *failed
	}
	if err := sync(); err != nil {
		err = tried.Errorf("sync %s: %w", h.Given, tried.Cause(err))
		h.syncFailed.Store(&err)
		return err
	}
	return nil
}

// Writer returns the file to use for a write to [off, off+n).
func (h *File) Writer(verb string, off, n int64) (*os.File, error) {
	if h.Write == nil {
		return nil, fmt.Errorf("%s %s: %w", verb, h.Given, target.ErrNotAllowed)
	}
	if failed := h.syncFailed.Load(); failed != nil {
		return nil, fmt.Errorf("%s %s after a failure: %w", verb, h.Given, *failed)
	}
	return h.Write, h.Within(verb, off, n)
}

// Within fails with ErrRange unless the file has the bytes [off, off+n).
func (h *File) Within(verb string, off, n int64) error {
	size := h.Size()
	if off < 0 || n < 0 || off > math.MaxInt64-n || off+n > size {
		return fmt.Errorf("%s %s: %d bytes at byte %d of %d: %w", verb, h.Given, n, off, size, target.ErrRange)
	}
	return nil
}

// WriteZeroes writes plain zeroes, for holes that cannot be punched.
func (h *File) WriteZeroes(off, n int64) error {
	const chunk = 1 << 20
	zeroes := make([]byte, min(n, chunk))
	for end := off + n; off < end; off += chunk {
		if _, err := h.WriteAt(zeroes[:min(chunk, end-off)], off); err != nil {
			return err
		}
	}
	return nil
}

// Forget implements target.Device. It drops the range from the page cache, as far as it is on the disk already.
func (h *File) Forget(off, n int64) {
	// If the advice is not taken, the cache stays as it is.
	_ = unix.Fadvise(int(h.Read.Fd()), off, n, unix.FADV_DONTNEED)
}

// ID identifies the opened file for searches.
func (h *File) ID() kernel.FileID { return kernel.Host().Identify(h.dev, h.inode, h.Read) }

// Reopen implements target.Plain.
func (h *File) Reopen(write bool) (*os.File, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	f, err := Reopen(h.Read, flag)
	if err != nil && !errors.Is(err, target.ErrLeased) {
		return nil, tried.Errorf("open %s: %w; try it read-only", h.Given, tried.Cause(err))
	}
	return f, OpenError(h.Given, err)
}

// LockRefusal returns the error to show if locking the target ended with err.
func (h *File) LockRefusal(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrHeld):
		return kernel.Host().Locker(h.Given, h.ID())
	case errors.Is(err, ErrNoLocks):
		return fmt.Errorf("%s %w (%w)", h.Given, target.ErrNoLocks, err)
	}
	return tried.Errorf("lock %s: %w", h.Given, err)
}
