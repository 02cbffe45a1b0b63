package widget

import (
	"shunt/tui/styles"
)

// Scroll shows the part of a text that begins at line offset, in width cells and height lines, with a
// thumb at the right edge where the text is longer than that. Lines must be styled or Clean.
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
	top := 0
	if most := len(lines) - height; most > 0 {
		top = offset * (height - size) / most
	}
	for i := range out {
		mark := st.Faint.Render(st.Vertical)
		if i >= top && i < top+size {
			mark = st.Focus.Render(st.Thumb)
		}
		out[i] += " " + mark
	}
	return out
}
