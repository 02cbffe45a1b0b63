package held

import (
	"errors"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// Truncate implements target.Device for image files.
func (h *File) Truncate(n int64) error {
	w, err := h.Writer("truncate", 0, 0)
	if err != nil {
		return err
	}
	if n <= 0 {
		return tried.Errorf("truncate %s to %d bytes: %w", h.Given, n, target.ErrRange)
	}
	if err := w.Truncate(n); err != nil {
		return tried.Errorf("truncate %s from %d to %d bytes: %w", h.Given, h.Size(), n, tried.Cause(err))
	}
	h.SetSize(n)
	return nil
}

// Punch implements target.Device for image files.
func (h *File) Punch(off, n int64) error {
	w, err := h.Writer("punch", off, n)
	if err != nil || n == 0 {
		return err
	}
	if !h.CannotPunch.Load() {
		const how = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
		err := kernel.Retry(func() error { return unix.Fallocate(int(w.Fd()), how, off, n) })
		if err == nil {
			return nil
		}
		if !kernel.Unsupported(err) {
			return tried.Errorf("punch %s: %d bytes at byte %d: %w", h.Given, n, off, err)
		}
		h.CannotPunch.Store(true)
	}
	return h.WriteZeroes(off, n)
}

// Reserve implements target.Reserver for image files.
func (h *File) Reserve(off, n int64) error {
	w, err := h.Writer("allocate room in", off, n)
	if err != nil || n == 0 {
		return err
	}
	err = kernel.Retry(func() error { return unix.Fallocate(int(w.Fd()), 0, off, n) })
	switch {
	case err == nil:
		return nil
	case !kernel.Unsupported(err):
		return tried.Errorf("allocate room in %s for %d bytes at byte %d: %w", h.Given, n, off, err)
	}
	for end := off + n; off < end; {
		start, next, err := h.Data(off)
		if err != nil {
			return err
		}
		if start = min(start, end); start > off {
			if err := h.WriteZeroes(off, start-off); err != nil {
				return err
			}
		}
		if off = next; next <= start {
			break
		}
	}
	return nil
}

// Data implements target.Device for image files.
func (h *File) Data(off int64) (start, end int64, err error) {
	size := h.Size()
	if err := h.Within("look for data in", off, 0); err != nil {
		return 0, 0, err
	}
	if off == size {
		return size, size, nil
	}
	seek := func(off int64, whence int) (at int64, err error) { // nothing else uses the file position
		err = kernel.Retry(func() error {
			at, err = h.Read.Seek(off, whence)
			return err
		})
		return at, err
	}
	start, err = seek(off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return size, size, nil
	case errors.Is(err, unix.EINVAL) || kernel.Unsupported(err):
		return off, size, nil
	case err != nil:
		return 0, 0, tried.Errorf("look for data in %s from byte %d: %w", h.Given, off, tried.Cause(err))
	}
	if start >= size { // somebody made the file longer, and the new part does not belong to the target
		return size, size, nil
	}
	end, err = seek(start, unix.SEEK_HOLE)
	if err != nil {
		return 0, 0, tried.Errorf("look for a hole in %s from byte %d: %w", h.Given, start, tried.Cause(err))
	}
	return start, min(end, size), nil
}

// FreeRoom returns how many free bytes the host's file system has for this user.
func (h *File) FreeRoom() (int64, error) {
	st, err := kernel.StatHost(h.Read)
	if err != nil {
		return 0, tried.Errorf("ask for the free space at %s: %w", h.Given, err)
	}
	unit := st.Frsize
	if unit <= 0 {
		unit = st.Bsize
	}
	return int64(st.Bavail) * unit, nil
}
