package widget

import (
	"cmp"
	"strings"

	"shunt/tui/styles"
)

// Button is one answer of a question.
type Button struct {
	Label string
	Key   string // the key that presses it, "" if there is none
	// Risk says whether it changes the target.
	Risk Risk
}

// Risk says what a button does to the target.
type Risk int

// The risks.
const (
	Harmless Risk = iota
	Writes
)

// Buttons is a row of buttons; chosen is the one that Enter presses, -1 for none. Brackets mark it for screens without
// colour.
func Buttons(buttons []Button, chosen int, st *styles.Styles) []Spot {
	var spots []Spot
	for i, b := range buttons {
		text := strings.TrimLeft(b.Key+" "+b.Label, " ")
		look, left, right := st.Button, "  ", "  "
		if i == chosen {
			left, right = "[ ", " ]"
			look = st.Chosen
			if b.Risk == Writes {
				look = st.Danger
			}
		}
		spots = append(spots, Spot{Text: look.Render(left + text + right), Key: cmp.Or(b.Key, "enter")})
	}
	return Row(0, 1, spots...)
}

// Choice is a row of words, one of them picked, for a setting that the arrows change.
func Choice(words []string, picked int, focused bool, st *styles.Styles) string {
	line := ""
	for i, w := range words {
		switch {
		case i == picked && focused:
			line += st.Chosen.Render(st.Previous + w + st.Follow)
		case i == picked:
			line += st.Strong.Render("[" + w + "]")
		default:
			line += st.Muted.Render(" " + w + " ")
		}
	}
	return line
}

// ChoiceIn is a Choice in width cells. If not all words fit, it shows the ones around the picked one.
func ChoiceIn(words []string, picked int, focused bool, width int, st *styles.Styles) string {
	from, to := choiceRun(words, picked, width)
	line := Choice(words[from:to], picked-from, focused, st)
	if from > 0 {
		line = st.Muted.Render(st.More) + line
	}
	if to < len(words) {
		line += st.Muted.Render(st.More)
	}
	return line
}

// ChoiceAt is the word in cell x of a ChoiceIn, -1 if there is none.
func ChoiceAt(words []string, picked, width, x int) int {
	from, to := choiceRun(words, picked, width)
	at := min(from, 1)
	for i := from; i < to; i++ {
		end := at + Width(words[i]) + 2
		if x >= at && x < end {
			return i
		}
		at = end
	}
	return -1
}

// choiceRun is the range of words that fit in width cells beside the marks for the others.
func choiceRun(words []string, picked, width int) (from, to int) {
	to = len(words)
	room := func() int {
		n := min(from, 1) + min(len(words)-to, 1)
		for _, w := range words[from:to] {
			n += Width(w) + 2
		}
		return n
	}
	for to-from > 1 && room() > width {
		if picked-from > to-1-picked {
			from++
		} else {
			to--
		}
	}
	return from, to
}
