package image

import (
	"bytes"
	"sync"

	"shunt/model/tried"
	"shunt/ops/fsys"
	"shunt/ops/overlay"
	"shunt/ops/report"
	"shunt/ops/target"
)

const (
	diffBlock  = 1 << 20 // bytes that are read at a time
	diffGrain  = 512     // bytes of one piece of a range
	firstShown = 8       // ranges that are kept
)

// area compares a region.
func (d *differ) area(r region) (out report.AreaDiff, err error) {
	out = report.AreaDiff{Name: r.name, First: []report.DiffRange{}}
	if r.part {
		out.Contents = r.fs[0].Word()
		if other := r.fs[1].Word(); other != out.Contents {
			out.Contents += " / " + other
		}
	}
	t := tally{d: d, r: r, out: &out}
	if err := t.run(); err != nil {
		return out, err
	}
	if out.Bytes == 0 && out.Free > 0 && !d.freeSure(r) {
		out.Bytes, out.Free = out.Free, 0 // the map of blocks and the files may contradict each other
		out.First, out.Ranges = []report.DiffRange{}, 0
	}
	if out.Bytes > 0 && r.part && r.fs[0].Known() && r.fs[1].Known() {
		d.files(r, &out)
	}
	return out, nil
}

// freeSure reports whether blocks that the maps of both file systems call free belong to no file.
func (d *differ) freeSure(r region) bool {
	if fsys.FreeCertain(r.fs[0].Kind) {
		return true
	}
	d.tell("checking " + r.name)
	return d.sides[0].Sound(d.ctx, r.id[0]) && d.sides[1].Sound(d.ctx, r.id[1])
}

// A tally compares a region and counts what differs.
type tally struct {
	d    *differ
	r    region
	out  *report.AreaDiff
	free []overlay.Range // blocks that are free in both, in order; nil until it is needed
	read bool            // free is known
	last int64           // where the last range ends
}

func (t *tally) run() error {
	seek := [2]seeker{{t.d.sides[0].Content(), t.r.at[0], 0, 0, false}, {t.d.sides[1].Content(), t.r.at[1], 0, 0, false}}
	bufs := [2][]byte{make([]byte, diffBlock), make([]byte, diffBlock)}
	t.last = -1
	for at := int64(0); at < t.r.n; {
		if err := t.d.ctx.Err(); err != nil {
			return err
		}
		x, err := seek[0].next(at, t.r.n)
		if err != nil {
			return err
		}
		y, err := seek[1].next(at, t.r.n)
		if err != nil {
			return err
		}
		if at = min(x, y); at >= t.r.n {
			return nil
		}
		n := min(diffBlock, t.r.n-at)
		if err := t.fill(seek, bufs, at, n); err != nil {
			return err
		}
		if a, b := bufs[0][:n], bufs[1][:n]; !bytes.Equal(a, b) {
			if err := t.count(a, b, at); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}

// fill reads the same part of both disks at once.
func (t *tally) fill(seek [2]seeker, bufs [2][]byte, at, n int64) error {
	var errs [2]error
	var both sync.WaitGroup
	for i := range seek {
		both.Go(func() { errs[i] = seek[i].read(bufs[i][:n], at) })
	}
	both.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// count counts the bytes in which a and b differ, which lie at off of the region.
func (t *tally) count(a, b []byte, off int64) error {
	for i := 0; i < len(a); i += diffGrain {
		end := min(i+diffGrain, len(a))
		if bytes.Equal(a[i:end], b[i:end]) {
			continue
		}
		n := int64(0)
		for k := i; k < end; k++ {
			if a[k] != b[k] {
				n++
			}
		}
		from, to := off+int64(i), off+int64(end)
		free, err := t.isFree(from, to)
		if err != nil {
			return err
		}
		if free {
			t.out.Free += n
			continue
		}
		t.out.Bytes += n
		if from != t.last {
			t.out.Ranges++
		}
		switch shown := len(t.out.First); {
		case from == t.last && shown > 0 && int64(shown) == t.out.Ranges:
			t.out.First[shown-1].Len += to - from
		case from != t.last && shown < firstShown:
			t.out.First = append(t.out.First, report.DiffRange{Off: from, Len: to - from})
		}
		t.last = to
	}
	return nil
}

// isFree reports whether a piece of the region lies in blocks that are free in both file systems.
func (t *tally) isFree(from, to int64) (bool, error) {
	if !t.read {
		t.read = true
		if a, b := t.r.fs[0], t.r.fs[1]; t.r.part && t.r.same && a.Kind == b.Kind && a.Known() {
			var lists [2][]overlay.Range
			for i := range lists {
				list, err := fsys.EveryFree(t.d.sides[i].Content(), a.Kind, t.r.at[i], t.r.n)
				if err != nil {
					return false, err
				}
				lists[i] = list
			}
			t.free = inBoth(lists[0], lists[1])
		}
	}
	for len(t.free) > 0 && t.free[0].End() <= from { // pieces come in order
		t.free = t.free[1:]
	}
	return len(t.free) > 0 && t.free[0].Off <= from && to <= t.free[0].End(), nil
}

// inBoth returns the ranges that lie in both lists.
func inBoth(a, b []overlay.Range) (list []overlay.Range) {
	for len(a) > 0 && len(b) > 0 {
		from, to := max(a[0].Off, b[0].Off), min(a[0].End(), b[0].End())
		if from < to {
			list = append(list, overlay.Range{Off: from, Len: to - from})
		}
		if a[0].End() < b[0].End() {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return list
}

// A seeker finds and reads what is not zero in a region of one disk.
type seeker struct {
	dev        target.Device
	base       int64 // of the region on the disk, or beyond
	start, end int64 // the last run of data, on the disk
	known      bool
}

// next returns the next place at or behind at, within the n bytes of the region, that may hold anything but zeros.
func (s *seeker) next(at, n int64) (int64, error) {
	if s.base == beyond {
		return n, nil
	}
	if off := s.base + at; !s.known || off >= s.end {
		start, end, err := s.dev.Data(off)
		if err != nil {
			return 0, err
		}
		s.start, s.end, s.known = start, end, true
		if start == end { // there is no more
			s.end = s.base + n
			s.start = s.end
		}
	}
	return max(at, min(s.start-s.base, n)), nil
}

// read reads a part of the region.
func (s seeker) read(p []byte, at int64) error {
	if s.base == beyond {
		clear(p)
		return nil
	}
	n, err := s.dev.ReadAt(p, s.base+at)
	if n == len(p) {
		return nil
	}
	return tried.Errorf("read byte %d: %w", s.base+at, err)
}
