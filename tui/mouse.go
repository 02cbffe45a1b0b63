package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Whatever the mouse does, a key does as well: a click on a button or on the name of a key is that key, the wheel is an
// arrow key. Only the cursor and the handles of a bar are set directly.

// wheelLines is how many lines of a text a notch of the wheel scrolls.
const wheelLines = 3

// mouse brings a mouse event to the uppermost dialog or else to the page.
func (m Model) mouse(msg tea.MouseMsg) (tea.Model, tea.Cmd) {
	click, clicked := msg.(tea.MouseClickMsg)
	switch {
	case m.small():
		return m, nil
	case m.gate.closed && clicked:
		return m.shut()
	case m.gate.closed:
		return m, nil
	}
	if wheel, ok := msg.(tea.MouseWheelMsg); ok {
		return m.wheel(wheel)
	}
	if clicked {
		if click.Button != tea.MouseLeft {
			return m, nil
		}
		covered := len(m.noteLines())
		if m.note = (note{}); len(m.dialogs) == 0 && click.Y >= m.height-covered {
			return m, nil // what is below the answer was not seen
		}
	}
	if len(m.dialogs) > 0 {
		return m.dialogMouse(msg)
	}
	if clicked {
		return m.click(click.X, click.Y)
	}
	return m, nil
}

// wheel scrolls what is in view.
func (m Model) wheel(msg tea.MouseWheelMsg) (tea.Model, tea.Cmd) {
	name := "up"
	switch msg.Button {
	case tea.MouseWheelUp:
	case tea.MouseWheelDown:
		name = "down"
	default:
		return m, nil
	}
	press := keymap.Event(name)
	if len(m.dialogs) > 0 {
		return m.toDialog(press)
	}
	n := 1
	switch p, _ := m.shown(); p {
	case pageReader, pageRun:
		n = wheelLines
	case pageRecovery, pageBlank:
		return m, nil
	case pageEditor, pageFiles:
	}
	var next tea.Model = m
	var cmds []tea.Cmd
	for range n {
		var cmd tea.Cmd
		next, cmd = next.(Model).pageKey(press)
		cmds = append(cmds, cmd)
	}
	return next, tea.Batch(cmds...)
}

// dialogMouse brings an event to the uppermost dialog: as a key, if it is a click on one.
func (m Model) dialogMouse(msg tea.MouseMsg) (tea.Model, tea.Cmd) {
	event := dialog.Release
	switch msg := msg.(type) {
	case tea.MouseClickMsg:
		event = dialog.Press
	case tea.MouseMotionMsg:
		if msg.Button != tea.MouseLeft {
			return m, nil
		}
		event = dialog.Drag
	}
	at := msg.Mouse()
	drawn := dialog.Draw(m.dialogs[len(m.dialogs)-1].Dialog, m.width, m.height, m.st)
	x, y := at.X-drawn.Body.X, at.Y-drawn.Body.Y
	if press, ok := drawn.Pressed(x, y); ok && event == dialog.Press {
		return m.toDialog(press)
	}
	return m.toDialog(dialog.Mouse{Event: event, X: x, Y: y, Width: drawn.Inner, Height: drawn.Height, On: drawn.View})
}

// click does what a click on a page stands for.
func (m Model) click(x, y int) (tea.Model, tea.Cmd) {
	if y == m.height-1 {
		if b, ok := widget.KeyAt(widget.PlaceKeys(m.keysOf()), x); ok {
			if press, ok := b.Event(); ok {
				return m.pageKey(press)
			}
		}
		return m, nil
	}
	switch p, d := m.shown(); p {
	case pageRun:
		line, buttons := m.runButtons(d)
		return m.clickButton(buttons, x-textX-widget.Width(askApply(d)), y-line)
	case pageRecovery:
		_, question := m.recoveryText(d)
		return m.clickButton(recoveryButtons(), x-textX, y-(boxY+m.recoveryLines(d)+len(question)))
	case pageFiles:
		return m.clickFile(y)
	case pageEditor:
		return m.clickEditor(d, x, y)
	case pageReader, pageBlank:
	}
	return m, nil
}

