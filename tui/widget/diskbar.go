package widget

import (
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui/styles"
)

// Segment is one stretch of a bar: a partition or a gap.
type Segment struct {
	Labels []string // what to write on it, best first, shortest last; what fits is taken
	Weight geometry.Sector
	Used   float64 // share that holds data, from 0 to 1; negative if that cannot be told
	Style  styles.Look
	Row    model.Row // what it stands for
	Mark   Mark
	Shade  Shade
	// Open and Close say that the extended partition begins before, and ends behind this segment.
	Open, Close bool
}

// Mark says whether a segment is the selected one.
type Mark int

// The marks.
const (
	Plain Mark = iota
	Selected
	InView // where not all segments fit this one is among those that are shown, as the selected one is
)

// Shade says whether a segment is drawn with its usage.
type Shade int

// The shades.
const (
	Blank  Shade = iota // free space of the disk
	Shaded              // a partition
)

// leastShading is how many cells of shading stay visible beside a label on a bar of one line.
const leastShading = 3

// DiskBar draws segments in proportion in width cells. With one row the label and the shading share it;
// with more rows the labels stand above the shading. No segment vanishes: each keeps a cell or two, and
// where even that is impossible the segments around the selected one are shown, with marks at the ends.
func DiskBar(segments []Segment, width, rows int, st *styles.Styles) []string {
	if width <= 0 || rows <= 0 {
		return nil
	}
	segments, _, widths, before, after := placeBar(segments, width)
	lines := make([]strings.Builder, rows)
	write := func(parts ...string) {
		for i := range lines {
			lines[i].WriteString(parts[min(i, len(parts)-1)])
		}
	}
	if before != "" {
		write(st.Muted.Render(st.Less))
	}
	between := st.Faint.Render(st.Edge)
	for i, s := range segments {
		if i > 0 {
			write(edge(segments[i-1], s, between, st))
		}
		write(s.draw(widths[i], len(lines), st)...)
	}
	if after != "" {
		write(st.Muted.Render(st.Greater))
	}
	out := make([]string, len(lines))
	for i := range lines {
		out[i] = Fit(lines[i].String(), width, "")
	}
	return out
}

// placeBar chooses the segments that a bar of width cells shows, and how wide each is. from is the first one's index.
func placeBar(segments []Segment, width int) (shown []Segment, from int, widths []int, before, after string) {
	shown, from, before, after = window(segments, width)
	room := width - len(before) - len(after)
	return shown, from, Share(shown, room-max(0, len(shown)-1)), before, after
}

// SegmentAt is the index of the segment in cell x of a bar of width cells, -1 if there is none.
func SegmentAt(segments []Segment, width, x int) int {
	_, from, widths, before, _ := placeBar(segments, width)
	at := len(before)
	for i, w := range widths {
		if x >= at && x < at+w {
			return from + i
		}
		at += w + 1
	}
	return -1
}

// edge is what stands between two neighbours, in most cases what is usual.
func edge(left, right Segment, usual string, st *styles.Styles) string {
	switch {
	case right.Open:
		return st.Extended.Render(st.OpenExt)
	case left.Close:
		return st.Extended.Render(st.CloseExt)
	}
	return usual
}

// window cuts the list of segments to a run around the selected one that fits width cells with one cell
// for each segment and each edge. before and after are not empty where something was cut.
func window(segments []Segment, width int) (shown []Segment, from int, before, after string) {
	if 2*len(segments)-1 <= width {
		return segments, 0, "", ""
	}
	fits := max(1, (width-1)/2)
	chosen := 0
	for i, s := range segments {
		if s.Mark != Plain {
			chosen = i
		}
	}
	from = min(max(0, chosen-fits/2), len(segments)-fits)
	if from > 0 {
		before = "<"
	}
	if from+fits < len(segments) {
		after = ">"
	}
	return segments[from : from+fits], from, before, after
}

// draw is the segment in width cells and the given number of lines.
func (s Segment) draw(width, rows int, st *styles.Styles) []string {
	shade := func(n int) string { return s.shading(n, st) }
	name := s.Style.Bold(true)
	if s.Mark == Selected {
		name = name.Reverse(true)
	}
	if rows > 1 {
		label := s.label(width - 2)
		if label == "" {
			label = s.label(width)
			return []string{s.title(label, width, name), shade(width)}
		}
		return []string{" " + name.Render(label) + strings.Repeat(" ", width-1-Width(label)), shade(width)}
	}
	if s.Shade == Blank {
		return []string{s.title(s.label(width), width, name)}
	}
	label := s.label(width - 3 - leastShading)
	if label == "" {
		label = s.label(width - 2)
	}
	if label == "" {
		label = s.label(width)
		if label == "" {
			return []string{shade(width)}
		}
		return []string{name.Render(label) + shade(width-Width(label))}
	}
	return []string{" " + name.Render(label) + " " + shade(width-2-Width(label))}
}

// title is a label with a space around it where there is room for that.
func (s Segment) title(label string, width int, name styles.Look) string {
	if label == "" {
		return strings.Repeat(" ", max(0, width))
	}
	if Width(label)+2 <= width {
		return " " + name.Render(label) + strings.Repeat(" ", width-1-Width(label))
	}
	return name.Render(label) + strings.Repeat(" ", max(0, width-Width(label)))
}

// label is the first label that fits in width cells, or "".
func (s Segment) label(width int) string {
	for _, text := range s.Labels {
		if Width(text) <= width {
			return text
		}
	}
	return ""
}

// shading is width cells that show how full the segment is.
func (s Segment) shading(width int, st *styles.Styles) string {
	switch {
	case width <= 0:
		return ""
	case s.Shade == Blank:
		return strings.Repeat(" ", width)
	}
	look := s.Style
	if s.Mark == Selected && s.label(width) == "" {
		look = look.Reverse(true) // there is no label that could show it
	}
	if s.Used < 0 {
		return look.Render(strings.Repeat(st.Unknown, width))
	}
	full := Portion(s.Used, width)
	return look.Render(strings.Repeat(st.Used, full) + strings.Repeat(st.Unused, width-full))
}

// Portion is how many of width cells a share from 0 to 1 fills. What is more than nothing fills at least
// one cell, and what is less than everything leaves at least one, where there are cells for that.
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
