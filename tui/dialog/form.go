package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Mouse is what a mouse did over the body of a dialog.
type Mouse struct {
	Event MouseEvent
	Item  int // the item below the mouse, as the view counts them, -1 for none
	X     int // counted from the body's first cell
	Y     int // counted from the item's first line, or without one from the body's
	Width int // of the body
}

// MouseEvent is a kind of mouse event.
type MouseEvent int

// The mouse events that dialogs know.
const (
	Press MouseEvent = iota
	Drag
	Release
)

// formWidth is how wide the body of a form is where there is room.
const formWidth = 66

// walk finds the stop after, or with a negative step before the current one.
func walk(stops []stop, at stop, step int) stop {
	for i, s := range stops {
		if s == at {
			return stops[(i+step+len(stops))%len(stops)]
		}
	}
	return stops[0]
}

// moved tells if a key goes to another stop, and to which.
func moved(press tea.KeyPressMsg, stops []stop, at stop) (stop, bool) {
	switch {
	case keymap.Match(press, keyNext()):
		return walk(stops, at, 1), true
	case keymap.Match(press, keyPrevious()):
		return walk(stops, at, -1), true
	}
	return at, false
}

// notes is text wrapped and cut to at most height lines, in one look.
func notes(text string, width, height int, look func(...string) string, st *styles.Styles) []string {
	lines := widget.Wrap(text, width)
	if len(lines) > height {
		lines = lines[:height]
		lines[height-1] = widget.Fit(lines[height-1]+" "+st.More+st.More, width, st.More)
	}
	for i := range lines {
		lines[i] = look(lines[i])
	}
	return lines
}
