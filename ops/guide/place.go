package guide

import (
	"cmp"
	"slices"

	"shunt/geometry"
)

// shares divides the burden of shrinking: share 0 shrinks an item to its smallest length, share shares does not shrink
// it.
const shares = 1 << 20

// length returns the length of item i after a. share says how much it keeps of the space that it could give.
func (l *line) length(i int, a act, share int64) geometry.Sector {
	it := &l.items[i]
	switch {
	case i == l.target:
		return max(l.want, it.span.Len())
	case a&shrunk == 0:
		return it.span.Len()
	}
	spare := int64(it.span.Len() - it.least)
	kept := it.least + geometry.Sector(spare/shares*share+spare%shares*share/shares)
	if a&moved != 0 {
		return min(l.up(kept), it.span.Len())
	}
	return min(l.up(it.span.Start+kept)-it.span.Start, it.span.Len())
}

// spot returns the place of item i after a, behind what is taken. An item that moves goes as far left as possible. ok is
// false if it cannot be there, or if the move would leave it where it is.
func (l *line) spot(t taken, i int, a act, length geometry.Sector) (at geometry.Span, ok bool) {
	it := &l.items[i]
	low := geometry.Sector(0)
	if it.kind == closing {
		low = l.lowestEnd(it, t.opened)
	}
	if a&moved == 0 {
		return geometry.SpanOf(it.span.Start, length), max(t.front+it.stayGap, low) <= it.span.Start
	}
	start := max(t.front+it.moveGap, low)
	if it.kind != closing {
		start = max(l.up(start), l.lowest)
	}
	if !it.keep.Empty() {
		// An extended partition with contents must enclose them.
		return geometry.Span{Start: start, End: max(start+length, it.keep.End)}, start <= it.keep.Start && start != it.span.Start
	}
	return geometry.SpanOf(start, length), a&hopped != 0 || start != it.span.Start
}

// spotted is a deed with the final place of its item.
type spotted struct {
	deed
	span geometry.Span
}

// layout holds the final place of every item.
type layout struct {
	spots []spotted
	// sectors is the final length of the image.
	sectors geometry.Sector
}

// compare orders layouts that are equally good.
func (at layout) compare(other layout) int {
	return cmp.Or(
		slices.CompareFunc(at.spots, other.spots, func(a, b spotted) int {
			return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.span.Start, b.span.Start), cmp.Compare(a.span.End, b.span.End))
		}),
		cmp.Compare(at.sectors, other.sectors),
	)
}

// place finds positions for deeds. Items that shrink give only what the target needs, each in proportion to what it could
// give. Items that move stay as near to their old place as possible. Everything ends at or before bound. Without a target
// the image ends where its contents end.
func (l *line) place(deeds []deed, bound geometry.Sector) (layout, bool) {
	share := int64(0)
	if _, _, ok := l.earliest(deeds, 0); !ok {
		return layout{}, false
	}
	for step := int64(shares); step > 0; step /= 2 {
		if l.target < 0 || share+step > shares {
			continue
		}
		if _, front, ok := l.earliest(deeds, share+step); ok && front <= bound {
			share += step
		}
	}
	first, front, ok := l.earliest(deeds, share)
	if !ok {
		return layout{}, false
	}
	at := layout{sectors: l.disk.Sectors}
	bound = l.end
	if front > l.end || l.target < 0 {
		grain := geometry.AlignMiB
		at.sectors = grain.Up(front+l.disk.Tail(), l.disk.SectorSize)
		bound = at.sectors - l.disk.Tail()
	}
	at.spots = l.spread(deeds, share, first, bound)
	l.roundTarget(at.spots, bound)
	return at, true
}

// earliest returns the start of each item if everything is as far left as its deed allows, and the end of the last one.
func (l *line) earliest(deeds []deed, share int64) (starts []geometry.Sector, front geometry.Sector, ok bool) {
	t := taken{front: l.start}
	starts = make([]geometry.Sector, len(deeds))
	for j, d := range deeds {
		a := d.act
		if a&moved != 0 {
			a |= hopped // after a change of lengths its start may be the old one
		}
		span, ok := l.spot(t, d.item, a, l.length(d.item, d.act, share))
		if !ok {
			return nil, 0, false
		}
		starts[j] = span.Start
		t = t.add(&l.items[d.item], span)
	}
	return starts, t.front, t.front <= l.far
}

// latest returns the start of each item if everything is as far right as its deed allows and the last one ends at bound.
func (l *line) latest(deeds []deed, share int64, bound geometry.Sector) []geometry.Sector {
	starts := make([]geometry.Sector, len(deeds))
	_, shut := l.extended(deeds)
	for j := len(deeds) - 1; j >= 0; j-- {
		it := &l.items[deeds[j].item]
		if deeds[j].act&moved == 0 {
			starts[j], bound = it.span.Start, it.span.Start-it.stayGap
			continue
		}
		starts[j] = bound - l.length(deeds[j].item, deeds[j].act, share)
		if it.kind == opening {
			starts[j] = min(starts[j], l.highestStart(it, starts[shut]))
		}
		if it.kind != closing {
			starts[j] = l.down(starts[j])
		}
		if !it.keep.Empty() {
			starts[j] = min(starts[j], it.keep.Start)
		}
		bound = starts[j] - it.moveGap
	}
	return starts
}

