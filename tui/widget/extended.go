package widget

import (
	"cmp"
	"strings"

	"shunt/tui/styles"
)

// UnderExtended returns the lower edge of a box of the given width around a bar, with the name of the extended partition
// below the logical ones: "╰────┃ p2 extended ─────┃────╯". The first of the names that fits is used. ok is false if the bar
// shows no logical partition.
func UnderExtended(segments []Segment, names []string, at Mark, width int, f Frame, st *styles.Styles) (line string, ok bool) {
	from, to := extendedCells(layoutBar(segments, width-2), width-2)
	if to < 0 {
		return "", false
	}
	name := ""
	for i := len(names) - 1; i >= 0; i-- {
		if Width(names[i])+2 < to-from {
			name = names[i]
		}
	}
	look, before := st.Extended.Bold(true).Reverse(at == Selected), cmp.Or(at.sign(st), " ")
	rest := to - from - 1
	if name != "" {
		rest -= Width(name) + 2
		name = look.Render(before+name) + " "
	}
	fill := func(n int) string { return f.Edge.Render(strings.Repeat(st.Horizontal, max(0, n))) }
	left, right := f.Edge.Render(st.BottomLeft), f.Edge.Render(st.BottomRight)
	if from >= 0 {
		left += fill(from) + st.Extended.Render(st.OpenExt)
	}
	if to < width-2 {
		right = st.Extended.Render(st.CloseExt) + fill(width-2-to-1) + right
	}
	return left + name + fill(rest) + right, true
}

// extendedCells returns the cells of a bar before and behind the segments inside the extended partition; to is -1 if there
// are none. Where it goes on outside of the bar, these cells are those of the bar's border.
func extendedCells(bar barLayout, width int) (from, to int) {
	x, from, to := bar.less, -1, -1
	for i, s := range bar.segments {
		if s.Open {
			from = x - 1
		}
		x += bar.widths[i]
		switch {
		case s.Close:
			to = x
		case s.Row.Nested:
			to = width
		}
		x++
	}
	return from, to
}
