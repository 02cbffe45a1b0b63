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
	Labels []string // possible labels, best first, the shortest last; the first that fits is used
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
	Picked // selected, while the keyboard is elsewhere
	InView // no mark, but the segment stays visible if not all segments fit
)

// sign returns the character before the label of a segment with the mark, or "".
func (k Mark) sign(st *styles.Styles) string {
	switch k {
	case Selected:
		return st.Cursor
	case Picked:
		return st.Pick
	case Plain, InView:
	}
	return ""
}

// Shade says whether a segment is drawn with its usage.
type Shade int

// The ways to draw a segment.
const (
	Blank  Shade = iota // free space of the disk
	Shaded              // a partition
)

// leastShading is the least number of cells of shading beside a label on a bar of one line: one for the used part, one for
// the rest.
const leastShading = 2

// DiskBar draws segments in proportion to their size in width cells. With one row, labels and shading share it; with more
// rows the labels are above the shading. Each partition has room for its number. If that is not possible, the bar shows
// a part of the disk, the one with the selected segment, with marks at the ends.
func DiskBar(segments []Segment, width, rows int, st *styles.Styles) []string {
	if width <= 0 || rows <= 0 {
		return nil
	}
	bar := layoutBar(segments, width)
	drawn := make([]strings.Builder, rows)
	write := func(parts ...string) {
		for i := range drawn {
			drawn[i].WriteString(parts[min(i, len(parts)-1)])
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
	lines := make([]string, rows)
	for i := range lines {
		lines[i] = Fit(drawn[i].String(), width, "")
	}
	return lines
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

// name returns the look of the label.
func (s Segment) name() styles.Look {
	return s.Style.Bold(true).Reverse(s.Mark == Selected)
}

// tightLabel returns the label in a segment without room for spaces. If the segment is selected, the mark stands before
// the label if it fits, and alone where no label does.
func (s Segment) tightLabel(width int, st *styles.Styles) string {
	label := s.label(width)
	if sign := s.Mark.sign(st); sign != "" && (label == "" || s.label(width-1) != "") {
		return sign + s.label(width-1)
	}
	return label
}

// padded reports whether the segment has room for a label with a space on both sides.
func (s Segment) padded(width int) bool { return s.label(width-2) != "" }

// draw returns the segment in width cells and the given number of rows.
func (s Segment) draw(width, rows int, st *styles.Styles) []string {
	shade := func(n int) string { return s.shading(n, st) }
	switch {
	case rows > 1:
		return []string{s.title(width, st), shade(width)}
	case s.Shade == Blank:
		return []string{s.title(width, st)}
	}
	if label := cmp.Or(s.label(width-3-leastShading), s.label(width-2)); label != "" {
		return []string{s.marked(label, st) + " " + shade(width-2-Width(label))}
	}
	if label := s.tightLabel(width, st); label != "" {
		rest := width - Width(label)
		if rest < leastShading {
			return []string{s.name().Render(label) + strings.Repeat(" ", max(0, rest))} // one cell would say full or empty
		}
		return []string{s.name().Render(label) + shade(rest)}
	}
	return []string{shade(width)}
}

// marked returns a label with the cell before it, which shows the selection even without colours.
func (s Segment) marked(label string, st *styles.Styles) string {
	if sign := s.Mark.sign(st); sign != "" {
		return s.name().Render(sign + label)
	}
	return " " + s.name().Render(label)
}

// title returns the label in width cells, with a space around it if that fits.
func (s Segment) title(width int, st *styles.Styles) string {
	if s.padded(width) {
		return Fit(s.marked(s.label(width-2), st), width, "")
	}
	label := s.tightLabel(width, st)
	if label == "" {
		return Fit("", width, "")
	}
	return Fit(s.name().Render(label), width, "")
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
	if s.Mark.sign(st) != "" && s.label(width) == "" {
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
