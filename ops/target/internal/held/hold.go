package held

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// Hold gets the file at path without opening it (O_PATH). A held file can be looked at, which has no effect even on a pipe or a
// device, and Reopen opens it afterwards, whatever its name leads to by then. It is the caller's to close: as long as it is
// held, whoever asks for users of the file finds this process. Errors are those of open(2).
func Hold(path string) (*os.File, error) {
	var fd int
	err := kernel.Retry(func() (err error) {
		fd, err = unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Reopen opens the very file that is held or open already; flags are those of os.OpenFile. If somebody has a lease on the file,
// opening it would wait for most of a minute. Reopen tries for a moment only and then fails with target.ErrLeased. Other errors
// are those of open(2). f stays as it is.
func Reopen(f *os.File, flags int) (*os.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	regular := info.Mode().IsRegular()
	if regular {
		flags |= unix.O_NONBLOCK
	}
	var fd int
	err = Patiently(LockPatience, func() error {
		return kernel.Retry(func() (err error) {
			fd, err = unix.Open(Through(f), flags|unix.O_CLOEXEC, 0)
			return err
		})
	}, unix.EWOULDBLOCK)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, target.ErrLeased
	case err != nil:
		return nil, err
	}
	if regular {
		err = unix.SetNonblock(fd, false)
	}
	opened := os.NewFile(uintptr(fd), f.Name())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", f.Name(), err), opened.Close())
	}
	return opened, nil
}

// OpenImage opens an image file for reading, if it is still the one at path; the error is target.ErrReplaced if not. Other
// errors are those of Hold and Reopen.
func OpenImage(path string, image target.ImageFile) (*os.File, error) {
	f, err := Hold(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only looked at
	var st unix.Stat_t
	if err := kernel.Retry(func() error { return unix.Fstat(int(f.Fd()), &st) }); err != nil {
		return nil, err
	}
	if st.Dev != image.Dev || st.Ino != image.Inode {
		return nil, target.ErrReplaced
	}
	return Reopen(f, os.O_RDONLY)
}

// Through is a path to an open or held file, whatever happens to its name.
func Through(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }
