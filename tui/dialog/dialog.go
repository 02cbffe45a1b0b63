// Package dialog holds the windows that ask something on top of a page.
//
// Invariants: a dialog is a value, and Update returns the next one. A dialog does no I/O and changes only itself: Update
// returns an Action, and the owner performs it. What a dialog shows depends only on its own state.
package dialog

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/model"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Dialog is one window.
type Dialog interface {
	// Update handles a key, a paste, a mouse event, or a message for this kind of dialog. A nil Action leaves the dialog
	// open.
	Update(msg tea.Msg) (Dialog, Action)
	// View returns the body for at most width by height cells.
	View(width, height int, st *styles.Styles) View
	// Keys returns the keys that can be pressed, for the last lines of the window.
	Keys() []keymap.Binding
	// Sections lists all keys that the dialog takes, and what its fields mean.
	Sections() []KeySection
	// Pictured returns the disk of a bar that glides when the disk changes; ok is false if there is none.
	Pictured() (disk model.Disk, ok bool)
	// Glide returns the dialog with its bar on the way from another disk; rest is the share of the way that is left.
	Glide(from model.Disk, rest float64) Dialog
}

// View is the body of a window. Its lines are at most Width cells wide.
type View struct {
	Title  string
	Width  int
	Lines  []string
	Tone   Tone
	Cursor *Point                // the text cursor, nil for none
	Parts  []Part                // the row and entry of each line
	Spots  map[int][]widget.Spot // the clickable texts in a line
}

// Part is a row of a dialog and, in a list, one of its entries. Both count from 1; 0 is none.
type Part struct{ Row, Entry int }

// Point is the position of a cell; the upper left cell is 0, 0.
type Point struct{ X, Y int }

// Tone selects the look of a window.
type Tone int

// The looks of windows.
const (
	Calm    Tone = iota
	Warning      // an answer can change the target, or lose something
)

// Mouse is a mouse event over the body of a dialog.
type Mouse struct {
	Event MouseEvent
	Part
	X     int // counted from the body's first cell
	Width int // of the body
}

// MouseEvent is a kind of mouse event.
type MouseEvent int

// The kinds of mouse events.
const (
	Press MouseEvent = iota
	Drag
	Release
)

// Drawn is a window at its place on the screen.
type Drawn struct {
	Block  []string
	At     Point
	Cursor *Point // on the screen

	// Entries is the number of lines of a list.
	Entries int

	bodyX, width int
	zones        []*lipgloss.Layer // the clickable parts
	parts        map[*lipgloss.Layer]Part
}

// The number of cells between the edge of a window and its body, on each side.
const (
	insetX = 3
	insetY = 1
)

// Draw draws a dialog in the middle of a screen of width by height cells.
func Draw(d Dialog, width, height int, st *styles.Styles) Drawn {
	middle := func(w, h int) Point { return Point{X: (width - w) / 2, Y: (height - h) / 2} }
	return DrawAt(d, middle, width, height, st)
}

// DrawAt draws a dialog on a screen of width by height cells. The function place returns where the upper left corner of a window
// of that size goes. A body that is too long is cut at its end, so that the keys stay visible.
func DrawAt(d Dialog, place func(width, height int) Point, width, height int, st *styles.Styles) Drawn {
	body := d.View(width-2*insetX, height-2*insetY-2, st)
	inner := min(body.Width, width-2*insetX)
	keys := widget.KeyLines(d.Keys(), inner, st)
	if usual := 2; len(keys) > usual { // the body has to leave them more room
		body = d.View(width-2*insetX, height-2*insetY-len(keys), st)
	}
	lines, above := slices.Clone(body.Lines), 0
	switch free := height - 2*insetY - len(keys) - len(lines); {
	case free >= 3:
		// If there is space, the body gets an empty line above it.
		lines = append(append([]string{""}, lines...), "")
		above = 1
	case free >= 1:
		lines = append(lines, "")
	default:
		lines = lines[:max(0, len(lines)+free)]
	}
	bottom := len(lines) - above // the line where the keys begin, counted from the body's first
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
	out := Drawn{At: place(w, h), width: inner, parts: map[*lipgloss.Layer]Part{}}
	out.Block = widget.Box(lines, widget.Frame{Title: body.Title, Edge: edge, Name: name}, w, h, st)
	out.bodyX = out.At.X + insetX
	bodyY := out.At.Y + insetY + above
	if c := body.Cursor; c != nil && c.Y < bottom && c.X < inner {
		out.Cursor = &Point{X: out.bodyX + c.X, Y: bodyY + c.Y}
	}
	for y := range min(bottom, len(body.Parts)) {
		zone := widget.Zone("part", out.bodyX, bodyY+y, inner, 1)
		out.parts[zone] = body.Parts[y]
		if body.Parts[y].Entry > 0 {
			out.Entries++
		}
		out.zones = append(out.zones, zone)
		for _, s := range body.Spots[y] {
			zone = s.Zone(out.bodyX, bodyY+y)
			out.parts[zone] = Part{Row: body.Parts[y].Row, Entry: s.Entry}
			out.zones = append(out.zones, zone)
		}
	}
	for i, line := range keys {
		out.zones = append(out.zones, widget.Zones(line, out.bodyX, bodyY+bottom+i)...)
	}
	return out
}

// Covers reports whether a cell of the screen belongs to the window.
func (d Drawn) Covers(x, y int) bool {
	w := widget.Width(d.Block[0])
	return x >= d.At.X && x < d.At.X+w && y >= d.At.Y && y < d.At.Y+len(d.Block)
}

// Mouse returns the message for the dialog when the mouse does something in a cell of the screen: a key press if a button
// or the name of a key was clicked, otherwise a Mouse.
func (d Drawn) Mouse(event MouseEvent, x, y int) tea.Msg {
	hit := lipgloss.NewCompositor(d.zones...).Hit(x, y)
	if key, ok := widget.Pressed(hit); ok && event == Press {
		return keymap.Event(key)
	}
	return Mouse{Event: event, Part: d.parts[hit.Layer()], X: x - d.bodyX, Width: d.width}
}
