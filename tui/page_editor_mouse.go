package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/model"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// The IDs of zones that can be clicked in the editor, besides keys.
const (
	zoneNow     = "now"
	zoneAfter   = "after"
	zoneTable   = "table"
	zonePending = "pending"
)

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
		widget.Zone(zoneTable, 0, table+1, m.tableWidth(), l.table-1), widget.Zone(zonePending, 0, table+l.table+1, m.width,
			l.pending-2),
	}
}

// editorClick selects what is clicked. A click on the selected row opens it, as Enter does.
func (m Model) editorClick(d document, hit lipgloss.LayerHit, x, y int) (Model, tea.Cmd) {
	at, ok := m.pointed(d, hit, x, y)
	switch {
	case !ok:
		return m, nil
	case at.pane == tablePane && d.pane == tablePane && at.row == d.row:
		return m.pageKey(keymap.Event("enter"))
	}
	return m.withDoc(m.current, at), nil
}

// editorAim selects what is under the mouse.
func (m Model) editorAim(d document, hit lipgloss.LayerHit, x, y int) (next Model, groups []string) {
	at, ok := m.pointed(d, hit, x, y)
	switch {
	case !ok:
		return m, []string{diskGroup, programGroup}
	case at.pane == pendingPane:
		return m.withDoc(m.current, at), []string{pendingGroup}
	}
	return m.withDoc(m.current, at), []string{partitionGroup, diskGroup}
}

// pointed returns the document with the cursor on what lies in a cell of a zone; ok is false if nothing does.
func (m Model) pointed(d document, hit lipgloss.LayerHit, x, y int) (at document, ok bool) {
	row := -1
	switch hit.ID() {
	case zoneNow:
		row = m.segmentRow(d, pictureNow, x)
	case zoneAfter:
		row = m.segmentRow(d, pictureAfter, x)
	case zoneTable:
		rows := m.inView(len(d.rows()))
		from, _ := widget.Visible(len(rows), slices.Index(rows, d.row), hit.Bounds().Dy())
		if from+y < len(rows) {
			row = rows[from+y]
		}
	case zonePending:
		if _, of := m.pendingOf(d).list(hit.Bounds().Dy()); y < len(of) {
			d.pane, d.pending = pendingPane, of[y]
			return d, true
		}
	}
	if row < 0 || row >= len(d.rows()) {
		return d, false
	}
	d.pane, d.row = tablePane, row
	return d, true
}

// segmentRow returns the row of the segment in cell x of a bar, or -1.
func (m Model) segmentRow(d document, which picture, x int) int {
	segments := m.scaled(d, which.of(d), which.rows(d), which, d.queue.Preview())
	_, width := m.barCells(m.pendingOf(d).layout())
	at := widget.SegmentAt(segments, width, x)
	if at < 0 || segments[at].Row.Span.Empty() {
		return -1
	}
	clicked := segments[at].Row
	return slices.IndexFunc(d.rows(), func(r model.Row) bool {
		if clicked.Kind == model.RowPartition {
			return isPart(r, clicked.Partition.ID)
		}
		return r.Kind == clicked.Kind && r.Span.Contains(clicked.Span.Start)
	})
}
