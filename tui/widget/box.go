package widget

import (
	"strings"

	"shunt/tui/styles"
)

// Frame is the border of a box and the texts in it.
type Frame struct {
	Title  string // in the upper edge, at the left
	Corner string // in the upper edge, at the right
	Foot   string // in the lower edge, at the right
	// Edge and Name are the looks of the border and the title.
	Edge, Name styles.Look
}

// Box draws lines inside a border. It is width cells wide and height lines high, including the border and a space at each
// side. Lines that do not fit are left out.
func Box(lines []string, f Frame, width, height int, st *styles.Styles) []string {
	if width < 4 || height < 2 {
		return Pad(nil, max(0, width), max(0, height), "")
	}
	side := f.Edge.Render(st.Vertical)
	out := []string{edgeLine(st.TopLeft, f.Title, f.Corner, st.TopRight, f, width, st)}
	for _, line := range Pad(lines, width-4, height-2, st.More) {
		out = append(out, side+" "+line+" "+side)
	}
	return append(out, edgeLine(st.BottomLeft, "", f.Foot, st.BottomRight, f, width, st))
}

// edgeLine returns an upper or lower edge with text in it: "╭ Title ──── corner ╮".
func edgeLine(from, left, right, to string, f Frame, width int, st *styles.Styles) string {
	cells := width - 2
	label := func(text string, cells int) string {
		if text == "" || cells < 4 {
			return ""
		}
		return " " + Fit(text, min(Width(text), cells-2), st.More) + " "
	}
	left = label(left, cells-1)
	right = label(right, cells-2-Width(left))
	fill := cells - Width(left) - Width(right)
	tail := 0
	if right != "" && fill > 0 {
		fill, tail = fill-1, 1
	}
	return f.Edge.Render(from) + f.Name.Render(left) + f.Edge.Render(strings.Repeat(st.Horizontal, fill)) +
		f.Name.Render(right) + f.Edge.Render(strings.Repeat(st.Horizontal, tail)+to)
}
