package journal

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// beneath opens a name in an open directory. No link is followed, nothing is waited for, and the name may not lead out of the
// directory or to another mount. Kernels and containers without openat2 get the same but for bind mounts, which
// are not noticed there: their owner and type are looked at all the same.
func beneath(dir int, name string, flags int, mode uint32) (*os.File, error) {
	flags |= unix.O_NOFOLLOW | unix.O_CLOEXEC
	if flags&unix.O_PATH == 0 {
		flags |= unix.O_NONBLOCK
	}
	how := &unix.OpenHow{
		Flags: uint64(flags), Mode: uint64(mode),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := again(func() (int, error) { return openat2(dir, name, how) })
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		// EPERM is what a container says that does not know the call; it can also be the true answer, and comes again then.
		fd, err = again(func() (int, error) { return unix.Openat(dir, name, flags, mode) })
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// openat2 is the system call; tests do without it.
var openat2 = unix.Openat2

// again repeats a call that a signal interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// statAt looks at a name in an open directory without following it.
func statAt(dir int, name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	_, err := again(func() (int, error) { return 0, unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return st, err
}

func statOf(f *os.File) (unix.Stat_t, error) {
	var st unix.Stat_t
	_, err := again(func() (int, error) { return 0, unix.Fstat(int(f.Fd()), &st) })
	return st, err
}

// sameFile reports whether two are one and the same.
func sameFile(a, b unix.Stat_t) bool { return a.Dev == b.Dev && a.Ino == b.Ino }

func kindOf(st unix.Stat_t) uint32 { return st.Mode & unix.S_IFMT }

// writableByOthers is the mode bits with which group or others may write. With an access list the group's bits are the most
// that any entry of it gives.
const writableByOthers = 0o022
