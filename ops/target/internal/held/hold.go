package held

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// Hold gets the file at path without opening it (O_PATH). A held file can be looked at, which has no effect even on a
// pipe or a device, and Reopen opens it afterwards, whatever its name leads to by then. The caller closes it. As long as
// it is held, a search for users of the file finds this process.
func Hold(path string) (*os.File, error) { return os.OpenFile(path, unix.O_PATH, 0) }

// Reopen opens the very file that is held or open already; flags are those of os.OpenFile. If somebody has a lease on the
// file, opening it would wait for most of a minute. Reopen tries for a moment only and then fails with target.ErrLeased.
// Other errors are those of open(2). f stays as it is.
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

// OpenImage opens an image file for reading, if it is still the one at path; the error is target.ErrReplaced if not. Other
// errors are those of Reopen.
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

// Through is a path to an open or held file, whatever happens to its name.
func Through(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }
