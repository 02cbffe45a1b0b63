// Package dialog holds the windows that ask something over a page. It may import geometry, model, the
// root of ops (pure values), and the other packages of tui except tui itself.
//
// Invariants: a dialog is a value, Update returns the next one; a dialog changes nothing outside itself
// but returns an Action that its owner performs; it does no I/O; what it shows is a function of itself.
package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Dialog is one window.
type Dialog interface {
	// Update takes a key, a paste, a mouse event with coordinates that count from the body's first cell,
	// or a message made for this kind of dialog. A nil Action leaves the dialog open.
	Update(msg tea.Msg) (Dialog, Action)
	// View is the body for at most width by height cells.
	View(width, height int, st *styles.Styles) View
	// Keys lists what can be pressed, for the last lines of the window.
	Keys() []keymap.Binding
}

// Gliding is a dialog with a picture of the disk that glides when the disk changes.
type Gliding interface {
	Dialog
	// Pictured is the disk that the picture shows.
	Pictured() model.Disk
	// Glide is the dialog with its picture on the way from another disk; rest is the share of the way that is left.
	Glide(from model.Disk, rest float64) Dialog
}

// View is the body of a window: its lines, at most as many cells wide as Width.
type View struct {
	Title  string
	Width  int
	Lines  []string
	Tone   Tone
	Cursor *Point // where typing goes, nil if nowhere
	// Buttons are a row below the lines; a click on one is its key. Chosen is the one that Enter presses.
	Buttons []widget.Button
	Chosen  int
	// Items tells, for dialogs in which lines can be clicked, what each line shows: 1 + the index of an item, 0 for none.
	Items []int
}

// item is the item in line y.
func (v View) item(y int) (int, bool) {
	if y < 0 || y >= len(v.Items) || v.Items[y] == 0 {
		return 0, false
	}
	return v.Items[y] - 1, true
}

// Point is a cell, counted from the upper left one.
type Point struct{ X, Y int }

// Tone says how a window looks.
type Tone int

// The tones.
const (
	Calm    Tone = iota
	Warning      // an answer can change the target, or lose something
)

// Drawn is a window ready to be laid over a page.
type Drawn struct {
	Block  []string
	At     Point
	Cursor *Point // on the screen
	Body   Point  // where the body's first cell is on the screen
	Inner  int    // how many cells wide the body is
	Height int    // how many lines the body could have
	View   View

	buttons  []widget.Button
	buttonsY int // of the row of buttons, counted from the body's first line
	keys     [][]widget.PlacedKey
	keysY    int // of the first line of keys, likewise
}

// The cells between the edge of a window and its body, on each side.
const (
	insetX = 3
	insetY = 1
)

// Draw places a dialog in the middle of a screen of width by height cells. What does not fit is cut, the
// keys last.
func Draw(d Dialog, width, height int, st *styles.Styles) Drawn {
	body := d.View(width-2*insetX-2, height-2*insetY-2, st)
	inner := min(body.Width, width-2*insetX)
	keys := widget.KeyLines(d.Keys(), inner, st)
	out := Drawn{Inner: inner, Height: height - 2*insetY - 2, View: body, buttons: body.Buttons, buttonsY: len(body.Lines), keys: widget.PlaceKeyLines(d.Keys(), inner)}
	lines, above := append([]string{}, body.Lines...), 0
	if len(body.Buttons) > 0 {
		lines = append(lines, widget.Buttons(body.Buttons, body.Chosen, st))
	}
	room := height - 2*insetY
	switch {
	case len(lines)+3+len(keys) <= room:
		// With lines to spare the body gets air above.
		lines = append(append([]string{""}, lines...), "")
		above = 1
	case len(lines)+1+len(keys) <= room:
		lines = append(lines, "")
	default:
		lines = lines[:min(len(lines), max(0, room-len(keys)))]
	}
	out.keysY = len(lines) - above
	lines = append(lines, keys...)
	w, h := inner+2*insetX, len(lines)+2*insetY
	edge, name := st.Focus, st.Title
	if body.Tone == Warning {
		edge, name = st.Warn, st.Warn.Bold(true)
	}
	for i := range lines {
		lines[i] = " " + widget.Fit(lines[i], inner, st.More) + " "
	}
	out.At = Point{X: max(0, (width-w)/2), Y: max(0, (height-h)/2)}
	out.Block = widget.Box(lines, widget.Frame{Title: body.Title, Edge: edge, Name: name}, w, h, st)
	out.Body = Point{X: out.At.X + insetX, Y: out.At.Y + insetY + above}
	if c := body.Cursor; c != nil && c.Y+above < h-2*insetY && c.X < inner {
		out.Cursor = &Point{X: out.Body.X + c.X, Y: out.Body.Y + c.Y}
	}
	return out
}

// Pressed is the key that a click on a cell of the body stands for, if a button or the name of a key is there.
func (d Drawn) Pressed(x, y int) (tea.KeyPressMsg, bool) {
	if y >= d.keysY {
		if y-d.keysY < len(d.keys) {
			if b, ok := widget.KeyAt(d.keys[y-d.keysY], x); ok {
				return b.Event()
			}
		}
		return tea.KeyPressMsg{}, false
	}
	if y == d.buttonsY {
		return widget.ButtonPress(d.buttons, x)
	}
	return tea.KeyPressMsg{}, false
}
