package kernel

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Cause strips the operation and path that the os package puts in front of an error; the messages here name both.
func Cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// Retry repeats a system call for as long as a signal interrupts it.
func Retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Unsupported reports whether an error says that a call or one of its modes does not exist here.
func Unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTTY)
}
