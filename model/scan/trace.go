package scan

import (
	"io"
	"slices"

	"shunt/model"
)

// A Trace is a signature that counts from the end of a partition: where it lies, in bytes from the partition's start.
type Trace struct {
	Kind     model.FSKind
	Off, Len int64
}

// Traces returns the signatures of other kinds that are at the end of the n bytes at off of r, which hold contents of the
// kind. A partition that gets another end can come upon such a signature, which older contents of the disk left there, and
// the system would then take it for what they were. size is how many bytes the contents of the kind take according to their
// superblock, 0 if there is none.
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

// atEnd returns where a row finds something by places that count from the end.
func (p prober) atEnd(w *window) (traces []Trace) {
	for _, at := range p.at {
		if at >= 0 {
			continue
		}
		one := p
		one.at = []int64{at}
		if _, ok := one.probe(w); ok {
			traces = append(traces, Trace{p.kind, p.place(w, at), 512})
		}
	}
	return traces
}
