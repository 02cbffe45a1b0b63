package widget

// barLayout describes the visible part of a bar.
type barLayout struct {
	segments      []Segment
	from          int // the index of the first one
	widths        []int
	less, greater int // widths of the marks at the ends, in cells
}

// layoutBar selects the segments that fit in width cells with their labels and an edge between neighbours. If not all do,
// the bar is divided into pages, and the one with the marked segment is chosen. So the bar stands still while the
// cursor moves within a page, and little is sent to the terminal.
func layoutBar(segments []Segment, width int) barLayout {
	bar := barLayout{segments: segments}
	if page(segments, width) < len(segments) {
		to := 0
		bar.from, to = markedPage(segments, width)
		bar.less, bar.greater = min(1, bar.from), min(1, len(segments)-to)
		bar.segments = segments[bar.from:to]
	}
	bar.widths = Share(bar.segments, width-bar.less-bar.greater-max(0, len(bar.segments)-1))
	return bar
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
	chosen := 0
	for i, s := range segments {
		if s.Mark != Plain {
			chosen = i
		}
	}
	for to = page(segments, width-1); to <= chosen; to += page(segments[to:], width-2) {
		from = to
	}
	for to == len(segments) && from > 0 && page(segments[from-1:], width-1) == to-from+1 {
		from--
	}
	return from, to
}
