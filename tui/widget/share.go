package widget

import (
	"cmp"
	"slices"
)

// Share divides width cells among segments in proportion to their weight. Each segment gets at least the cells that its
// shortest label needs, or two, or one, whichever all can have. The widths add up to width. With fewer cells than segments
// the last segments get none.
func Share(segments []Segment, width int) []int {
	if len(segments) == 0 {
		return nil
	}
	for _, least := range []func(Segment) int{Segment.shortest, two, one} {
		floor := make([]int, len(segments))
		total := 0
		for i, s := range segments {
			floor[i] = least(s)
			total += floor[i]
		}
		if total <= width {
			return fill(segments, floor, width)
		}
	}
	out := make([]int, len(segments))
	for i := range min(len(out), max(0, width)) {
		out[i] = 1
	}
	return out
}

func one(Segment) int { return 1 }

func two(Segment) int { return 2 }

// shortest is the width of the shortest label with a cell to spare, at least two.
func (s Segment) shortest() int {
	if len(s.Labels) == 0 {
		return 2
	}
	return max(2, Width(s.Labels[len(s.Labels)-1])+1)
}

// fill divides width as close to the proportions as the floors allow: a segment whose share is below its floor gets the
// floor, the others share the rest by weight, and the cells that rounding leaves go to the largest remainders.
func fill(segments []Segment, floor []int, width int) []int {
	out := slices.Clone(floor)
	fixed := make([]bool, len(segments))
	for {
		rest, weight := width, 0.0
		for i, s := range segments {
			if fixed[i] {
				rest -= floor[i]
			} else {
				weight += float64(s.Weight)
			}
		}
		stable := true
		remainder := make([]float64, len(segments))
		sum := 0
		for i, s := range segments {
			if fixed[i] {
				continue
			}
			exact := 0.0
			if weight > 0 {
				exact = float64(s.Weight) / weight * float64(rest)
			}
			if exact < float64(floor[i]) {
				fixed[i], stable = true, false
				continue
			}
			out[i] = int(exact)
			remainder[i] = exact - float64(out[i])
			sum += out[i]
		}
		if stable {
			spread(out, fixed, remainder, rest-sum)
			return out
		}
		for i := range out {
			if fixed[i] {
				out[i] = floor[i]
			}
		}
	}
}

// spread adds one cell to each of the n segments with the largest remainders, the earlier first. If all segments are fixed,
// the last one gets all n cells.
func spread(out []int, fixed []bool, remainder []float64, n int) {
	var order []int
	for i := range out {
		if !fixed[i] {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		out[len(out)-1] += n
		return
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder[b], remainder[a]) })
	for k := range n {
		out[order[k%len(order)]]++
	}
}
