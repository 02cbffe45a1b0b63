package widget

import (
	"cmp"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui/styles"
)

// Between returns a bar on its way from one disk to another; t goes from 0 to 1. Partitions glide to their new place and
// size, new ones grow, and removed ones shrink. free is the look of unallocated space. from and to come from
// DiskSegments.
func Between(from, to []Segment, t float64, free styles.Look) []Segment {
	was := map[model.PartID]Segment{}
	for _, s := range from {
		if s.Row.Kind == model.RowPartition {
			was[s.Row.Partition.ID] = s
		}
	}
	var parts []Segment
	for _, s := range to {
		if s.Row.Kind == model.RowPartition {
			begin := geometry.SpanOf(s.Row.Span.Start, 0)
			if old, ok := was[s.Row.Partition.ID]; ok {
				begin = old.Row.Span
			}
			delete(was, s.Row.Partition.ID)
			parts = append(parts, s.glide(begin, s.Row.Span, t))
		}
	}
	for _, s := range was {
		parts = append(parts, s.glide(s.Row.Span, geometry.SpanOf(s.Row.Span.Start, 0), t))
	}
	slices.SortStableFunc(parts, func(a, b Segment) int { return cmp.Compare(a.Row.Span.Start, b.Row.Span.Start) })
	return filled(parts, onTheWay(total(from), total(to), t), free)
}

// glide returns the segment on the way from one span to another.
func (s Segment) glide(from, to geometry.Span, t float64) Segment {
	s.Row.Span = geometry.Span{Start: onTheWay(from.Start, to.Start, t), End: onTheWay(from.End, to.End, t)}
	return s
}

// onTheWay returns the number at the share t of the way from a to b.
func onTheWay(a, b geometry.Sector, t float64) geometry.Sector {
	return a + geometry.Sector(float64(b-a)*t)
}

func total(segments []Segment) geometry.Sector {
	n := geometry.Sector(0)
	for _, s := range segments {
		n += s.Weight
	}
	return n
}

// filled returns the partitions in order, with free space between them and up to the end. If two of them overlap, the
// later one is shortened.
func filled(parts []Segment, end geometry.Sector, free styles.Look) []Segment {
	var out []Segment
	at := geometry.Sector(0)
	gap := func(to geometry.Sector) {
		if to > at {
			out = append(out, Segment{Weight: to - at, Used: -1, Shade: Blank, Style: free})
		}
		at = max(at, to)
	}
	for _, s := range parts {
		gap(s.Row.Span.Start)
		s.Weight = max(1, s.Row.Span.End-at)
		at += s.Weight
		out = append(out, s)
	}
	gap(end)
	return out
}
