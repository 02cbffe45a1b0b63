package target

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// hold gets a file without opening it: it can be looked at, which has no effect even on a pipe or a device, and opened
// afterwards, whatever its name leads to by then. It is to be closed.
func hold(path string) (*os.File, error) {
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// reopen opens the very file that is held or open already. One on which somebody has a lease, which would keep this process
// waiting for most of a minute, is tried again for a moment only; the error is ErrLeased then.
func reopen(f *os.File, flags int) (*os.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	regular := info.Mode().IsRegular()
	if regular {
		flags |= unix.O_NONBLOCK
	}
	var fd int
	err = patiently(lockPatience, func() error {
		return retry(func() (err error) {
			fd, err = unix.Open(throughProc(f), flags|unix.O_CLOEXEC, 0)
			return err
		})
	}, unix.EWOULDBLOCK)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, ErrLeased
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

// throughProc is a path to an open file, whatever happens to its name.
func throughProc(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }
