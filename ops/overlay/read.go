package overlay

import (
	"errors"
	"io"
	"iter"

	"shunt/model/tried"
)

// ReadAt fills p with the bytes from off on. A short read returns an error, which is io.EOF at the end of the disk. A full
// read returns none. After an error other than io.EOF the contents of p are undefined.
func (o *Overlay) ReadAt(p []byte, off int64) (int, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if off < 0 {
		return 0, tried.Errorf("read at %d: %w", off, ErrOutside)
	}
	n := int(min(int64(len(p)), max(0, o.size-off)))
	if done, err := o.read(p[:n], off); err != nil {
		return done, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// read fills p, which must lie within the disk. The lock must be held.
func (o *Overlay) read(p []byte, off int64) (int, error) {
	for e := range o.extents.walk(off, int64(len(p))) {
		part := p[e.Off-off : e.End()-off]
		switch e.Kind {
		case Base:
			n, err := o.base.ReadAt(part, e.Src)
			if n < len(part) && !errors.Is(err, io.EOF) {
				return int(e.Off - off), o.failed(tried.Errorf("read %d bytes at %d of the target: %w", e.Len, e.Src, short(err)))
			}
			clear(part[n:])
		case SpillKind:
			n, err := o.spill.ReadAt(part, e.Src)
			if n < len(part) {
				return int(e.Off - off), o.failed(tried.Errorf("read %d bytes at %d of the spill: %w", e.Len, e.Src, short(err)))
			}
		case Zero, Free:
			clear(part)
		}
	}
	return len(p), nil
}

// short returns the error to report for a short read or write.
func short(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Extents yields the extents within [off, off+n) in order, clipped to that range and to the disk. It shows the map as it
// is when the iteration begins. The overlay may be used and changed meanwhile.
func (o *Overlay) Extents(off, n int64) iter.Seq[Extent] {
	return func(yield func(Extent) bool) {
		o.mu.Lock()
		lo, hi := max(0, off), min(o.size, saturate(off, n))
		extents := o.extents.snapshot()
		o.mu.Unlock()
		extents.walk(lo, hi-lo)(yield)
	}
}

// Changed yields, in order, every extent that does not show the bytes of the base at the same offset. Extents of zeros
// beyond the end of the base are included.
func (o *Overlay) Changed() iter.Seq[Extent] {
	return func(yield func(Extent) bool) {
		for e := range o.Extents(0, o.Size()) {
			if !e.Unchanged() && !yield(e) {
				return
			}
		}
	}
}

// saturate returns off+n, or the largest offset if that overflows.
func saturate(off, n int64) int64 {
	if sum := off + n; n <= 0 || sum > off {
		return sum
	}
	return 1<<63 - 1
}
