package held

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/targettest"
)

var (
	require   = targettest.Require
	requireIs = targettest.RequireIs
	image     = targettest.Image
)

func TestErrorTexts(t *testing.T) {
	for err, want := range map[error]string{
		OpenError("a.raw", &fs.PathError{Op: "open", Path: "a.raw", Err: unix.EROFS}):   "read-only file system",
		OpenError("a.raw", &fs.PathError{Op: "open", Path: "a.raw", Err: unix.ETXTBSY}): "executed",
		OpenError("a.raw", &fs.PathError{Op: "open", Path: "a.raw", Err: unix.EACCES}):  "permission denied",
		OpenError("a.raw", &fs.PathError{Op: "open", Path: "a.raw", Err: unix.EPERM}):   "operation not permitted",
		OpenError("a.raw", &fs.PathError{Op: "open", Path: "a.raw", Err: unix.EIO}):     "input/output error",
	} {
		if !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "a.raw") != 1 {
			t.Errorf("got %q, want %q in it and the path once", err, want)
		}
	}
}

func TestLockResult(t *testing.T) {
	for err, want := range map[error]error{
		unix.EAGAIN: ErrHeld, unix.EACCES: ErrHeld,
		unix.EOPNOTSUPP: ErrNoLocks, unix.ENOLCK: ErrNoLocks, unix.ENOSYS: ErrNoLocks, unix.EINVAL: ErrNoLocks, unix.EBADF: ErrNoLocks,
		unix.EIO: unix.EIO,
	} {
		requireIs(t, lockResult(err), want)
	}
	require(t, lockResult(nil))
}

func TestNoLocksHere(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	open := func(opts target.Options) *File {
		file, err := os.Open(path)
		require(t, err)
		t.Cleanup(func() { _ = file.Close() })
		f, err := New(target.Candidate{Path: path, Real: path, File: file}, opts)
		require(t, err)
		require(t, f.Admit(opts))
		return f
	}
	f := open(target.Options{NoLock: true})
	err := f.LockRefusal(lockResult(unix.EOPNOTSUPP))
	requireIs(t, err, target.ErrNoLocks)
	if !strings.HasPrefix(err.Error(), path+" cannot be locked") {
		t.Errorf("got %q", err)
	}
	open(target.Options{}) // without locks nobody is kept off
}

// TestRefusedLeavesNothing meets a program with locks as QEMU has them. Whoever is refused keeps no lock, not even for a
// moment: the other may be about to look whether it is alone.
func TestRefusedLeavesNothing(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	for _, mode := range []target.Mode{target.Edit, target.Hold, target.Inspect} {
		other, err := os.Open(path)
		require(t, err)
		require(t, fcntl(other, unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_RDLCK, Start: writes, Len: 1}))
		f, err := os.Open(path)
		require(t, err)
		requireIs(t, TakeLocks(f, mode), ErrHeld)
		lock := unix.Flock_t{Type: unix.F_WRLCK}
		require(t, fcntl(other, unix.F_OFD_GETLK, &lock))
		if lock.Type != unix.F_UNLCK {
			t.Errorf("mode %v: byte %d stays locked", mode, lock.Start)
		}
		require(t, LockNode(other))
		require(t, f.Close())
		require(t, other.Close())
	}
}
