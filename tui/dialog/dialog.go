// Package dialog holds the windows that ask something over a page. It may import geometry, model, the
// root of ops (pure values), and the other packages of tui except tui itself.
//
// Invariants: a dialog is a value, Update returns the next one; a dialog changes nothing outside itself
// but returns an Action that its owner performs; it does no I/O; what it shows is a function of itself.
package dialog

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

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

// itemHeight is how many lines from y on show the same item.
func (v View) itemHeight(y int) int {
	n := slices.IndexFunc(v.Items[y:], func(item int) bool { return item != v.Items[y] })
	if n < 0 {
		return len(v.Items) - y
	}
	return n
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

	zones []*lipgloss.Layer // what can be clicked
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
	out := Drawn{Inner: inner, Height: height - 2*insetY - 2, View: body}
	lines, above := slices.Clone(body.Lines), 0
	buttons := widget.Buttons(body.Buttons, body.Chosen, st)
	if len(buttons) > 0 {
		lines = append(lines, widget.Line(buttons))
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
	keysY := len(lines) - above
	for _, line := range keys {
		lines = append(lines, widget.Line(line))
	}
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
	for y, line := range append(make([][]widget.Spot, keysY), keys...) {
		out.zones = append(out.zones, widget.Zones(line, out.Body.X, out.Body.Y+y)...)
	}
	if len(body.Lines) < keysY {
		out.zones = append(out.zones, widget.Zones(buttons, out.Body.X, out.Body.Y+len(body.Lines))...)
	}
	for y := 0; y < min(keysY, len(body.Items)); {
		n := body.itemHeight(y)
		out.zones = append(out.zones, widget.Zone(itemID+strconv.Itoa(body.Items[y]), out.Body.X, out.Body.Y+y, inner, n))
		y += n
	}
	return out
}

// itemID begins the name of the zone of an item.
const itemID = "item "

// Mouse is the message for the dialog of a mouse event in a cell of the screen: a key, if that is pressed by it.
func (d Drawn) Mouse(event MouseEvent, x, y int) tea.Msg {
	hit := lipgloss.NewCompositor(d.zones...).Hit(x, y)
	if key, ok := widget.Pressed(hit); ok && event == Press {
		return keymap.Event(key)
	}
	m := Mouse{Event: event, Item: -1, X: x - d.Body.X, Width: d.Inner, Y: y - d.Body.Y}
	if text, ok := strings.CutPrefix(hit.ID(), itemID); ok {
		n, _ := strconv.Atoi(text)
		m.Item, m.Y = n-1, y-hit.Bounds().Min.Y
	}
	return m
}
