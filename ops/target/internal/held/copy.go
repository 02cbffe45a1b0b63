package held

import (
	"os"

	"shunt/model/tried"
	"shunt/ops/target"
)

// CopyWriter returns the file to use for a copy of n bytes from src to dst. It fails if the two ranges overlap.
func (h *File) CopyWriter(dst, src, n int64) (*os.File, error) {
	w, err := h.Writer("copy to", dst, n)
	if err != nil {
		return nil, err
	}
	if err := h.Within("copy from", src, n); err != nil {
		return nil, err
	}
	if n > 0 && dst < src+n && src < dst+n {
		return nil, tried.Errorf("copy in %s: %d bytes from byte %d to byte %d: %w", h.Given, n, src, dst, target.ErrOverlap)
	}
	return w, nil
}

// CopyThrough copies by reading and writing chunk bytes at a time. The first write ends on a multiple of grain, a divisor
// of chunk. So all other writes are aligned, and the system need not read a page before it writes it.
func (h *File) CopyThrough(dst, src, n, chunk, grain int64) error {
	if n == 0 {
		return nil
	}
	buffer, ok := h.buffers.Get().(*[]byte)
	if !ok {
		fresh := make([]byte, chunk)
		buffer = &fresh
	}
	defer h.buffers.Put(buffer)
	for n > 0 {
		p := (*buffer)[:min(n, chunk-dst%grain)]
		if _, err := h.ReadAt(p, src); err != nil {
			return err
		}
		if _, err := h.WriteAt(p, dst); err != nil {
			return err
		}
		k := int64(len(p))
		dst, src, n = dst+k, src+k, n-k
	}
	return nil
}
