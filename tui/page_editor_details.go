package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// In wide windows the details of the selected row are shown beside the table, in others below it where lines are free.
const (
	leastForDetails = 150
	detailsWidth    = 54
	detailsWide     = 64 // where the table has room for all its columns
	leastForBelow   = 110
	leastBelow      = 6  // lines, including the border
	usualBelow      = 14 // the border stays where it is while the cursor moves, as most details fit
)

// tableWidth returns the width of the table in cells.
func (m Model) tableWidth() int {
	switch {
	case m.width < leastForDetails:
		return m.width
	case m.width-detailsWide < 136:
		return m.width - detailsWidth
	}
	return m.width - detailsWide
}

// beside returns the table with the details to its right.
func (m Model) beside(table []string, d document) []string {
	width := m.width - m.tableWidth()
	row, ok := d.subject()
	if width == 0 || !ok || len(table) < 4 {
		return table
	}
	lines := m.columns(m.details(d, row, width-4), 1, 0, len(table)-2)[0]
	f := widget.Frame{Title: d.rowTitle(row), Edge: m.st.Faint, Name: m.st.Title}
	box := widget.Box(lines, f, width, len(lines)+2, m.st)
	out := make([]string, len(table))
	for i := range out {
		out[i] = table[i] + lineOf(box, i)
	}
	return out
}

// below returns the table with the details in the lines that its rows leave free. They follow the cursor when it has
// rested (settle), so that a step over a slow line does not send them.
func (m Model) below(table []string, d document) []string {
	rows := len(d.rows())
	free := len(table) - rows - 2
	row, ok := d.rowOf(m.settled.row)
	if m.width < leastForBelow || m.width >= leastForDetails || free < leastBelow || !ok || m.settled.gen != d.gen {
		return table
	}
	const gap = 3
	width := (m.width - 4 - gap) / 2
	columns := m.columns(m.details(d, row, width), 2, 1, free-2)
	lines := make([]string, max(len(columns[0]), len(columns[1])))
	for i := range lines {
		lines[i] = widget.Fit(lineOf(columns[0], i), width+gap, "") + lineOf(columns[1], i)
	}
	f := widget.Frame{Title: d.rowTitle(row), Edge: m.st.Faint, Name: m.st.Title}
	box := widget.Box(lines, f, m.width, max(len(lines)+2, min(free, usualBelow)), m.st)
	return append(table[:rows+2], widget.Pad(box, m.width, free, "")...)
}

// detailed reports whether details are beside or below a table of the given height.
func (m Model) detailed(d document, height int) bool {
	switch {
	case m.width >= leastForDetails:
		return height >= 4
	case m.width >= leastForBelow:
		return height-len(d.rows())-2 >= leastBelow
	}
	return false
}

// rowKey identifies a row of the table while the disk changes.
type rowKey struct {
	kind  model.RowKind
	part  model.PartID
	start geometry.Sector // of a row that is not a partition
}

func keyOf(r model.Row) rowKey {
	if r.Kind == model.RowPartition {
		return rowKey{kind: r.Kind, part: r.Partition.ID}
	}
	return rowKey{kind: r.Kind, start: r.Span.Start}
}

// rowOf returns the row with a key. A partition that the pending operations delete, and the whole disk, have no row of
// their own in the table.
func (d document) rowOf(k rowKey) (row model.Row, ok bool) {
	rows := d.rows()
	if at := slices.IndexFunc(rows, func(r model.Row) bool { return keyOf(r) == k }); at >= 0 {
		return rows[at], true
	}
	switch k.kind {
	case model.RowPartition:
		p, ok := d.queue.Initial().Partition(k.part)
		return model.Row{Kind: k.kind, Span: p.Span, Partition: p, FS: p.FS}, ok
	case model.RowWhole:
		return model.Row{Kind: k.kind, Span: d.queue.Preview().Span()}, true
	case model.RowGap, model.RowRest:
	}
	return model.Row{}, false
}

