package overlay

import (
	"cmp"
	"slices"
)

// Move makes [to, to+n) show what [from, from+n) showed. The two may overlap. The ranges in free, counted from the byte at
// from and in any order, are not needed and become Free at the new place. The part of the old place that the new one does
// not cover becomes Free as well. No byte is read or written. If either place is not wholly within the disk, nothing is
// changed. If from equals to, Move does nothing.
func (o *Overlay) Move(from, to, n int64, free []Range) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.inside("move away", from, n); err != nil {
		return err
	}
	if err := o.inside("move to", to, n); err != nil {
		return err
	}
	if from == to || n == 0 {
		return nil
	}
	moved := o.taken(from, n, free)
	for i := range moved {
		moved[i].Off += to - from
	}
	o.extents.set(Extent{Off: from, Len: n, Kind: Free})
	o.extents.set(moved...)
	return nil
}

// taken returns the extents within [from, from+n), with the free ranges marked as Free.
func (o *Overlay) taken(from, n int64, free []Range) []Extent {
	free = within(n, free)
	var out merger
	for e := range o.extents.walk(from, n) {
		at := e.Off
		for at < e.End() {
			for len(free) > 0 && from+free[0].End() <= at {
				free = free[1:]
			}
			if len(free) == 0 || from+free[0].Off >= e.End() {
				break
			}
			hole := Range{Off: max(at, from+free[0].Off)}
			hole.Len = min(e.End(), from+free[0].End()) - hole.Off
			out.add(e.clip(at, hole.Off))
			out.add(Extent{Off: hole.Off, Len: hole.Len, Kind: Free})
			at = hole.End()
		}
		out.add(e.clip(at, e.End()))
	}
	return out.out
}

// within returns the ranges sorted and clipped to [0, n).
func within(n int64, ranges []Range) []Range {
	var out []Range
	for _, r := range ranges {
		lo, hi := max(0, r.Off), min(n, saturate(r.Off, r.Len))
		if lo < hi {
			out = append(out, Range{Off: lo, Len: hi - lo})
		}
	}
	slices.SortFunc(out, func(a, b Range) int { return cmp.Compare(a.Off, b.Off) })
	return out
}

// Forget says that nobody needs what was moved into [off, off+n): such bytes become those that the base has there, and behind keep,
// where the base counts as cut off, Free. Bytes that were written stay. Parts outside of the disk are ignored.
func (o *Overlay) Forget(off, n, keep int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	off, n = max(0, off), min(saturate(off, n), o.size)-max(0, off)
	if n <= 0 {
		return
	}
	var out merger
	for e := range o.extents.walk(off, n) {
		if e.Kind != Base || e.Unchanged() {
			out.add(e)
			continue
		}
		at := min(max(keep, e.Off), e.End())
		out.add(Extent{Off: e.Off, Len: at - e.Off, Kind: Base, Src: e.Off})
		out.add(Extent{Off: at, Len: e.End() - at, Kind: Free})
	}
	o.extents.set(out.out...)
}