// Where the text of a page with a box begins: below the title and the edge, behind the edge and a space.
const (
	boxY  = 2
	textX = 2
)

// keysOf is what the last line shows, for placing it.
func (m Model) keysOf() (bindings, always []keymap.Binding, width int) {
	bindings, always = m.pageKeys()
	return bindings, always, m.width
}

// clickButton is the key of the button in cell x of a row of buttons, which is there if y is 0.
func (m Model) clickButton(buttons []widget.Button, x, y int) (tea.Model, tea.Cmd) {
	if y != 0 {
		return m, nil
	}
	if press, ok := widget.ButtonPress(buttons, x); ok {
		return m.pageKey(press)
	}
	return m, nil
}

// clickFile selects the entry in line y, and opens the one that is selected already.
func (m Model) clickFile(y int) (tea.Model, tea.Cmd) {
	from, to, first := m.fileLines()
	at := from + y - boxY - first
	switch {
	case y < boxY+first || at >= to:
		return m, nil
	case at == m.files.at:
		return m.pageKey(keymap.Event("enter"))
	}
	m.files.at = at
	return m, nil
}

// clickEditor selects what is in a cell, in a bar as well as in the table and among the pending operations. What is
// selected already is opened, as Enter would.
func (m Model) clickEditor(d document, x, y int) (tea.Model, tea.Cmd) {
	next, ok := m.at(d, x, y)
	switch {
	case !ok:
		return m, nil
	case next.pane == tablePane && d.pane == tablePane && next.row == d.row:
		return m.open(d)
	}
	return m.withDoc(m.current, next), nil
}

// open is Enter on a partition and n on free space.
func (m Model) open(d document) (tea.Model, tea.Cmd) {
	row, ok := d.selected()
	if ok && row.Kind == model.RowGap {
		return m.pageKey(keymap.Event("n"))
	}
	return m.pageKey(keymap.Event("enter"))
}

// at is the document with the cursor on what is shown in a cell; ok is false if nothing there can be selected.
func (m Model) at(d document, x, y int) (next document, ok bool) {
	pending := m.pendingOf(d)
	l := pending.layout()
	if i, ok := m.barRow(d, l, x, y); ok {
		d.pane, d.row = tablePane, i
		return d, true
	}
	y -= 1 + l.banner + 2*l.bar + 1
	from, to := widget.Visible(len(d.rows()), d.row, l.table-1)
	if y >= 0 && from+y < to && x < m.tableWidth() {
		d.pane, d.row = tablePane, from+y
		return d, true
	}
	y -= l.table
	if _, of := pending.list(l.pending - 2); y >= 0 && y < len(of) {
		d.pane, d.pending = pendingPane, of[y]
		return d, true
	}
	return d, false
}

// barRow is the row of the table that belongs to the segment in a cell of a bar.
func (m Model) barRow(d document, l editorLayout, x, y int) (row int, ok bool) {
	y -= 1 + l.banner
	if y < 0 || y >= 2*l.bar {
		return 0, false
	}
	disk, which := d.queue.Initial(), pictureNow
	if y >= l.bar {
		disk, which = d.queue.Preview(), pictureAfter
	}
	if y%l.bar == 0 && l.boxed || y%l.bar == l.bar-1 && l.boxed {
		return 0, false // on the border
	}
	segments := m.scaled(d, disk, which, d.queue.Preview())
	left, width := m.barCells(l)
	at := widget.SegmentAt(segments, width, x-left)
	if at < 0 || segments[at].Row.Span.Empty() {
		return 0, false
	}
	clicked := segments[at].Row
	row = slices.IndexFunc(d.rows(), func(r model.Row) bool {
		if clicked.Kind == model.RowPartition {
			return r.Kind == model.RowPartition && r.Partition.ID == clicked.Partition.ID
		}
		return r.Kind == clicked.Kind && r.Span.Contains(clicked.Span.Start)
	})
	return row, row >= 0
}
