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

func (m Model) editorClick(d document, hit lipgloss.LayerHit, x, y int) (Model, tea.Cmd) {
	switch hit.ID() {
	case zoneNow:
		return m.clickBar(d, pictureNow, x)
	case zoneAfter:
		return m.clickBar(d, pictureAfter, x)
	case zoneTable:
		rows := m.inView(len(d.rows()))
		from, _ := widget.Visible(len(rows), slices.Index(rows, d.row), hit.Bounds().Dy())
		if from+y >= len(rows) {
			return m, nil
		}
		return m.clickRow(d, rows[from+y])
	}
	if _, of := m.pendingOf(d).list(hit.Bounds().Dy()); y < len(of) {
		d.pane, d.pending = pendingPane, of[y]
	}
	return m.withDoc(m.current, d), nil
}

// clickRow selects a row of the table. A click on the selected row opens it, as Enter does for a partition and n for free
// space.
func (m Model) clickRow(d document, i int) (Model, tea.Cmd) {
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

// clickBar selects the row of the segment in cell x of a bar, or opens it if it is selected already.
func (m Model) clickBar(d document, which picture, x int) (Model, tea.Cmd) {
	segments := m.scaled(d, which.of(d), which, d.queue.Preview())
	_, width := m.barCells(m.pendingOf(d).layout())
	at := widget.SegmentAt(segments, width, x)
	if at < 0 || segments[at].Row.Span.Empty() {
		return m, nil
	}
	clicked := segments[at].Row
	return m.clickRow(d, slices.IndexFunc(d.rows(), func(r model.Row) bool {
		if clicked.Kind == model.RowPartition {
			return isPart(r, clicked.Partition.ID)
		}
		return r.Kind == clicked.Kind && r.Span.Contains(clicked.Span.Start)
	}))
}
