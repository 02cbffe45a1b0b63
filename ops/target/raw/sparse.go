package raw

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/ops/target/internal/kernel"
)

// Punch is Device.Punch.
func (r *file) Punch(off, n int64) error {
	w, err := r.Writer("punch", off, n)
	if err != nil || n == 0 {
		return err
	}
	if !r.cannot.punch.Load() {
		const how = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
		err := kernel.Retry(func() error { return unix.Fallocate(int(w.Fd()), how, off, n) })
		if err == nil {
			return nil
		}
		if !kernel.Unsupported(err) {
			return fmt.Errorf("punch %s: %d bytes at byte %d: %w", r.Given, n, off, err)
		}
		r.cannot.punch.Store(true)
	}
	return r.WriteZeroes(off, n)
}

// Data is Device.Data.
func (r *file) Data(off int64) (start, end int64, err error) {
	size := r.Size()
	if err := r.Within("look for data in", off, 0); err != nil {
		return 0, 0, err
	}
	if off == size {
		return size, size, nil
	}
	start, err = seek(r.Read, off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return size, size, nil
	case errors.Is(err, unix.EINVAL) || kernel.Unsupported(err):
		return off, size, nil
	case err != nil:
		return 0, 0, fmt.Errorf("look for data in %s from byte %d: %w", r.Given, off, err)
	}
	if start >= size { // somebody made the file longer; that part is none of the target
		return size, size, nil
	}
	end, err = seek(r.Read, start, unix.SEEK_HOLE)
	if err != nil {
		return 0, 0, fmt.Errorf("look for a hole in %s from byte %d: %w", r.Given, start, err)
	}
	return start, min(end, size), nil
}

// seek moves the file position, which nothing here uses, to find what lies at or after off.
func seek(f *os.File, off int64, whence int) (at int64, err error) {
	err = kernel.Retry(func() error {
		at, err = unix.Seek(int(f.Fd()), off, whence)
		return err
	})
	return at, err
}
