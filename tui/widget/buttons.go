package widget

import (
	"cmp"
	"strings"

	"shunt/tui/styles"
)

// Button is one answer to a question.
type Button struct {
	Label string
	Key   string // the key that presses the button, "" for none
	// Risk says whether the answer changes the target.
	Risk Risk
}

// Risk says what a button does to the target.
type Risk int

// The effects of a button on the target.
const (
	Harmless Risk = iota
	Writes
)

// Buttons returns a row of buttons. chosen is the index of the button that Enter presses, or -1. It is also marked by
// brackets, for screens without colour. It is filled only if the row has the keyboard.
func Buttons(buttons []Button, chosen int, focused bool, st *styles.Styles) []Spot {
	var spots []Spot
	for i, b := range buttons {
		text := strings.TrimLeft(b.Key+" "+b.Label, " ")
		look, left, right := st.Button, "  ", "  "
		if st.Held {
			left, right = "( ", " )"
		}
		if i == chosen && !st.Held {
			left, right = "[ ", " ]"
			switch look = st.Chosen; {
			case !focused:
				look = st.Strong
			case b.Risk == Writes:
				look = st.Danger
			}
		}
		spots = append(spots, Spot{Text: look.Render(left + text + right), Key: cmp.Or(b.Key, "enter")})
	}
	return Row(0, 1, spots...)
}

// Choice returns a row of words in width cells with one of them picked, for a setting that the arrow keys change. If not
// all words fit, it shows those around the picked one.
func Choice(words []string, picked int, focused bool, width int, st *styles.Styles) []Spot {
	from, to := 0, len(words)
	cells := func() int {
		n := (min(from, 1) + min(len(words)-to, 1)) * Width(st.More)
		for _, w := range words[from:to] {
			n += Width(w) + 2
		}
		return n
	}
	for to-from > 1 && cells() > width {
		if picked-from > to-1-picked {
			from++
		} else {
			to--
		}
	}
	var spots []Spot
	if from > 0 {
		spots = append(spots, Spot{Text: st.Muted.Render(st.More)})
	}
	for i := from; i < to; i++ {
		text := st.Muted.Render(" " + words[i] + " ")
		switch {
		case i == picked && focused:
			text = st.Chosen.Render(st.Previous + words[i] + st.Follow)
		case i == picked:
			text = st.Strong.Render("[" + words[i] + "]")
		}
		spots = append(spots, Spot{Text: text, Entry: i + 1})
	}
	if to < len(words) {
		spots = append(spots, Spot{Text: st.Muted.Render(st.More)})
	}
	return Row(0, 0, spots...)
}