// spread puts each item as near to its old place as possible: first the target, then the items behind it from left to
// right, then the items before it from right to left.
func (l *line) spread(deeds []deed, share int64, first []geometry.Sector, bound geometry.Sector) []spotted {
	last := l.latest(deeds, share, bound)
	open, shut := l.extended(deeds)
	spots := make([]spotted, len(deeds))
	put := func(j int, start geometry.Sector) {
		it := &l.items[deeds[j].item]
		if deeds[j].act&moved == 0 {
			start = it.span.Start
		}
		spots[j] = spotted{deeds[j], geometry.SpanOf(start, l.length(deeds[j].item, deeds[j].act, share))}
		spots[j].span.End = max(spots[j].span.End, it.keep.End)
	}
	t := 0
	for j, d := range deeds {
		if d.item == l.target {
			t = j
		}
	}
	for j := t; j < len(deeds); j++ {
		it, low := &l.items[deeds[j].item], first[j]
		if j > t {
			low = spots[j-1].span.End + it.moveGap
			if it.kind != closing {
				low = l.up(low)
			}
		}
		if it.kind == closing {
			start := first[open]
			if open >= t {
				start = spots[open].span.Start
			}
			low = max(low, l.lowestEnd(it, start))
		}
		put(j, max(low, min(it.span.Start, last[j])))
	}
	for j := t - 1; j >= 0; j-- {
		it, next := &l.items[deeds[j].item], &l.items[deeds[j+1].item]
		gap := next.stayGap
		if deeds[j+1].act&moved != 0 {
			gap = next.moveGap
		}
		high := spots[j+1].span.Start - gap - l.length(deeds[j].item, deeds[j].act, share)
		if it.kind == opening {
			high = min(high, l.highestStart(it, spots[shut].span.Start))
		}
		if it.kind != closing {
			high = l.down(high)
		}
		put(j, min(high, max(it.span.Start, first[j])))
	}
	return spots
}

// roundTarget moves the end of the target to a grid line if nothing is in the way.
func (l *line) roundTarget(spots []spotted, bound geometry.Sector) {
	for j := range spots {
		if spots[j].item != l.target {
			continue
		}
		if j+1 < len(spots) {
			next := &l.items[spots[j+1].item]
			bound = spots[j+1].span.Start - next.stayGap
			if spots[j+1].act&moved != 0 {
				bound = spots[j+1].span.Start - next.moveGap
			}
		}
		p := l.items[l.target].part
		bound = min(bound, spots[j].span.Start+l.longestLen(p))
		if end := l.up(spots[j].span.End); end <= bound {
			spots[j].span.End = end
		}
	}
}

// longest returns the line with the largest possible length of the target as its wish. It stays within the limits,
// without hops and with only the shrinking that the limits allow. ok is false if the target cannot grow.
func (l line) longest(within limits) (line, bool) {
	it := &l.items[l.target]
	fits := func(want geometry.Sector) bool {
		l.want = want
		t := taken{front: l.start}
		for i := range l.items {
			span, ok := l.squeezed(t, i, within)
			if !ok {
				return false
			}
			t = t.add(&l.items[i], span)
		}
		return t.front <= l.end
	}
	low, high := it.span.Len(), min(l.longestLen(it.part), l.end-l.start)
	if !fits(low) {
		return l, false
	}
	for low < high {
		if mid := high - (high-low)/2; fits(mid) {
			low = mid
		} else {
			high = mid - 1
		}
	}
	l.want = l.onGrid(low)
	if claim := l.disk.Reach(it.part).Len(); l.want < claim {
		l.want = min(claim, low) // its file system need not end on the grid
	}
	return l, l.want > it.span.Len()
}

// onGrid returns the largest length up to n with which the target ends on a grid line. The target starts where it is or
// on a grid line.
func (l *line) onGrid(n geometry.Sector) geometry.Sector {
	start := l.items[l.target].span.Start
	if end := l.down(start + n); end > l.items[l.target].span.End && l.up(start) != start {
		return end - start
	}
	return l.down(n)
}

// squeezed returns the place of item i as far to the left as the limits allow.
func (l *line) squeezed(t taken, i int, within limits) (geometry.Span, bool) {
	it := &l.items[i]
	side := moveSelf
	switch {
	case i < l.target:
		side = moveBefore
	case i > l.target:
		side = moveAfter
	}
	less := act(0)
	if within.shrunk == i+1 {
		less = shrunk
	}
	stay, stays := l.spot(t, i, less, l.length(i, less, 0))
	if it.kind != body || it.stuck.OK() && within.means.has(side) && within.spared != i+1 {
		if move, ok := l.spot(t, i, moved|hopped, l.length(i, moved|less, 0)); ok && (!stays || move.End < stay.End) {
			return move, true
		}
	}
	return stay, stays
}
