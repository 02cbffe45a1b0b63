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
	// ErrHeld is returned when another program's lock is in the way.
	ErrHeld = errors.New("locked by another process")
	// ErrNoLocks is returned when the file system has no locks.
	ErrNoLocks = errors.New("locks are not supported")
)

// The bytes that QEMU locks. The first three say "I do this", the others "nobody else may do this".
const (
	reads, writes, resizes       = 100, 101, 103
	noReads, noWrites, noResizes = 200, 201, 203
)

// claims returns the bytes that a mode locks, and those that no other program may have locked. A reader of a raw image may
// put up with other writers, and says so to QEMU by leaving out noWrites. It is in the way of an editor all the same: a
// partition table that changes under it, or under an image that lies on this one, is not what it expects.
func claims(m target.Mode) (taken, clash []int64) {
	if m.Shares() {
		return []int64{reads, noWrites, noResizes}, []int64{noReads, writes, resizes}
	}
	return []int64{reads, writes, resizes, noWrites, noResizes}, []int64{reads, noReads, noWrites, noResizes, writes, resizes}
}

// TakeLocks locks f against other programs, and fails with ErrHeld or ErrNoLocks if it cannot. Taking locks that the same
// open file description already holds succeeds. After an error some of the locks may be held, but none if others held
// conflicting ones before: QEMU takes its locks first, then looks for those of others, and gives up if it finds any.
func TakeLocks(f *os.File, m target.Mode) error {
	if err := TestLocks(f, m); errors.Is(err, ErrHeld) {
		return err
	}
	how := unix.LOCK_EX
	if m.Shares() {
		how = unix.LOCK_SH
	}
	if err := flock(f, how|unix.LOCK_NB); err != nil {
		return err
	}
	taken, _ := claims(m)
	for _, at := range taken {
		if err := fcntl(f, unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_RDLCK, Start: at, Len: 1}); err != nil {
			return err
		}
	}
	return TestLocks(f, m)
}

// TestLocks fails with ErrHeld if another open file description holds locks that conflict with the mode. It takes none
// itself.
func TestLocks(f *os.File, m target.Mode) error {
	_, clash := claims(m)
	for _, at := range clash {
		// Any lock of another program would conflict with this one.
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: 1}
		if err := fcntl(f, unix.F_OFD_GETLK, &lock); err != nil {
			return err
		}
		if lock.Type != unix.F_UNLCK {
			return fmt.Errorf("byte %d: %w", at, ErrHeld)
		}
	}
	return nil
}

// DropLocks releases all locks of f's open file description, in every process that shares it.
func DropLocks(f *os.File) error {
	err := fcntl(f, unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK}) // from the start to the end
	if err == nil || errors.Is(err, ErrNoLocks) {
		err = flock(f, unix.LOCK_UN)
	}
	if errors.Is(err, ErrNoLocks) {
		return nil
	}
	return err
}

// LockNode locks a device's node against other shunts, and against udev, which takes the same lock to look at a device.
// Errors are those of TakeLocks.
func LockNode(f *os.File) error { return flock(f, unix.LOCK_EX|unix.LOCK_NB) }

func flock(f *os.File, how int) error {
	return lockResult(kernel.Retry(func() error { return unix.Flock(int(f.Fd()), how) }))
}

func fcntl(f *os.File, cmd int, lock *unix.Flock_t) error {
	return lockResult(kernel.Retry(func() error { return unix.FcntlFlock(f.Fd(), cmd, lock) }))
}

// lockResult turns an error of a lock call into ErrHeld or ErrNoLocks, if it is one of these.
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
