package widget

import "slices"

// barLayout describes the visible part of a bar.
type barLayout struct {
	segments      []Segment
	from          int // the index of the first one
	widths        []int
	less, greater int // widths of the marks at the ends, in cells
}

// layoutBar selects the segments that fit in width cells with their labels and an edge between neighbours. If not all do,
// the bar is divided into pages, and the one with the marked segment is chosen. So the bar stands still while the
// cursor moves within a page, and little is sent to the terminal. On a crowded bar the marked segment alone has a cell
// for its mark.
func layoutBar(segments []Segment, width int) barLayout {
	bar := barLayout{segments: segments}
	spare := 0
	if crowded(segments, width) {
		width, spare = width-1, 1
	}
	if page(segments, width) < len(segments) {
		to := 0
		bar.from, to = markedPage(segments, width)
		bar.less, bar.greater = min(1, bar.from), min(1, len(segments)-to)
		bar.segments = segments[bar.from:to]
	}
	bar.widths = Share(bar.segments, width-bar.less-bar.greater-max(0, len(bar.segments)-1))
	if len(bar.widths) > 0 {
		bar.widths[max(0, marked(bar.segments))] += spare
	}
	return bar
}

// crowded reports whether segments with their edges have no cells beside their labels in width cells.
func crowded(segments []Segment, width int) bool {
	cells := len(segments) - 1
	for _, s := range segments {
		cells += s.tight()
	}
	return cells > width
}

// marked returns the index of the marked segment, or -1.
func marked(segments []Segment) int {
	return slices.IndexFunc(segments, func(s Segment) bool { return s.Mark != Plain })
}

// page returns how many of the segments fit in width cells, at least one.
func page(segments []Segment, width int) int {
	cells := -1
	for i, s := range segments {
		if cells += 1 + s.bare(); cells > width && i > 0 {
			return i
		}
	}
	return len(segments)
}

// markedPage returns the segments [from, to) of the page with the marked segment, with room for marks at its ends. The
// last page begins earlier if it has room.
func markedPage(segments []Segment, width int) (from, to int) {
	chosen := marked(segments)
	for to = page(segments, width-1); to <= chosen; to += page(segments[to:], width-2) {
		from = to
	}
	for to == len(segments) && from > 0 && page(segments[from-1:], width-1) == to-from+1 {
		from--
	}
	return from, to
}
