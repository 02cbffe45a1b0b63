package dialog

import (
	"slices"
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
	lack string       // what is missing, for where the reason has no room; may be empty
}

// second returns the text of the second column: why the choice cannot be chosen, or its note.
func (c choice) second() string {
	if !c.off.OK() {
		return string(c.off)
	}
	return c.note
}

// beside returns the text of the second column for a line with width cells for its texts: what is missing if the reason is too long,
// and "" if that is too long as well. A part of a reason is not shown.
func (c choice) beside(column, width int) string {
	for _, text := range []string{c.second(), c.lack} {
		if text = widget.Clean(text); column+1+widget.Width(text) <= width {
			return text
		}
	}
	return ""
}

// Pageful tells a dialog how many lines of its list are on the screen. A page key moves by one line less.
type Pageful struct{ Lines int }

// list is a list with a cursor. Choices that are not available are dim and have a mark, but the cursor can reach them so
// that the reason is shown: beside the others in the list, and that of the selected one below the list, where there is room
// for all of it.
type list struct {
	choices []choice
	at      int
	page    int    // the number of lines that a page key moves; Pageful sets it
	typed   string // the begin of the wanted choice, as far as it was typed; only those that have it are shown
}

// take moves the cursor; moved is false if the message is not a key that does so.
func (l *list) take(msg tea.Msg) (moved bool) {
	press, ok := msg.(tea.KeyPressMsg)
	by, ok2 := listKey(press, len(l.choices), l.page)
	if !ok || !ok2 {
		return false
	}
	shown := l.shown()
	if at := max(0, min(slices.Index(shown, l.at)+by, len(shown)-1)); at < len(shown) {
		l.at = shown[at]
	}
	return true
}

// shown returns the indices of the choices to show: all, or those that have the typed text.
func (l *list) shown() (shown []int) {
	for i, c := range l.choices {
		if strings.Contains(strings.ToLower(c.text), l.typed) {
			shown = append(shown, i)
		}
	}
	return shown
}

// write adds a typed letter, or takes the last one away. The cursor goes to the first choice that begins with the text, or else has it.
// A letter with which no choice has the text begins a new one; the same letter again goes to the next choice.
func (l *list) write(msg tea.Msg) {
	press, _ := msg.(tea.KeyPressMsg)
	switch {
	case press.String() == "backspace" && l.typed != "":
		l.typed = l.typed[:len(l.typed)-1]
		return
	case press.Text == "/":
		l.typed = ""
		return
	case press.Text == "" || press.Text == " " && l.typed == "" || press.Text > "~":
		return
	}
	was := l.typed
	l.typed += strings.ToLower(press.Text)
	if len(l.shown()) == 0 {
		l.typed = strings.ToLower(press.Text)
		from := l.at
		if !strings.HasPrefix(was, l.typed) {
			from = -1
		}
		l.seek(from + 1)
		return
	}
	if !slices.Contains(l.shown(), l.at) || was == "" || !strings.HasPrefix(strings.ToLower(l.choices[l.at].text), l.typed) {
		l.seek(0)
	}
}

// seek moves the cursor to the first choice from index from on that begins with the typed text, or else has it. Without one the text is
// forgotten.
func (l *list) seek(from int) {
	n := len(l.choices)
	for _, fits := range []func(text, part string) bool{strings.HasPrefix, strings.Contains} {
		for i := range n {
			at := (from + i) % n
			if fits(strings.ToLower(l.choices[at].text), l.typed) {
				l.at = at
				return
			}
		}
	}
	l.typed = ""
}

// clear forgets the typed text; used is false if there is none.
func (l *list) clear() (used bool) {
	used = l.typed != ""
	l.typed = ""
	return used
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

// key returns the key that chooses another entry.
func (l *list) key() keymap.Binding {
	if len(l.shown()) < 2 {
		return keyList().Idle()
	}
	return keyList()
}

// listKeys returns the keys that move the cursor in a list.
func listKeys() []keymap.Binding {
	return []keymap.Binding{
		keyUp().As("up"), keyDown().As("down"), keyPageUp().As("page up"), keyPageDown().As("page down"), keyHome(), keyEnd(),
	}
}

// listOf returns a row with a list. Letters select the choice that begins with them.
func listOf(own stop, column int, l *list, height func(p paper) int) row {
	return row{
		stop: own, list: l, about: about{keys: append(listKeys(), keymap.Bind("letters", "show what has them"), keyBack())},
		draw: func(p paper) drawing { return l.draw(height(p), column, p) },
		take: func(msg tea.Msg) Action {
			if !l.take(msg) {
				l.write(msg)
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

// lead returns what stands before a choice: the cursor, and the mark of one that cannot be chosen. The mark has cells of its own if
// any choice has it.
func (l *list) lead(i int, cursor string, st *styles.Styles) string {
	mark := " "
	if !slices.ContainsFunc(l.choices, func(c choice) bool { return !c.off.OK() }) {
		return cursor + " "
	}
	if !l.choices[i].off.OK() {
		mark = st.Off
	}
	return cursor + mark + " "
}

// draw draws the list in height lines; column is the width of the texts before the notes.
func (l *list) draw(height, column int, p paper) drawing {
	shown := l.shown()
	height = p.grown(height, len(shown))
	from, to := widget.Visible(len(shown), slices.Index(shown, l.at), height)
	drawn := entries(len(shown), from, to, height, p, func(n int) string {
		i := shown[n]
		c := l.choices[i]
		cursor := " "
		switch {
		case i == l.at && p.here:
			cursor = p.st.Cursor
		case i == l.at:
			cursor = p.st.Pick
		}
		lead := l.lead(i, cursor, p.st)
		room := p.width - widget.Width(lead) - 1
		text := widget.Fit(widget.Clean(c.text), min(column, room), p.st.More)
		if c.off.OK() || i != l.at {
			text += " " + c.beside(column, room)
		}
		text = lead + strings.TrimRight(text, " ")
		switch {
		case i == l.at && p.here:
			return p.st.Row.Render(widget.Fit(text, p.width-1, ""))
		case i == l.at:
			return p.st.Strong.Render(text)
		case !c.off.OK():
			return p.st.Muted.Render(text)
		}
		return p.st.Text.Render(text)
	})
	for i, entry := range drawn.entries {
		drawn.entries[i] = shown[entry-1] + 1
	}
	return drawn
}

// entries draws the entries [from, to) of a list of n in height lines.
func entries(n, from, to, height int, p paper, line func(i int) string) drawing {
	shown := drawing{lacks: n - (to - from), lines: widget.List(n, from, to, p.width, height, p.st, func(i int) (string, styles.Look) {
		return line(i), p.st.Text
	})}
	for i := from; i < to; i++ {
		shown.entries = append(shown.entries, i+1)
	}
	return shown
}
