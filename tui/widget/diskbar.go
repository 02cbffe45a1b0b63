package widget

import (
	"cmp"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui/styles"
)

// Segment is one part of a bar: a partition or a gap.
type Segment struct {
	Labels []string // possible labels, longest first; the first that fits is used
	Weight geometry.Sector
	Used   float64 // the share that holds data, from 0 to 1; negative if unknown
	Style  styles.Look
	Row    model.Row // the partition or the gap
	Mark   Mark
	Shade  Shade
	// Open is set if an extended partition begins before this segment, Close if one ends after it.
	Open, Close bool
}

// Mark says whether a segment is selected.
type Mark int

// The marks of a segment.
const (
	Plain Mark = iota
	Selected
	InView // no mark, but the segment stays visible if not all segments fit
)

// Shade says whether a segment is drawn with its usage.
type Shade int

// The ways to draw a segment.
const (
	Blank  Shade = iota // free space of the disk
	Shaded              // a partition
)

// leastShading is the least number of cells of shading beside a label on a bar of one line.
const leastShading = 3

// DiskBar draws segments in proportion to their size in width cells. With one row, labels and shading share it; with more
// rows the labels are above the shading. Each segment has at least one or two cells. If they do not fit, the bar shows
// the segments around the selected one, with marks at the ends.
func DiskBar(segments []Segment, width, rows int, st *styles.Styles) []string {
	if width <= 0 || rows <= 0 {
		return nil
	}
	bar := layoutBar(segments, width)
	lines := make([]string, rows)
	write := func(parts ...string) {
		for i := range lines {
			lines[i] += parts[min(i, len(parts)-1)]
		}
	}
	if bar.less > 0 {
		write(st.Muted.Render(st.Less))
	}
	between := st.Faint.Render(st.Edge)
	for i, s := range bar.segments {
		if i > 0 {
			write(edge(bar.segments[i-1], s, between, st))
		}
		write(s.draw(bar.widths[i], rows, st)...)
	}
	if bar.greater > 0 {
		write(st.Muted.Render(st.Greater))
	}
	return Pad(lines, width, rows, "")
}

// barLayout describes the visible part of a bar.
type barLayout struct {
	segments      []Segment
	from          int // the index of the first one
	widths        []int
	less, greater int // widths of the marks at the ends, in cells
}

// layoutBar selects the segments around the selected one that fit in width cells, with one cell for each segment and each
// edge.
func layoutBar(segments []Segment, width int) barLayout {
	bar := barLayout{segments: segments}
	if fits := max(1, (width-1)/2); 2*len(segments)-1 > width {
		chosen := 0
		for i, s := range segments {
			if s.Mark != Plain {
				chosen = i
			}
		}
		bar.from = min(max(0, chosen-fits/2), len(segments)-fits)
		bar.less, bar.greater = min(1, bar.from), min(1, len(segments)-fits-bar.from)
		bar.segments = segments[bar.from : bar.from+fits]
	}
	bar.widths = Share(bar.segments, width-bar.less-bar.greater-max(0, len(bar.segments)-1))
	return bar
}

// SegmentAt returns the index of the segment in cell x of a bar of width cells, or -1 if there is none.
func SegmentAt(segments []Segment, width, x int) int {
	bar := layoutBar(segments, width)
	at := bar.less
	for i, w := range bar.widths {
		if x >= at && x < at+w {
			return bar.from + i
		}
		at += w + 1
	}
	return -1
}

// edge returns the text between two neighbours: the end of an extended partition, or the usual edge.
func edge(left, right Segment, usual string, st *styles.Styles) string {
	switch {
	case right.Open:
		return st.Extended.Render(st.OpenExt)
	case left.Close:
		return st.Extended.Render(st.CloseExt)
	}
	return usual
}

// draw returns the segment in width cells and the given number of rows.
func (s Segment) draw(width, rows int, st *styles.Styles) []string {
	shade := func(n int) string { return s.shading(n, st) }
	name := s.Style.Bold(true)
	if s.Mark == Selected {
		name = name.Reverse(true)
	}
	if rows > 1 {
		return []string{title(cmp.Or(s.label(width-2), s.label(width)), width, name), shade(width)}
	}
	if s.Shade == Blank {
		return []string{title(s.label(width), width, name)}
	}
	if label := cmp.Or(s.label(width-3-leastShading), s.label(width-2)); label != "" {
		return []string{" " + name.Render(label) + " " + shade(width-2-Width(label))}
	}
	if label := s.label(width); label != "" {
		return []string{name.Render(label) + shade(width-Width(label))}
	}
	return []string{shade(width)}
}

// title returns a label, with a space around it if that fits.
func title(label string, width int, look styles.Look) string {
	switch {
	case label == "":
		return Fit("", width, "")
	case Width(label)+2 <= width:
		return Fit(" "+look.Render(label), width, "")
	}
	return Fit(look.Render(label), width, "")
}

// label returns the first label that fits in width cells, or "".
func (s Segment) label(width int) string {
	for _, text := range s.Labels {
		if Width(text) <= width {
			return text
		}
	}
	return ""
}

// shading draws how full the segment is.
func (s Segment) shading(width int, st *styles.Styles) string {
	switch {
	case width <= 0:
		return ""
	case s.Shade == Blank:
		return strings.Repeat(" ", width)
	}
	look := s.Style
	if s.Mark == Selected && s.label(width) == "" {
		look = look.Reverse(true) // no label fits that could show the selection
	}
	if s.Used < 0 {
		return look.Render(strings.Repeat(st.Unknown, width))
	}
	full := Portion(s.Used, width)
	return look.Render(strings.Repeat(st.Used, full) + strings.Repeat(st.Unused, width-full))
}

// Portion returns how many of width cells a share from 0 to 1 fills. A share above 0 fills at least one cell. A share
// below 1 leaves at least one of two or more cells empty.
func Portion(share float64, width int) int {
	n := int(share*float64(width) + 0.5)
	if share > 0 && n == 0 {
		n = 1
	}
	if share < 1 && n == width && width > 1 {
		n = width - 1
	}
	return min(max(n, 0), width)
}
