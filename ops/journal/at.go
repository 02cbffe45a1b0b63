package journal

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// openBeneath opens a name in an open directory. It follows no link and never waits, and it fails if the name leads out of
// the directory or to another mount. Without openat2, on old kernels and in some containers, it does not notice mounts. The
// owner and type of what is mounted are checked in any case.
func openBeneath(dir *os.File, name string, flags int, mode uint32) (*os.File, error) {
	flags |= unix.O_NOFOLLOW | unix.O_CLOEXEC
	if flags&unix.O_PATH == 0 {
		flags |= unix.O_NONBLOCK
	}
	how := &unix.OpenHow{
		Flags: uint64(flags), Mode: uint64(mode),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	at := int(dir.Fd())
	fd, err := retry(func() (int, error) { return openat2(at, name, how) })
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		// Containers that do not know the call also answer EPERM. If access is really denied, Openat fails the same way.
		fd, err = retry(func() (int, error) { return unix.Openat(at, name, flags, mode) })
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// reopen opens a directory that was opened with O_PATH again, so that it can be read and synced.
func reopen(dir *os.File) (*os.File, error) {
	return openBeneath(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
}

// openat2 is the system call. Tests replace it.
var openat2 = unix.Openat2

// retry repeats a call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// statAt returns the status of a name in an open directory. It does not follow a link.
func statAt(dir *os.File, name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	_, err := retry(func() (int, error) { return 0, unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return st, err
}

func statOf(f *os.File) (unix.Stat_t, error) {
	var st unix.Stat_t
	_, err := retry(func() (int, error) { return 0, unix.Fstat(int(f.Fd()), &st) })
	return st, err
}

func sameFile(a, b unix.Stat_t) bool { return a.Dev == b.Dev && a.Ino == b.Ino }

func kindOf(st unix.Stat_t) uint32 { return st.Mode & unix.S_IFMT }

// writableByOthers is the mode bits that let the group or others write. On a file with an access list, the group's bits
// cover every entry of the list.
const writableByOthers = 0o022

// closedToOthers returns an *UnsafeError if the group or others may write to a file with this status.
func closedToOthers(st unix.Stat_t, path string) error {
	if st.Mode&writableByOthers == 0 {
		return nil
	}
	return &UnsafeError{Path: path, Reason: OpenToOthers, Mode: st.Mode & 0o7777}
}
