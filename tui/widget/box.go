package widget

import (
	"strings"

	"shunt/tui/styles"
)

// Frame is the border of a box and the texts in it.
type Frame struct {
	Title  string // in the upper edge, at the left
	Mark   string // behind the title, in the look Marked
	Corner string // in the upper edge, at the right
	Foot   string // in the lower edge, at the right
	// Edge and Name are the looks of the border and the title.
	Edge, Name, Marked styles.Look
}

// Box draws lines inside a border. It is width cells wide and height lines high, including the border and a space at each
// side. Lines that do not fit are left out.
func Box(lines []string, f Frame, width, height int, st *styles.Styles) []string {
	if width < 4 || height < 2 {
		return Pad(nil, max(0, width), max(0, height), "")
	}
	side := f.Edge.Render(st.Vertical)
	out := []string{edgeLine(st.TopLeft, [3]string{f.Title, f.Mark, f.Corner}, st.TopRight, f, width, st)}
	for _, line := range Pad(lines, width-4, height-2, st.More) {
		out = append(out, side+" "+line+" "+side)
	}
	foot := f
	foot.Name = st.Muted
	return append(out, edgeLine(st.BottomLeft, [3]string{2: f.Foot}, st.BottomRight, foot, width, st))
}

// edgeLine returns an upper or lower edge with texts in it: "╭ Title  mark ──── corner ╮".
func edgeLine(from string, texts [3]string, to string, f Frame, width int, st *styles.Styles) string {
	cells := width - 2
	label := func(text string, cells int) string {
		if text == "" || cells < 4 {
			return ""
		}
		return " " + Fit(text, min(Width(text), cells-2), st.More) + " "
	}
	left := label(texts[0], cells-1)
	mark := label(texts[1], cells-1-Width(left))
	right := label(texts[2], cells-2-Width(left+mark))
	fill := cells - Width(left+mark) - Width(right)
	tail := 0
	if right != "" && fill > 0 {
		fill, tail = fill-1, 1
	}
	if mark != "" {
		mark = f.Marked.Render(mark)
	}
	return f.Edge.Render(from) + f.Name.Render(left) + mark + f.Edge.Render(strings.Repeat(st.Horizontal, fill)) +
		f.Name.Render(right) + f.Edge.Render(strings.Repeat(st.Horizontal, tail)+to)
}
