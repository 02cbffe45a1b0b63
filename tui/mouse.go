package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

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
	return m.toDialog(drawn.Mouse(event, at.X, at.Y))
}

// click does what a click on a page stands for.
func (m Model) click(x, y int) (tea.Model, tea.Cmd) {
	hit := lipgloss.NewCompositor(m.zones()...).Hit(x, y)
	if key, ok := widget.Pressed(hit); ok {
		return m.pageKey(keymap.Event(key))
	}
	x, y = x-hit.Bounds().Min.X, y-hit.Bounds().Min.Y
	_, d := m.shown()
	switch hit.ID() {
	case zoneFiles:
		return m.clickFile(y)
	case zoneNow:
		return m.clickBar(d, pictureNow, x)
	case zoneAfter:
		return m.clickBar(d, pictureAfter, x)
	case zoneTable:
		from, _ := widget.Visible(len(d.rows()), d.row, hit.Bounds().Dy())
		return m.clickRow(d, from+y)
	case zonePending:
		if _, of := m.pendingOf(d).list(hit.Bounds().Dy()); y < len(of) {
			d.pane, d.pending = pendingPane, of[y]
		}
		return m.withDoc(m.current, d), nil
	}
	return m, nil
}

// The names of what can be clicked on pages, besides keys.
const (
	zoneFiles   = "files"
	zoneNow     = "now"
	zoneAfter   = "after"
	zoneTable   = "table"
	zonePending = "pending"
)

// zones is what can be clicked on the page in view.
func (m Model) zones() []*lipgloss.Layer {
	zones := widget.Zones(m.keySpots(), 0, m.height-1)
	switch p, d := m.shown(); p {
	case pageRun:
		return append(zones, m.runZones(d)...)
	case pageRecovery:
		return append(zones, m.recoveryZones(d)...)
	case pageFiles:
		from, to, first := m.fileLines()
		return append(zones, widget.Zone(zoneFiles, 0, boxY+first, m.width, to-from))
	case pageEditor:
		return append(zones, m.editorZones(d)...)
	case pageReader, pageBlank:
	}
	return zones
}

// Where the text of a page with a box begins: below the title and the edge, behind the edge and a space.
const (
	boxY  = 2
	textX = 2
)

// clickFile selects the entry in line y of the list, and opens the one that is selected already.
func (m Model) clickFile(y int) (tea.Model, tea.Cmd) {
	from, _, _ := m.fileLines()
	if from+y == m.files.at {
		return m.pageKey(keymap.Event("enter"))
	}
	m.files.at = from + y
	return m, nil
}

// editorZones are the bars, the table and the list of pending operations.
func (m Model) editorZones(d document) []*lipgloss.Layer {
	l := m.pendingOf(d).layout()
	left, width := m.barCells(l)
	edge := 0
	if l.boxed {
		edge = 1
	}
	y := 1 + l.banner
	table := y + 2*l.bar
	return []*lipgloss.Layer{
		widget.Zone(zoneNow, left, y+edge, width, l.bar-2*edge), widget.Zone(zoneAfter, left, y+l.bar+edge, width, l.bar-2*edge),
		widget.Zone(zoneTable, 0, table+1, m.tableWidth(), l.table-1), widget.Zone(zonePending, 0, table+l.table+1, m.width, l.pending-2),
	}
}

// clickRow selects a row of the table. One that is selected already is opened, as Enter does with a partition and n with
// free space.
func (m Model) clickRow(d document, i int) (tea.Model, tea.Cmd) {
	rows := d.rows()
	switch {
	case i < 0 || i >= len(rows):
		return m, nil
	case d.pane != tablePane || i != d.row:
		d.pane, d.row = tablePane, i
		return m.withDoc(m.current, d), nil
	case rows[i].Kind == model.RowGap:
		return m.pageKey(keymap.Event("n"))
	}
	return m.pageKey(keymap.Event("enter"))
}

// clickBar is clickRow for the row of the segment in cell x of a bar.
func (m Model) clickBar(d document, which picture, x int) (tea.Model, tea.Cmd) {
	disk := d.queue.Initial()
	if which == pictureAfter {
		disk = d.queue.Preview()
	}
	segments := m.scaled(d, disk, which, d.queue.Preview())
	_, width := m.barCells(m.pendingOf(d).layout())
	at := widget.SegmentAt(segments, width, x)
	if at < 0 || segments[at].Row.Span.Empty() {
		return m, nil
	}
	clicked := segments[at].Row
	return m.clickRow(d, slices.IndexFunc(d.rows(), func(r model.Row) bool {
		if clicked.Kind == model.RowPartition {
			return r.Kind == model.RowPartition && r.Partition.ID == clicked.Partition.ID
		}
		return r.Kind == clicked.Kind && r.Span.Contains(clicked.Span.Start)
	}))
}
