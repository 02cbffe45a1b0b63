package tui

import "slices"

// passage is a part of the details that stays in one column: a fact, a heading with its first fact, or an empty line.
type passage []string

// columns distributes passages over columns of the least equal height, which is at most height. What does not fit is left
// out, first the empty lines, and the last line then says where the rest is.
func (m Model) columns(list []passage, number, least, height int) [][]string {
	for high := max(1, least); high <= height; high++ {
		if out, all := fillColumns(list, number, high); all {
			return out
		}
	}
	list = slices.DeleteFunc(slices.Clone(list), func(p passage) bool { return p.empty() })
	out, all := fillColumns(list, number, height)
	if !all {
		const more = "i shows the rest"
		out, _ = fillColumns(list, number, height, passage{m.st.Muted.Render(more)})
	}
	return out
}

func (p passage) empty() bool { return len(p) == 1 && p[0] == "" }

// fillColumns fills columns of the given height one after the other; all is false if something is left out. The last
// column ends with tail.
func fillColumns(list []passage, number, height int, tail ...passage) (out [][]string, all bool) {
	out = make([][]string, number)
	for i := range out {
		room := height
		if i == number-1 {
			room -= len(tail)
		}
		for len(list) > 0 && (len(out[i])+len(list[0]) <= room) {
			if !list[0].empty() || len(out[i]) > 0 {
				out[i] = append(out[i], list[0]...)
			}
			list = list[1:]
		}
	}
	for _, p := range tail {
		out[number-1] = append(out[number-1], p...)
	}
	return out, len(list) == 0
}
