package raw

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target/internal/kernel"
)

const (
	// copyBuffer is how many bytes are read and written at a time if the kernel cannot copy.
	copyBuffer = 1 << 20
	// rangeChunk is the most that one system call copies, in bytes, so that a signal need not wait for gigabytes.
	rangeChunk = 64 << 20
)

// Copy shares blocks if both ranges begin at the same offset within a block of the host. Parts of blocks at the two ends
// are copied as bytes.
func (r *file) Copy(dst, src, n int64) error {
	w, err := r.CopyWriter(dst, src, n)
	if err != nil {
		return err
	}
	if !r.cannot.clone.Load() && (dst-src)%r.block == 0 {
		head := min((r.block-src%r.block)%r.block, n)
		body := (n - head) / r.block * r.block
		cloned, err := r.clone(w, dst+head, src+head, body)
		if err != nil {
			return err
		}
		if cloned {
			if err := r.copyBytes(w, dst, src, head); err != nil {
				return err
			}
			done := head + body
			dst, src, n = dst+done, src+done, n-done
		}
	}
	return r.copyBytes(w, dst, src, n)
}

// clone makes both ranges share their blocks; false means that it cannot be done and nothing has changed.
func (r *file) clone(w *os.File, dst, src, n int64) (bool, error) {
	if n <= 0 {
		return false, nil // to the kernel, 0 means everything up to the end of the file
	}
	what := unix.FileCloneRange{
		Src_fd: int64(w.Fd()), Src_offset: uint64(src), Src_length: uint64(n), Dest_offset: uint64(dst),
	}
	err := kernel.Retry(func() error { return unix.IoctlFileCloneRange(int(w.Fd()), &what) })
	switch {
	case err == nil:
		r.shared.Add(n)
		return true, nil
	case kernel.Unsupported(err) || errors.Is(err, unix.EXDEV):
		r.cannot.clone.Store(true)
		return false, nil
	case errors.Is(err, unix.EINVAL): // the file system cannot share these ranges
		return false, nil
	}
	return false, fmt.Errorf("share blocks in %s: %d bytes from byte %d to byte %d: %w", r.Given, n, src, dst, err)
}

// copyBytes copies inside the kernel as far as that works, and reads and writes the rest.
func (r *file) copyBytes(w *os.File, dst, src, n int64) error {
	for n > 0 && !r.cannot.copyRange.Load() {
		from, to := src, dst
		var k int
		err := kernel.Retry(func() (err error) {
			k, err = unix.CopyFileRange(int(w.Fd()), &from, int(w.Fd()), &to, int(min(n, rangeChunk)), 0)
			return err
		})
		switch {
		case kernel.Unsupported(err) || errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EPERM):
			r.cannot.copyRange.Store(true) // EPERM: system call filters of containers
		case err != nil && !errors.Is(err, unix.EINVAL):
			return tried.Errorf("copy in %s: %d bytes from byte %d to byte %d: %w", r.Given, n, src, dst, err)
		}
		if err != nil || k <= 0 { // an unexpected end of the file, which ReadAt will report
			break
		}
		dst, src, n = dst+int64(k), src+int64(k), n-int64(k)
	}
	return r.CopyThrough(dst, src, n, copyBuffer, 1)
}
