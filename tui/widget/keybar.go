package widget

import (
	"strings"

	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// keyGap is the space between two keys.
const keyGap = 2

// keyText is one binding as a bar shows it.
func keyText(b keymap.Binding, st *styles.Styles) string {
	h := b.Help()
	// The words have no look of their own: a line of keys that changes is most of what a key sends.
	return st.Key.Render(h.Key) + " " + h.Desc
}

// PlacedKey is a binding with the cells it takes: from X up to, not including, End.
type PlacedKey struct {
	keymap.Binding
	X, End int
}

func placed(b keymap.Binding, x int) PlacedKey {
	return PlacedKey{Binding: b, X: x, End: x + Width(b.Help().Key) + 1 + Width(b.Help().Desc)}
}

// PlaceKeys puts bindings in a line of width cells, as many as fit: the last ones always, the others in order.
func PlaceKeys(bindings, always []keymap.Binding, width int) []PlacedKey {
	tail := 0
	for _, b := range always {
		tail += keyGap + placed(b, 0).End
	}
	var out []PlacedKey
	x := 1
	for _, b := range bindings {
		p := placed(b, x)
		if p.End+tail > width {
			break
		}
		out = append(out, p)
		x = p.End + keyGap
	}
	for _, b := range always {
		p := placed(b, x)
		out = append(out, p)
		x = p.End + keyGap
	}
	return out
}

// PlaceKeyLines puts all the bindings in as many lines of width cells as they need.
func PlaceKeyLines(bindings []keymap.Binding, width int) [][]PlacedKey {
	var out [][]PlacedKey
	x := 0
	for _, b := range bindings {
		p := placed(b, x)
		if len(out) == 0 || x > 0 && p.End > width {
			p = placed(b, 0)
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
		x = p.End + keyGap
	}
	return out
}

// KeyAt is the binding in cell x of a line of keys.
func KeyAt(line []PlacedKey, x int) (keymap.Binding, bool) {
	for _, p := range line {
		if x >= p.X && x < p.End {
			return p.Binding, true
		}
	}
	return keymap.Binding{}, false
}

// drawKeys is a line of keys.
func drawKeys(line []PlacedKey, st *styles.Styles) string {
	var out strings.Builder
	x := 0
	for _, p := range line {
		out.WriteString(strings.Repeat(" ", p.X-x))
		out.WriteString(keyText(p.Binding, st))
		x = p.End
	}
	return out.String()
}

// KeyBar is one line of keys, as many as fit in width cells: the last ones always, the others in order.
func KeyBar(bindings, always []keymap.Binding, width int, st *styles.Styles) string {
	return Fit(drawKeys(PlaceKeys(bindings, always, width), st), width, st.More)
}

// KeyLines is all the bindings in as many lines as they need.
func KeyLines(bindings []keymap.Binding, width int, st *styles.Styles) []string {
	var out []string
	for _, line := range PlaceKeyLines(bindings, width) {
		out = append(out, drawKeys(line, st))
	}
	return out
}
