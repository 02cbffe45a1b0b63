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

var _ Device = (*Raw)(nil)

// Raw is a raw image file: byte n of the file is byte n of the disk.
type Raw struct {
	path   string // as the user gave it, for messages
	real   string // absolute, without symbolic links
	mode   Mode
	sector geometry.SectorSize
	dev    uint64
	inode  uint64
	block  int64 // block size of the host file system
	busy   *InUse

	read  *os.File // read-only; its open file description carries the locks
	write *os.File // nil until AllowWrites
	size  atomic.Int64

	syncFailed syncFailure
	cannot     struct{ punch, clone, copyRange atomic.Bool } // what the host file system turned out not to support
	buffers    sync.Pool
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

// build makes a Raw of an open file without locking or judging it.
func build(path, resolved string, f *os.File, mode Mode, z geometry.SectorSize) (*Raw, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, cause(err))
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	var host unix.Statfs_t
	if err := retry(func() error { return unix.Fstatfs(int(f.Fd()), &host) }); err != nil {
		return nil, fmt.Errorf("stat the file system of %s: %w", path, err)
	}
	r := &Raw{
		path: path, real: resolved, mode: mode, sector: z,
		dev: st.Dev, inode: st.Ino, block: max(host.Bsize, 512), read: f,
	}
	r.size.Store(st.Size)
	r.buffers.New = func() any { b := make([]byte, copyBuffer); return &b }
	return r, nil
}

// Path is the image's path, absolute and without symbolic links: what lies beside the image lies beside this.
func (r *Raw) Path() string { return r.real }

// Mode is what the image was opened for.
func (r *Raw) Mode() Mode { return r.mode }

// Busy tells who else uses an image that was opened with Inspect, nil if nobody does.
func (r *Raw) Busy() *InUse { return r.busy }

// SectorSize is the logical sector the image is edited with.
func (r *Raw) SectorSize() geometry.SectorSize { return r.sector }

// Size is the exact length of the file in bytes; the last sector may be a part of one only (Remainder).
func (r *Raw) Size() int64 { return r.size.Load() }

// Remainder is how many bytes follow the last whole sector, usually 0. They belong to no partition and stay as they
// are.
func (r *Raw) Remainder() int64 { return r.Size() % int64(r.sector) }

// AllowWrites opens the write side; until then everything that writes fails with ErrNotAllowed. Called again it opens
// it anew and forgives a failed Sync: who does so writes everything since the last good Sync once more.
// It fails with ErrReplaced when the path no longer leads to the opened file, since writing would then change a file
// that nobody sees, and with *InUse when somebody uses it who does not mind locks. After an error writing is as it was.
func (r *Raw) AllowWrites() error {
	if r.mode != Edit {
		return fmt.Errorf("write %s: opened to be inspected: %w", r.path, ErrNotAllowed)
	}
	if err := r.inPlace(); err != nil {
		return err
	}
	// Locks keep off those who ask for them. A loop device does not, and may have come since the image was opened.
	if use := host().user(r.path, r.id()); use != nil {
		return use
	}
	// By way of the descriptor: whatever happens to the name meanwhile, this is the file that is locked.
	w, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(int(r.read.Fd())), os.O_RDWR, 0)
	if err != nil {
		return openError(r.path, err)
	}
	old := r.write
	r.write = w
	r.syncFailed.set(nil)
	if old != nil {
		if err := old.Close(); err != nil {
			return fmt.Errorf("close %s: %w", r.path, cause(err))
		}
	}
	return nil
}

// inPlace makes sure that the path still leads to the opened file.
func (r *Raw) inPlace() error {
	var st unix.Stat_t
	err := retry(func() error { return unix.Stat(r.real, &st) })
	if errors.Is(err, unix.ENOENT) || (err == nil && (st.Dev != r.dev || st.Ino != r.inode)) {
		return fmt.Errorf("%s %w: nothing was written", r.path, ErrReplaced)
	}
	if err != nil {
		return fmt.Errorf("stat %s: %w", r.path, err)
	}
	return nil
}

// Close gives up this process's hold on the image. The locks end with it unless another process was handed Files.
func (r *Raw) Close() error {
	err := r.read.Close()
	if r.write != nil {
		err = errors.Join(err, r.write.Close())
	}
	return err
}

// ReadAt is Device.ReadAt.
func (r *Raw) ReadAt(p []byte, off int64) (int, error) {
	if err := r.within("read", off, int64(len(p))); err != nil {
		return 0, err
	}
	n, err := r.read.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // somebody cut the file short
	}
	return n, fmt.Errorf("read %s: got %d of %d bytes at byte %d: %w", r.path, n, len(p), off, cause(err))
}

// WriteAt is Device.WriteAt.
func (r *Raw) WriteAt(p []byte, off int64) (int, error) {
	w, err := r.writer("write", off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n, err := w.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, fmt.Errorf("write %s: put %d of %d bytes at byte %d: %w", r.path, n, len(p), off, cause(err))
	}
	return n, nil
}

// Sync is Device.Sync.
func (r *Raw) Sync() error {
	if err := r.syncFailed.get(); err != nil {
		return err
	}
	f := r.write
	if f == nil {
		f = r.read
	}
	if err := f.Sync(); err != nil {
		err = fmt.Errorf("sync %s: %w", r.path, cause(err))
		r.syncFailed.set(err)
		return err
	}
	return nil
}

// Truncate is Device.Truncate.
func (r *Raw) Truncate(n int64) error {
	w, err := r.writer("truncate", 0, 0)
	if err != nil {
		return err
	}
	if n <= 0 {
		return fmt.Errorf("truncate %s to %d bytes: %w", r.path, n, ErrRange)
	}
	if err := w.Truncate(n); err != nil {
		return fmt.Errorf("truncate %s from %d to %d bytes: %w", r.path, r.Size(), n, cause(err))
	}
	r.size.Store(n)
	return nil
}

// writer is the write side, for a write to [off, off+n).
func (r *Raw) writer(verb string, off, n int64) (*os.File, error) {
	if r.write == nil {
		return nil, fmt.Errorf("%s %s: %w", verb, r.path, ErrNotAllowed)
	}
	if err := r.syncFailed.get(); err != nil {
		return nil, fmt.Errorf("%s %s after a failure: %w", verb, r.path, err)
	}
	return r.write, r.within(verb, off, n)
}

func (r *Raw) within(verb string, off, n int64) error {
	size := r.Size()
	if off < 0 || n < 0 || off > math.MaxInt64-n || off+n > size {
		return fmt.Errorf("%s %s: %d bytes at byte %d of %d: %w", verb, r.path, n, off, size, ErrRange)
	}
	return nil
}

// retry repeats a system call for as long as a signal interrupts it.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
