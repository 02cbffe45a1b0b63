package widget

import (
	"slices"

	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// keyGap is the space between two keys.
const keyGap = 2

// KeyBar returns one line of keys: as many of the bindings as fit in width cells, and then all of always.
func KeyBar(bindings, always []keymap.Binding, width int, st *styles.Styles) []Spot {
	tail := keySpots(always, st)
	used := 1
	for _, s := range tail {
		used += Width(s.Text) + keyGap
	}
	var out []Spot
	for _, s := range keySpots(bindings, st) {
		if used += Width(s.Text) + keyGap; used-1 > width {
			break
		}
		out = append(out, s)
	}
	return Row(1, keyGap, append(out, tail...)...)
}

// KeyLines returns the bindings in as many lines of width cells as they need. Idle ones are not shown, but each key stays in the
// line in which it is with them, so that a window keeps its size and little of it is drawn again.
func KeyLines(bindings []keymap.Binding, width int, st *styles.Styles) [][]Spot {
	out := inLines(keySpots(bindings, st), width)
	next := 0
	for i, line := range out {
		own := slices.Clone(bindings[next : next+len(line)])
		next += len(own)
		own = slices.DeleteFunc(own, func(b keymap.Binding) bool { return b.IsIdle() })
		out[i] = Row(0, keyGap, keySpots(own, st)...)
	}
	return out
}

// inLines places spots in as many lines of width cells as they need.
func inLines(spots []Spot, width int) [][]Spot {
	var out [][]Spot
	x := 0
	for _, s := range spots {
		if len(out) == 0 || x > 0 && x+Width(s.Text) > width {
			x, out = 0, append(out, nil)
		}
		s.X = x
		x += Width(s.Text) + keyGap
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}
