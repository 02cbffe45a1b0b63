package dialog

import (
	"slices"

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

// stop is a place where the keyboard can be in a form.
type stop int

// The stops of all forms.
const (
	stopNone   stop = iota // of a row that only shows something
	stopBefore             // free space preceding
	stopSize
	stopAfter // free space following
	stopAlign
	stopBar
	stopFS
	stopRole
	stopLabel
	stopName
	stopFlags
	stopButtons
)

// content is what a form is about. It is a value; each of its methods returns the next one or changes nothing.
type content[T any] interface {
	// head is the view without its lines.
	head(st *styles.Styles) View
	// rows are the lines from top to bottom.
	rows() []row[T]
	// stops lists where the keyboard can go, in the order of the tab key. There is at least one.
	stops() []stop
	// check brings the operation and the verdict on it up to date.
	check() T
	// accept is what Enter does, nil for nothing.
	accept() Action
	keys(at stop) []keymap.Binding
}

// enterer is a content that changes when the keyboard comes to another row.
type enterer interface{ entered() }

// row is a part of a form: its lines, and what it makes of messages while it has the keyboard or the mouse.
type row[T any] struct {
	stop stop
	// draw returns the lines, and where the cursor is in the first one.
	draw func(p paper) (lines []string, cursor *Point)
	// take and mouse change the content. Both may be nil.
	take  func(t *T, msg tea.Msg) Action
	mouse func(t *T, m Mouse)
}

// paper is what a row is drawn on.
type paper struct {
	width, height int // of the body
	here          bool
	st            *styles.Styles
}

// form is a dialog of rows, one of which has the keyboard.
type form[T content[T]] struct {
	is   T
	at   stop
	held stop // the row on which the mouse was pressed and not yet let go
}

func newForm[T content[T]](t T) Dialog { return formAt(t, t.stops()[0]) }

func formAt[T content[T]](t T, at stop) Dialog { return form[T]{is: t.check(), at: at} }

// formWidth is how wide the body of a form is where there is room.
const formWidth = 66

// Update takes keys, pastes and the mouse.
func (f form[T]) Update(msg tea.Msg) (Dialog, Action) {
	switch msg := msg.(type) {
	case Mouse:
		return f.mouse(msg), nil
	case tea.KeyPressMsg:
		switch {
		case keymap.Match(msg, keyCancel()):
			return f, Close{}
		case keymap.Match(msg, keyAccept("")):
			return f, f.is.accept()
		case keymap.Match(msg, keyNext()):
			return f.walk(1), nil
		case keymap.Match(msg, keyPrevious()):
			return f.walk(-1), nil
		}
	}
	var action Action
	if r := f.row(f.at); r.take != nil {
		action = r.take(&f.is, msg)
	}
	f.is = f.is.check()
	if stops := f.is.stops(); !slices.Contains(stops, f.at) {
		f.at = stops[0]
	}
	return f, action
}

// row is the row of a stop, one that does nothing if there is none.
func (f form[T]) row(at stop) row[T] {
	rows := f.is.rows()
	if i := slices.IndexFunc(rows, func(r row[T]) bool { return r.stop == at }); i >= 0 && at != stopNone {
		return rows[i]
	}
	return row[T]{}
}

// walk goes to the stop after the current one, or with -1 to the one before it.
func (f form[T]) walk(step int) form[T] {
	stops := f.is.stops()
	return f.enter(stops[(max(0, slices.Index(stops, f.at))+step+len(stops))%len(stops)])
}

// enter gives the keyboard to a row.
func (f form[T]) enter(at stop) form[T] {
	f.at = at
	if t, ok := any(&f.is).(enterer); ok {
		t.entered()
	}
	f.is = f.is.check()
	return f
}

// mouse gives the keyboard to the row that is clicked, and the row what the mouse does until it is let go.
func (f form[T]) mouse(m Mouse) form[T] {
	if rows := f.is.rows(); m.Event == Press && m.Item >= 0 && m.Item < len(rows) {
		if f.held = rows[m.Item].stop; !slices.Contains(f.is.stops(), f.held) {
			f.held = stopNone
		} else if f.held != f.at {
			f = f.enter(f.held)
		}
	}
	if r := f.row(f.held); r.mouse != nil {
		r.mouse(&f.is, m)
	}
	if m.Event == Release {
		f.held = stopNone
	}
	f.is = f.is.check()
	return f
}

// View draws the rows.
func (f form[T]) View(width, height int, st *styles.Styles) View {
	v := f.is.head(st)
	v.Width = min(width, formWidth)
	for i, r := range f.is.rows() {
		here := r.stop == f.at && r.stop != stopNone
		lines, cursor := r.draw(paper{v.Width, height, here, st})
		if here && cursor != nil {
			v.Cursor = &Point{X: cursor.X, Y: len(v.Lines)}
		}
		item := 0
		if r.stop != stopNone {
			item = i + 1
		}
		v.Lines, v.Items = append(v.Lines, lines...), append(v.Items, slices.Repeat([]int{item}, len(lines))...)
	}
	return v
}

// Keys lists what can be pressed.
func (f form[T]) Keys() []keymap.Binding { return f.is.keys(f.at) }

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
