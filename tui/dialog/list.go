package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// choice is a line of a list to choose from.
type choice struct {
	text string
	note string       // in a second column, may be empty
	off  model.Reason // why it cannot be chosen
}

// list is a list with a cursor. Choices that are not available are dim, but the cursor can reach them so that the reason
// is shown.
type list struct {
	choices []choice
	at      int
	page    int // the number of lines that a page key moves
}

// take moves the cursor; moved is false if the message is not a key that does so.
func (l *list) take(msg tea.Msg) (moved bool) {
	press, ok := msg.(tea.KeyPressMsg)
	by, ok2 := listKey(press, len(l.choices), l.page)
	if !ok || !ok2 {
		return false
	}
	l.at = max(0, min(l.at+by, len(l.choices)-1))
	return true
}

// listKey returns how far a key moves the cursor in a list of n entries; ok is false for other keys.
func listKey(press tea.KeyPressMsg, n, page int) (by int, ok bool) {
	switch {
	case keymap.Match(press, keyUp()):
		return -1, true
	case keymap.Match(press, keyDown()):
		return 1, true
	case keymap.Match(press, keyPageUp()):
		return -page, true
	case keymap.Match(press, keyPageDown()):
		return page, true
	case keymap.Match(press, keyHome()):
		return -n, true
	case keymap.Match(press, keyEnd()):
		return n, true
	}
	return 0, false
}

// listKeys returns the keys that move the cursor in a list.
func listKeys() []keymap.Binding {
	return []keymap.Binding{
		keyUp().As("up"), keyDown().As("down"), keyPageUp().As("page up"), keyPageDown().As("page down"), keyHome(), keyEnd(),
	}
}

// letter returns the index of the next word that begins with the typed letter, or at if there is none.
func letter(msg tea.Msg, at int, words []string) int {
	press, _ := msg.(tea.KeyPressMsg)
	if press.Text == "" {
		return at
	}
	for i := 1; i <= len(words); i++ {
		next := (at + i) % len(words)
		if strings.HasPrefix(strings.ToLower(words[next]), strings.ToLower(press.Text)) {
			return next
		}
	}
	return at
}

// listOf returns a row with a list. A letter selects the next choice that begins with it.
func listOf(own stop, column int, l *list, height func(p paper) int) row {
	return row{
		stop: own, about: about{keys: append(listKeys(), keymap.Bind("letters", "the next that begins with the letter"))},
		draw: func(p paper) drawing { return l.draw(height(p), column, p) },
		take: func(msg tea.Msg) Action {
			if !l.take(msg) {
				var words []string
				for _, c := range l.choices {
					words = append(words, c.text)
				}
				l.at = letter(msg, l.at, words)
			}
			return nil
		},
		mouse: func(m Mouse) Action {
			if m.Event == Press && m.Entry > 0 {
				l.at = m.Entry - 1
			}
			return nil
		},
	}
}

// draw draws the list in height lines; column is the width of the texts before the notes.
func (l *list) draw(height, column int, p paper) drawing {
	from, to := widget.Visible(len(l.choices), l.at, height)
	return entries(len(l.choices), from, to, height, p, func(i int) string {
		c := l.choices[i]
		note := c.note
		if !c.off.OK() {
			note = string(c.off)
		}
		text := widget.Fit(widget.Fit(widget.Clean(c.text), column, p.st.More)+" "+widget.Clean(note), p.width-3, p.st.More)
		text = strings.TrimRight(text, " ")
		switch {
		case i == l.at && p.here:
			return p.st.Row.Render(widget.Fit(p.st.Cursor+" "+text, p.width-1, ""))
		case i == l.at:
			return p.st.Strong.Render(p.st.Cursor + " " + text)
		case !c.off.OK():
			return p.st.Faint.Render("  " + text)
		}
		return p.st.Text.Render("  " + text)
	})
}

// entries draws the entries [from, to) of a list of n in height lines.
func entries(n, from, to, height int, p paper, line func(i int) string) drawing {
	shown := drawing{lines: widget.List(n, from, to, p.width, height, p.st, line)}
	for i := from; i < to; i++ {
		shown.entries = append(shown.entries, i+1)
	}
	return shown
}
