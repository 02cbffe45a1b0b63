package scan

import (
	"io"
	"slices"

	"shunt/model"
)

// A Trace is a signature whose place counts from the end of a partition. Its offset is in bytes from the partition's start.
type Trace struct {
	Kind     model.FSKind
	Off, Len int64
}

// Traces returns signatures of other kinds at the end of the n bytes at off of r, which hold contents of this kind. Older
// contents of the disk may have left such a signature. After a change of the partition's end it would be at the right place,
// and the system would take the partition for the older contents. size is the length in bytes of the contents of this kind
// according to their superblock, or 0 if there is none.
func Traces(r io.ReaderAt, off, n int64, kind model.FSKind) (size int64, traces []Trace) {
	w := newWindow(r, off, n)
	for _, rows := range registry {
		for _, p := range rows {
			switch own := p.kind == kind || slices.Contains(p.also, kind); {
			case own && size == 0:
				fs, _ := p.probe(w)
				size = int64(fs.Size)
			case !own:
				traces = append(traces, p.atEnd(w)...)
			}
		}
	}
	if _, ok := findZFS(w, 2); ok && kind != model.ZFS {
		traces = append(traces, Trace{model.ZFS, zfsEnd(w), 2 * zfsLabel})
	}
	return size, traces
}

// atEnd returns the places, counted from the end of the window, at which a row finds its signature.
func (p prober) atEnd(w *window) (traces []Trace) {
	for _, at := range p.at {
		if at >= 0 {
			continue
		}
		one := p
		one.at = []int64{at}
		if _, ok := one.probe(w); ok {
			traces = append(traces, Trace{p.kind, p.place(w.n, at), 512})
		}
	}
	return traces
}