// settled is the row whose details are shown below the table of the target with this generation.
type settled struct {
	gen    int
	row    rowKey
	serial int // the number of the last timer
}

// restTime is how long the cursor must rest before the details follow.
const restTime = 250 * time.Millisecond

// settle lets the details follow the cursor: at once if another target came into view, otherwise when it has rested.
// before is the model before the message was handled.
func (m Model) settle(before Model) (Model, tea.Cmd) {
	d, ok := m.doc()
	row, selected := d.subject()
	if !ok || !selected || d.state != docOpen {
		return m, nil
	}
	key := keyOf(row)
	if m.settled.gen != d.gen {
		m.settled = settled{gen: d.gen, row: key, serial: m.settled.serial}
		return m, nil
	}
	was, _ := before.doc()
	old, _ := was.subject()
	if key == m.settled.row || was.gen == d.gen && keyOf(old) == key {
		return m, nil
	}
	m.settled.serial++
	serial := m.settled.serial
	return m, m.Clock(restTime, func() tea.Msg {
		return result(func(m Model) (Model, tea.Cmd) { return m.rested(serial), nil })
	})
}

// rested shows the details of the selected row, unless the cursor has moved meanwhile.
func (m Model) rested(serial int) Model {
	d, _ := m.doc()
	if row, ok := d.subject(); ok && serial == m.settled.serial && m.settled.gen == d.gen {
		m.settled.row = keyOf(row)
	}
	return m
}

// planned stands behind the title of what will be so when the pending operations are applied.
const planned = ", as planned"

// rowTitle returns the title of the details of a row.
func (d document) rowTitle(r model.Row) string {
	switch r.Kind {
	case model.RowPartition:
		title := "Partition " + r.Partition.Ref()
		switch was, ok := d.queue.Initial().Partition(r.Partition.ID); {
		case d.deletes(r):
			title += " (deleted)"
		case !ok || was != r.Partition || d.replacedBy() != "":
			title += planned
		}
		return title
	case model.RowWhole:
		if d.queue.Len() > 0 {
			return "Whole disk" + planned
		}
		return "Whole disk"
	case model.RowRest:
		return "Rest of " + r.Partition.Ref()
	case model.RowGap:
	}
	return "Unallocated"
}

// deletes reports whether the pending operations delete the partition of a row.
func (d document) deletes(r model.Row) bool {
	_, stays := d.queue.Preview().Partition(r.Partition.ID)
	return r.Kind == model.RowPartition && !stays
}

// details describes a row for editing: first the possible changes, then the contents, then the rest.
func (m Model) details(d document, r model.Row, width int) []passage {
	disk := d.queue.Preview()
	var sections []report.SheetSection
	switch r.Kind {
	case model.RowGap, model.RowRest:
		sections = []report.SheetSection{report.GapSection(r.Span, disk.SectorSize, report.Brief)}
		sections[0].Title = ""
	case model.RowWhole:
		sections = report.TargetSheet(disk, d.facts, d.name(), report.Brief).Sections
	case model.RowPartition:
		if d.deletes(r) {
			return m.passages(report.PartitionSheet(d.queue.Initial(), r.Partition, d.name(), report.Brief).Sections, width)
		}
		sections = append(report.PartitionSheet(disk, r.Partition, d.name(), report.Brief).Sections, abilities(d, r.Partition))
	}
	return m.passages(sections, width)
}

// passages returns the lines of sections, the last one first.
func (m Model) passages(sections []report.SheetSection, width int) (list []passage) {
	for _, s := range slices.Backward(sections) {
		if len(list) > 0 {
			list = append(list, passage{""})
		}
		b := m.block(width)
		if s.Title != "" {
			b.title(s.Title)
		}
		for _, l := range s.Lines {
			b.line(l)
			list, b = append(list, b.lines), m.block(width)
		}
	}
	return list
}
