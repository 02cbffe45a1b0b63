package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// choice is a line of a list to choose from.
type choice struct {
	text string
	note string       // in a second column, may be empty
	off  model.Reason // why it cannot be chosen
}

// picker is a list with a cursor. What cannot be chosen is dimmed, and is passed over by nothing: the cursor goes
// there, so that its reason can be read.
type picker struct {
	choices []choice
	at      int
}

// update takes the keys that move the cursor; height is how many lines are shown.
func (p picker) update(press tea.KeyPressMsg, height int) (picker, bool) {
	last := max(0, len(p.choices)-1)
	switch {
	case keymap.Match(press, keyUp()):
		p.at = max(0, p.at-1)
	case keymap.Match(press, keyDown()):
		p.at = min(last, p.at+1)
	case keymap.Match(press, keyPageUp()):
		p.at = max(0, p.at-max(1, height-1))
	case keymap.Match(press, keyPageDown()):
		p.at = min(last, p.at+max(1, height-1))
	case keymap.Match(press, keyHome()):
		p.at = 0
	case keymap.Match(press, keyEnd()):
		p.at = last
	default:
		return p, false
	}
	return p, true
}

// jump goes to the next choice that begins with the letter that was typed.
func (p picker) jump(press tea.KeyPressMsg) picker {
	letter := strings.ToLower(press.Text)
	if letter == "" {
		return p
	}
	for i := 1; i <= len(p.choices); i++ {
		if at := (p.at + i) % len(p.choices); strings.HasPrefix(strings.ToLower(p.choices[at].text), letter) {
			p.at = at
			return p
		}
	}
	return p
}

// take is update for any message; moved is false if it is not one of the keys that move the cursor.
func (p *picker) take(msg tea.Msg, height int) (moved bool) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		*p, moved = p.update(press, height)
	}
	return moved
}

// pickList is a row with a list in as many lines as height tells; a page key goes by page lines, and a letter to the next
// line that begins with it.
func pickList[T any](t T, own stop, column int, height func(p paper) int, page int, at func(*T) *picker) row[T] {
	return row[T]{
		stop: own,
		draw: func(p paper) ([]string, *Point) { return at(&t).view(p.width, height(p), column, p.here, p.st), nil },
		take: func(t *T, msg tea.Msg) Action {
			if press, ok := msg.(tea.KeyPressMsg); ok && !at(t).take(msg, page) {
				*at(t) = at(t).jump(press)
			}
			return nil
		},
	}
}

// view draws height lines; column is how wide the texts are before the notes.
func (p picker) view(width, height, column int, focused bool, st *styles.Styles) []string {
	from, to := widget.Visible(len(p.choices), p.at, height)
	var lines []string
	for i := from; i < to; i++ {
		c := p.choices[i]
		note := c.note
		if !c.off.OK() {
			note = string(c.off)
		}
		text := widget.Fit(widget.Fit(widget.Clean(c.text), column, st.More)+" "+widget.Clean(note), width-3, st.More)
		text = strings.TrimRight(text, " ")
		switch {
		case i == p.at && focused:
			lines = append(lines, st.Row.Render(widget.Fit(st.Cursor+" "+text, width-1, "")))
		case i == p.at:
			lines = append(lines, st.Strong.Render(st.Cursor+" "+text))
		case !c.off.OK():
			lines = append(lines, st.Faint.Render("  "+text))
		default:
			lines = append(lines, st.Text.Render("  "+text))
		}
	}
	lines = widget.Pad(lines, width-1, height, st.More)
	for i := range lines {
		mark := " "
		switch {
		case i == 0 && from > 0:
			mark = st.Up
		case i == height-1 && to < len(p.choices):
			mark = st.Down
		}
		lines[i] += st.Muted.Render(mark)
	}
	return lines
}
