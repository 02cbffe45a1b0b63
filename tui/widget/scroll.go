package widget

import (
	"shunt/tui/styles"
)

// Scroll draws a text from line offset on in width cells and height lines, with a thumb at the right edge if the text is
// longer. Lines must be styled or Clean.
func Scroll(lines []string, offset, width, height int, st *styles.Styles) []string {
	if height < 1 || width < 1 {
		return nil
	}
	if len(lines) <= height {
		return Pad(lines, width, height, st.More)
	}
	offset = min(max(0, offset), len(lines)-height)
	out := Pad(lines[offset:offset+height], width-2, height, st.More)
	size := max(1, height*height/len(lines))
	top := offset * (height - size) / (len(lines) - height)
	for i := range out {
		mark := st.Faint.Render(st.Track)
		if i >= top && i < top+size {
			mark = st.Focus.Render(st.Thumb)
		}
		out[i] += " " + mark
	}
	return out
}

// List draws the lines [from, to) of a list of n lines in width cells and height lines. line returns the text of a line, and
// the look beneath it. Marks at the right edge show that there are more.
func List(n, from, to, width, height int, st *styles.Styles, line func(i int) (string, styles.Look)) []string {
	var out []string
	for i := from; i < to; i++ {
		text, under := line(i)
		text, mark := Fit(text, width, ""), ""
		switch {
		case i == from && from > 0:
			mark = st.Up
		case i == to-1 && to < n:
			mark = st.Down
		}
		if mark != "" {
			text = Fit(text, width-1, "") + st.Muted.Render(mark)
		}
		out = append(out, under.Under(text))
	}
	return Pad(out, width, height, "")
}

// longTable is the number of rows from which on every second one is shaded, so that the eye keeps to its row.
const longTable = 8

// RowLook returns the look beneath row i of a table of n rows.
func RowLook(i, n int, selected bool, st *styles.Styles) styles.Look {
	switch {
	case selected:
		return st.Row
	case n >= longTable && i%2 == 1:
		return st.Stripe
	}
	return st.Text
}

// Visible returns the visible range of n items in a list of the given height, with the selected one in the middle if
// possible. It depends on nothing else, so a list does not jump when it is drawn again.
func Visible(n, selected, height int) (from, to int) {
	if height <= 0 {
		return 0, 0
	}
	if n <= height {
		return 0, n
	}
	from = min(max(0, selected-height/2), n-height)
	return from, from + height
}
