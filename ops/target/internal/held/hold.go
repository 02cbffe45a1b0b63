package held

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// Hold returns a handle on the file at path (O_PATH). Its status can be read without any effect, even on a pipe or a
// device, and Reopen opens it afterwards, even if another file takes its name. The caller must close it. While it is open,
// a search for users of the file finds this process.
func Hold(path string) (*os.File, error) { return os.OpenFile(path, unix.O_PATH, 0) }

// Reopen opens again the file that f stands for. flags are those of os.OpenFile. If another program has a lease on the
// file, open(2) would wait for most of a minute. Reopen tries only for a moment and then fails with target.ErrLeased. Other
// errors are those of open(2). f stays open.
func Reopen(f *os.File, flags int) (opened *os.File, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	regular := info.Mode().IsRegular()
	if regular {
		flags |= unix.O_NONBLOCK
	}
	err = Patiently(LockPatience, func() error {
		opened, err = os.OpenFile(Through(f), flags, 0)
		return err
	}, unix.EWOULDBLOCK)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = target.ErrLeased
	}
	if err == nil && regular {
		if err = unix.SetNonblock(int(opened.Fd()), false); err != nil {
			return nil, errors.Join(err, opened.Close())
		}
	}
	return opened, err
}

// OpenImage opens the file at path for reading, if it is still image. If not, the error is target.ErrReplaced. Other errors
// are those of Reopen.
func OpenImage(path string, image target.ImageFile) (*os.File, error) {
	f, err := Hold(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only looked at
	st, err := kernel.StatFile(f)
	if err != nil {
		return nil, err
	}
	if st.Dev != image.Dev || st.Ino != image.Inode {
		return nil, target.ErrReplaced
	}
	return Reopen(f, os.O_RDONLY)
}

// Through returns a path that leads to an open file even if it is renamed.
func Through(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }
