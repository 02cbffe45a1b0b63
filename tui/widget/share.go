package widget

import (
	"cmp"
	"slices"
)

// floors return the least width of a segment, from roomy to tight.
var floors = [...]func(Segment) int{Segment.shortest, Segment.tight, Segment.bare}

// Share divides width cells among segments in proportion to their weight. Each segment gets at least the cells that its
// shortest label needs. If that is too much, free space gets at least one, and then partitions no space beside the label.
// Where even this does not fit, each segment gets one cell, and with fewer cells than segments the last ones none. The
// widths add up to width.
func Share(segments []Segment, width int) []int {
	if len(segments) == 0 {
		return nil
	}
	for _, least := range append(floors[:], func(Segment) int { return 1 }) {
		floor := make([]int, len(segments))
		total := 0
		for i, s := range segments {
			floor[i] = least(s)
			total += floor[i]
		}
		if total <= width {
			return fill(segments, floor, width-total)
		}
	}
	out := make([]int, len(segments))
	for i := range min(len(out), max(0, width)) {
		out[i] = 1
	}
	return out
}

// shortest returns the width of the shortest label plus one cell, at least two.
func (s Segment) shortest() int { return max(2, s.bareLabel()+1) }

// tight is like shortest, but free space needs one cell.
func (s Segment) tight() int {
	if s.Shade == Blank {
		return 1
	}
	return s.shortest()
}

// bare is like tight, without a cell beside the label.
func (s Segment) bare() int {
	if s.Shade == Blank {
		return 1
	}
	return max(1, s.bareLabel())
}

func (s Segment) bareLabel() int {
	if len(s.Labels) == 0 {
		return 0
	}
	return Width(s.Labels[len(s.Labels)-1])
}

// fill divides the cells as close to the proportions as the floors allow: a segment whose share is below its floor gets
// the floor, and the others share the rest by weight. Cells left by rounding go to the largest remainders, earlier ones
// first.
func fill(segments []Segment, floor []int, cells int) []int {
	var free []int // the segments above their floors
	for i := range segments {
		free = append(free, i)
	}
	exact := make([]float64, len(segments))
	for fixed := -1; fixed != 0; {
		rest, weight := cells, 0.0
		for _, i := range free {
			rest += floor[i]
			weight += float64(segments[i].Weight)
		}
		for _, i := range free {
			exact[i] = float64(segments[i].Weight) / max(1, weight) * float64(rest)
		}
		fixed = len(free)
		free = slices.DeleteFunc(free, func(i int) bool { return exact[i] < float64(floor[i]) })
		fixed -= len(free)
	}
	out := slices.Clone(floor)
	if len(free) == 0 {
		out[len(out)-1] += cells
		return out
	}
	for _, i := range free {
		out[i] = int(exact[i])
		cells -= out[i] - floor[i]
	}
	remainder := func(i int) float64 { return exact[i] - float64(out[i]) }
	slices.SortStableFunc(free, func(a, b int) int { return cmp.Compare(remainder(b), remainder(a)) })
	for k := range cells {
		out[free[k%len(free)]]++
	}
	return out
}
