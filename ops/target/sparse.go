package target

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Punch is Device.Punch.
func (r *Raw) Punch(off, n int64) error {
	w, err := r.writer("punch", off, n)
	if err != nil || n == 0 {
		return err
	}
	if !r.cannot.punch.Load() {
		const how = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
		err := retry(func() error { return unix.Fallocate(int(w.Fd()), how, off, n) })
		if err == nil {
			return nil
		}
		if !unsupported(err) {
			return fmt.Errorf("punch %s: %d bytes at byte %d: %w", r.path, n, off, err)
		}
		r.cannot.punch.Store(true)
	}
	return r.writeZeroes(off, n)
}

// Data is Device.Data.
func (r *Raw) Data(off int64) (start, end int64, err error) {
	size := r.Size()
	if err := r.within("look for data in", off, 0); err != nil {
		return 0, 0, err
	}
	if off == size {
		return size, size, nil
	}
	start, err = seek(r.read, off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return size, size, nil
	case errors.Is(err, unix.EINVAL) || unsupported(err):
		return off, size, nil
	case err != nil:
		return 0, 0, fmt.Errorf("look for data in %s from byte %d: %w", r.path, off, err)
	}
	if start >= size { // somebody made the file longer; that part is none of the target
		return size, size, nil
	}
	end, err = seek(r.read, start, unix.SEEK_HOLE)
	if err != nil {
		return 0, 0, fmt.Errorf("look for a hole in %s from byte %d: %w", r.path, start, err)
	}
	return start, min(end, size), nil
}

// seek moves the file position, which nothing here uses, to find what lies at or after off.
func seek(f *os.File, off int64, whence int) (at int64, err error) {
	err = retry(func() error {
		at, err = unix.Seek(int(f.Fd()), off, whence)
		return err
	})
	return at, err
}

// unsupported reports whether an error says that a call or one of its modes does not exist here.
func unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTTY)
}

// FreeSpace is how many bytes can still be written to the file system that holds path, by whoever runs this.
func FreeSpace(path string) (int64, error) {
	var st unix.Statfs_t
	if err := retry(func() error { return unix.Statfs(path, &st) }); err != nil {
		return 0, fmt.Errorf("ask for the free space at %s: %w", path, err)
	}
	unit := st.Frsize
	if unit <= 0 {
		unit = st.Bsize
	}
	return int64(st.Bavail) * unit, nil
}
