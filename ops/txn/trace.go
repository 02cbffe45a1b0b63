package txn

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model/scan"
	"shunt/ops"
)

// inOnly does the same as inWindow, but first erases old signatures in the window. A partition with a new end can take in
// the signature of contents that the disk held long ago. The system would then take the partition for those contents.
func (r *Rehearsal) inOnly(s ops.Step, do func(path string) error) error {
	if err := r.clearTraces(s); err != nil {
		return err
	}
	return r.inWindow(s, do)
}

// clearTraces erases old signatures at the end of a step's window, and fails if one of them lies where the file system may
// have its data.
func (r *Rehearsal) clearTraces(s ops.Step) error {
	window := r.bytesOf(s.Window)
	size, traces := scan.Traces(r.Overlay, window.off, window.len(), s.FS)
	if len(traces) == 0 {
		return nil
	}
	if p, ok := r.Before.Partition(s.Part); ok && size >= window.len() {
		// These contents do not record their size. They cannot be longer than their present partition.
		size = min(size, r.bytesOf(p.Span).len())
	}
	old := make([]byteRange, len(traces))
	for i, t := range traces {
		old[i] = run(window.off+t.Off, t.Len)
	}
	unused, err := freeRanges(masked{r.Overlay, newRanges(old)}, s.FS, window, false)
	if err != nil {
		return err
	}
	free := newRanges(append(shifted(unused, window.off), byteRange{off: window.off + size, end: window.end}))
	for i, t := range traces {
		if size == 0 || len(newRanges(old[i:i+1]).minus(free)) > 0 {
			return fmt.Errorf("an old signature of %s lies %s behind its start, where %s may have its data; with the end at %s "+
				"the system would take it for %s: choose another size", t.Kind, geometry.FormatBytes(geometry.Bytes(t.Off)), s.FS,
				geometry.FormatBytes(geometry.Bytes(window.len())), t.Kind)
		}
	}
	return r.erase(s, traces, old)
}

// clearBehind does the same for a file system that is mounted. Nothing in its partition is read or written, so it erases
// only what lies behind the partition's present end, and fails if an old signature begins before that.
func (r *Rehearsal) clearBehind(s ops.Step) error {
	window := r.bytesOf(s.Window)
	p, _ := r.Before.Partition(s.Part)
	end := r.bytesOf(p.Span).end
	_, traces := scan.Traces(r.Overlay, window.off, window.len(), s.FS)
	var old []byteRange
	for _, t := range traces {
		at := run(window.off+t.Off, t.Len)
		if at.off < end {
			return fmt.Errorf("an old signature of %s lies %s behind its start, where the mounted %s may have its data: choose "+
				"another size", t.Kind, geometry.FormatBytes(geometry.Bytes(t.Off)), s.FS)
		}
		old = append(old, at)
	}
	return r.erase(s, traces, old)
}

// erase erases the traces at these places, and keeps for the report what they were.
func (r *Rehearsal) erase(s ops.Step, traces []scan.Trace, at []byteRange) error {
	for _, t := range traces {
		r.erased = append(r.erased, fmt.Sprintf("an old signature of %s, %s behind the start of %s, is erased: because of it the system "+
			"could take %s for %s", t.Kind, geometry.FormatBytes(geometry.Bytes(t.Off)), s.Ref, s.Ref, t.Kind))
	}
	return r.zero(at)
}

// A masked reads from r, with some ranges read as zero.
type masked struct {
	r    io.ReaderAt
	gone ranges
}

func (w masked) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.r.ReadAt(p, off)
	for _, g := range w.gone.within(off, off+int64(n)) {
		clear(p[g.off-off : g.end-off])
	}
	return n, err
}
