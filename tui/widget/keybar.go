package widget

import (
	"strings"

	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// keyText is one binding as a bar shows it.
func keyText(b keymap.Binding, st *styles.Styles) string {
	h := b.Help()
	if b.Off != "" {
		return st.Faint.Render(h.Key + " " + h.Desc)
	}
	return st.Key.Render(h.Key) + " " + st.Muted.Render(h.Desc)
}

// KeyBar is one line of keys, as many as fit in width cells: the last ones always, the others in order.
func KeyBar(bindings, always []keymap.Binding, width int, st *styles.Styles) string {
	const gap = "  "
	tail := ""
	for _, b := range always {
		tail += gap + keyText(b, st)
	}
	line := ""
	for _, b := range bindings {
		next := line
		if next != "" {
			next += gap
		}
		next += keyText(b, st)
		if 1+Width(next)+Width(tail) > width {
			break
		}
		line = next
	}
	if line == "" {
		tail = strings.TrimPrefix(tail, gap)
	}
	return Fit(" "+line+tail, width, st.More)
}

// KeyLines is all the bindings in as many lines as they need.
func KeyLines(bindings []keymap.Binding, width int, st *styles.Styles) []string {
	const gap = "  "
	var out []string
	line := ""
	for _, b := range bindings {
		text := keyText(b, st)
		switch {
		case line == "":
			line = text
		case Width(line)+len(gap)+Width(text) <= width:
			line += gap + text
		default:
			out = append(out, line)
			line = text
		}
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}
