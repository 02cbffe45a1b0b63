package qcow2

import (
	"bytes"
	"io"

	"shunt/ops/target"
)

// A rebase gives an image another backing file, or none. Where the image has no data of its own and the two files differ,
// what the old one shows is copied into the image. Everything else stays, so the disk is the same.

// shown is a backing file that reads as zero behind its end.
type shown struct{ target.Device }

func (s shown) ReadAt(p []byte, off int64) (int, error) {
	size := s.Size()
	if off >= size {
		return 0, io.EOF
	}
	n, err := s.Device.ReadAt(p[:min(int64(len(p)), size-off)], off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// belowAfter returns the backing file of the disk that a plan makes, nil without one.
func (im *Image) belowAfter(plan target.Next) Backing {
	switch {
	case plan.Backing == nil:
		return im.backing
	case plan.Backing.Disk == nil:
		return nil
	}
	return shown{plan.Backing.Disk}
}

// rebases reports whether the image gets another backing file.
func (e *Edit) rebases() bool { return e.plan.Backing != nil }

// layers are the old and the new backing file of a rebase.
type layers struct {
	old, next     dataRuns
	oldBuf, inBuf []byte
}

// dataRuns remembers the last run of data that was found in a backing file, since a disk can have millions of clusters.
type dataRuns struct {
	b              Backing
	at, start, end int64 // there is nothing in [at, start), and there may be data in [start, end)
	known          bool
}

// data reports whether [off, off+n) may hold anything but zeros.
func (r *dataRuns) data(off, n int64) (bool, error) {
	if r.b == nil || off >= r.b.Size() {
		return false, nil
	}
	if !r.known || off < r.at || off >= r.end {
		var err error
		if r.start, r.end, err = r.b.Data(off); err != nil {
			return false, err
		}
		r.at, r.known = off, true
	}
	return r.start < off+n && r.start < r.end, nil
}

// either reports whether one of the two files may have data in a run of the disk.
func (l *layers) either(off, n int64) (bool, error) {
	old, err := l.old.data(off, n)
	if old || err != nil {
		return old, err
	}
	return l.next.data(off, n)
}

// rebased returns the entry of cluster g, whose old one is was, on the new backing file.
func (b *builder) rebased(g int64, was entry) (entry, error) {
	e, im, l := b.e, b.e.im, &b.layers
	c := im.cluster()
	off, n := g*c, min(c, e.plan.Size-g*c)
	gaps := was.kind() == unallocated
	if im.Extended {
		gaps = was.kind() != packed && was.gaps()
	}
	if data, err := l.either(off, n); !gaps || !data || err != nil {
		return was, err
	}
	if l.next.b == nil && e.w == nil { // an estimate need not read what is copied in any case
		return b.fresh(g, &e.Cost.Shown)
	}
	if l.oldBuf == nil {
		l.oldBuf, l.inBuf = make([]byte, c), make([]byte, c)
	}
	for _, r := range []struct {
		b   Backing
		buf []byte
	}{{l.old.b, l.oldBuf[:n]}, {l.next.b, l.inBuf[:n]}} {
		clear(r.buf)
		if r.b == nil {
			continue
		}
		if err := readFull(r.b, r.buf, off); err != nil {
			return entry{}, err
		}
	}
	switch {
	case bytes.Equal(l.oldBuf[:n], l.inBuf[:n]):
		return was, nil
	case was == entry{} && allZero(l.oldBuf[:n]):
		return b.empty(g, nil)
	}
	return b.fresh(g, &e.Cost.Shown)
}
