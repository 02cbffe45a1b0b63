package held

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

var (
	// ErrHeld is returned when a lock of somebody else stands in the way.
	ErrHeld = errors.New("locked by another process")
	// ErrNoLocks is returned when the file system has no locks.
	ErrNoLocks = errors.New("locks are not supported")
)

// What QEMU's locks speak about, and from which byte of the file on. A lock on a byte counted from usedFrom says "I do
// this", one counted from deniedFrom "nobody else may do this".
const (
	doRead   = 0
	doWrite  = 1
	doResize = 3

	usedFrom   = 100
	deniedFrom = 200
	lockBytes  = 8 // QEMU's permissions fit in this many bytes
)

// claims are what a mode does and what it does not let others do meanwhile.
func claims(m target.Mode) (used, denied []int64) {
	if m == target.Inspect {
		return []int64{doRead}, []int64{doWrite, doResize}
	}
	return []int64{doRead, doWrite, doResize}, []int64{doWrite, doResize}
}

// TakeLocks locks f against other programs, ErrHeld or ErrNoLocks if that cannot be. Taking locks that the same open
// file description already holds succeeds. After an error some of the locks may be held.
func TakeLocks(f *os.File, m target.Mode) error {
	how := unix.LOCK_EX
	if m == target.Inspect {
		how = unix.LOCK_SH
	}
	if err := lockResult(kernel.Retry(func() error { return unix.Flock(int(f.Fd()), how|unix.LOCK_NB) })); err != nil {
		return err
	}
	used, denied := claims(m)
	for _, i := range used {
		if err := lockByte(f, usedFrom+i); err != nil {
			return err
		}
	}
	for _, i := range denied {
		if err := lockByte(f, deniedFrom+i); err != nil {
			return err
		}
	}
	return TestLocks(f, m)
}

// TestLocks fails with ErrHeld when another open file description holds locks that do not go together with the mode. It
// takes none itself.
func TestLocks(f *os.File, m target.Mode) error {
	used, denied := claims(m)
	for _, i := range used {
		if err := testByte(f, deniedFrom+i); err != nil {
			return err
		}
	}
	for _, i := range denied {
		if err := testByte(f, usedFrom+i); err != nil {
			return err
		}
	}
	return nil
}

// DropLocks takes all locks of f's open file description back, in every process that shares it.
func DropLocks(f *os.File) error {
	for _, from := range []int64{usedFrom, deniedFrom} {
		lock := unix.Flock_t{Type: unix.F_UNLCK, Start: from, Len: lockBytes}
		if err := lockResult(fcntl(f, unix.F_OFD_SETLK, &lock)); err != nil && !errors.Is(err, ErrNoLocks) {
			return err
		}
	}
	err := lockResult(kernel.Retry(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }))
	if errors.Is(err, ErrNoLocks) {
		return nil
	}
	return err
}

func lockByte(f *os.File, at int64) error {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Start: at, Len: 1}
	return lockResult(fcntl(f, unix.F_OFD_SETLK, &lock))
}

// testByte fails with ErrHeld when another open file description holds any lock on the byte.
func testByte(f *os.File, at int64) error {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: 1}
	if err := lockResult(fcntl(f, unix.F_OFD_GETLK, &lock)); err != nil {
		return err
	}
	if lock.Type != unix.F_UNLCK {
		return fmt.Errorf("byte %d: %w", at, ErrHeld)
	}
	return nil
}

func fcntl(f *os.File, cmd int, lock *unix.Flock_t) error {
	return kernel.Retry(func() error { return unix.FcntlFlock(f.Fd(), cmd, lock) })
}

// LockNode locks a device's node against other shunts and udev, which takes the same lock while it looks at a device. Errors
// are those of TakeLocks.
func LockNode(f *os.File) error {
	return lockResult(kernel.Retry(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }))
}

// lockResult sorts the errors of the lock calls into ErrHeld and ErrNoLocks.
func lockResult(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w (%w)", ErrHeld, err)
	case kernel.Unsupported(err), errors.Is(err, unix.ENOLCK), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EBADF):
		// EINVAL: a kernel without OFD locks. EBADF: NFS, whose exclusive locks need a descriptor opened for writing.
		return fmt.Errorf("%w (%w)", ErrNoLocks, err)
	}
	return err
}
