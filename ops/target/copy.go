package target

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// copyBuffer is how much is read before it is written where the kernel cannot copy on its own.
	copyBuffer = 1 << 20
	// rangeChunk bounds one copy inside the kernel, so that a signal does not have to wait for gigabytes.
	rangeChunk = 64 << 20
)

// Copy is Device.Copy.
func (r *Raw) Copy(dst, src, n int64) error {
	w, err := r.writer("copy to", dst, n)
	if err != nil {
		return err
	}
	if err := r.within("copy from", src, n); err != nil {
		return err
	}
	if n > 0 && dst < src+n && src < dst+n {
		return fmt.Errorf("copy in %s: %d bytes from byte %d to byte %d: %w", r.path, n, src, dst, ErrOverlap)
	}
	// Blocks can be shared where both places lie alike in the grid of the host's blocks; what sticks out at the two
	// ends is copied as bytes.
	if !r.cannot.clone.Load() && (dst-src)%r.block == 0 {
		head := min((r.block-src%r.block)%r.block, n)
		body := (n - head) / r.block * r.block
		if body > 0 {
			cloned, err := r.clone(w, dst+head, src+head, body)
			if err != nil {
				return err
			}
			if cloned {
				if err := r.copyBytes(w, dst, src, head); err != nil {
					return err
				}
				done := head + body
				return r.copyBytes(w, dst+done, src+done, n-done)
			}
		}
	}
	return r.copyBytes(w, dst, src, n)
}

// clone makes both ranges share their blocks; false means that it cannot be done and nothing has changed.
func (r *Raw) clone(w *os.File, dst, src, n int64) (bool, error) {
	what := unix.FileCloneRange{
		Src_fd: int64(w.Fd()), Src_offset: uint64(src), Src_length: uint64(n), Dest_offset: uint64(dst),
	}
	err := retry(func() error { return unix.IoctlFileCloneRange(int(w.Fd()), &what) })
	switch {
	case err == nil:
		r.shared.Add(n)
		return true, nil
	case unsupported(err) || errors.Is(err, unix.EXDEV):
		r.cannot.clone.Store(true)
		return false, nil
	case errors.Is(err, unix.EINVAL): // not these ranges, for a reason of the file system's own
		return false, nil
	}
	return false, fmt.Errorf("share blocks in %s: %d bytes from byte %d to byte %d: %w", r.path, n, src, dst, err)
}

// copyBytes copies inside the kernel as far as that works and by reading and writing from there on.
func (r *Raw) copyBytes(w *os.File, dst, src, n int64) error {
	for n > 0 && !r.cannot.copyRange.Load() {
		from, to := src, dst
		var k int
		err := retry(func() (err error) {
			k, err = unix.CopyFileRange(int(w.Fd()), &from, int(w.Fd()), &to, int(min(n, rangeChunk)), 0)
			return err
		})
		switch {
		case unsupported(err) || errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EPERM):
			r.cannot.copyRange.Store(true) // EPERM: system call filters of containers
		case err != nil && !errors.Is(err, unix.EINVAL):
			return fmt.Errorf("copy in %s: %d bytes from byte %d to byte %d: %w", r.path, n, src, dst, err)
		}
		if err != nil || k <= 0 { // nothing copied means an end of file where there is none: ReadAt tells what is wrong
			break
		}
		dst, src, n = dst+int64(k), src+int64(k), n-int64(k)
	}
	return r.readWrite(dst, src, n)
}

func (r *Raw) readWrite(dst, src, n int64) error {
	if n == 0 {
		return nil
	}
	buffer, _ := r.buffers.Get().(*[]byte)
	defer r.buffers.Put(buffer)
	for n > 0 {
		p := (*buffer)[:min(n, copyBuffer)]
		if _, err := r.ReadAt(p, src); err != nil {
			return err
		}
		if _, err := r.WriteAt(p, dst); err != nil {
			return err
		}
		k := int64(len(p))
		dst, src, n = dst+k, src+k, n-k
	}
	return nil
}
