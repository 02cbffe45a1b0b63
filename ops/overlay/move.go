package overlay

import (
	"cmp"
	"slices"
)

// Move makes [to, to+n) show what [from, from+n) showed; the two may overlap. The ranges in free, counted from from and in
// any order, hold nothing that is needed: they become Free in the new place. What is left behind and not covered by the new
// place becomes Free as well. No byte is read or written. If either place is not wholly within the disk, the move is
// refused and nothing is changed. With from equal to to nothing happens.
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

// taken is what lies within [from, from+n), with the free ranges taken out.
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

// within is the given ranges, sorted, as far as they hold bytes of [0, n).
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
