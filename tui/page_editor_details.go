package tui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// In wide windows the details of the selected row are shown beside the table, in others below it where lines are free.
const (
	leastForDetails = 150
	detailsWidth    = 54
	detailsWide     = 64 // where the table has room for all its columns
	leastForBelow   = 110
	leastBelow      = 6 // lines, including the border
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
	row, ok := d.selected()
	if width == 0 || !ok || len(table) < 4 {
		return table
	}
	lines := m.details(d, row, width-4)
	f := widget.Frame{Title: rowTitle(row), Edge: m.st.Faint, Name: m.st.Title}
	box := widget.Box(lines, f, width, min(len(table), len(lines)+2), m.st)
	out := make([]string, len(table))
	for i := range out {
		out[i] = table[i] + lineOf(box, i)
	}
	return out
}

// below returns the table with the details in the lines that its rows leave free. They follow the cursor when it has
// rested (settle), so that a step over a slow line does not send them.
func (m Model) below(table []string, d document) []string {
	rows := d.rows()
	free := len(table) - len(rows) - 2
	at := slices.IndexFunc(rows, func(r model.Row) bool { return keyOf(r) == m.settled.row })
	if m.width < leastForBelow || m.width >= leastForDetails || free < leastBelow || at < 0 || m.settled.gen != d.gen {
		return table
	}
	const gap = 3
	column := (m.width - 4 - gap) / 2
	lines := m.details(d, rows[at], column)
	height := min((len(lines)+1)/2, free-2)
	left, right := lines[:height], lines[height:]
	for i := range left {
		left[i] = widget.Fit(left[i], column+gap, "") + lineOf(right, i)
	}
	f := widget.Frame{Title: rowTitle(rows[at]), Edge: m.st.Faint, Name: m.st.Title}
	return append(table[:len(rows)+2], widget.Pad(widget.Box(left, f, m.width, height+2, m.st), m.width, free, "")...)
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
	row, selected := d.selected()
	if !ok || !selected || d.state != docOpen {
		return m, nil
	}
	key := keyOf(row)
	if m.settled.gen != d.gen {
		m.settled = settled{gen: d.gen, row: key, serial: m.settled.serial}
		return m, nil
	}
	was, _ := before.doc()
	old, _ := was.selected()
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
	if row, ok := d.selected(); ok && serial == m.settled.serial && m.settled.gen == d.gen {
		m.settled.row = keyOf(row)
	}
	return m
}

func rowTitle(r model.Row) string {
	switch r.Kind {
	case model.RowPartition:
		return "Partition " + r.Partition.Ref()
	case model.RowWhole:
		return "Whole disk"
	case model.RowRest:
		return "Rest of " + r.Partition.Ref()
	case model.RowGap:
	}
	return "Unallocated"
}

// details describes a row for editing: first the possible changes, then the contents, then the rest.
func (m Model) details(d document, r model.Row, width int) []string {
	b, disk := m.block(width), d.queue.Preview()
	var sections []report.SheetSection
	switch r.Kind {
	case model.RowGap, model.RowRest:
		b.gap(disk, r)
	case model.RowWhole:
		sections = report.TargetSheet(disk, d.facts, d.name()).Sections
	case model.RowPartition:
		for _, can := range abilities(d, r.Partition) {
			b.fact(can[0], can[1])
		}
		b.add("")
		sections = report.PartitionSheet(disk, r.Partition, d.name()).Sections
	}
	for _, s := range slices.Backward(sections) {
		b.title(s.Title)
		b.facts(s)
	}
	return b.lines
}

// abilities returns how far a partition can be grown, shrunk and moved, as pairs of a name and a text.
func abilities(d document, p model.Partition) [][2]string {
	disk := d.queue.Preview()
	l := ops.Limit(disk, d.queue.Env(), p.ID)
	size := func(n geometry.Sector) string { return geometry.FormatAtMost(disk.SectorSize.Bytes(n)) }
	grow, shrink, move := string(l.Grow), string(l.Shrink), string(l.Move)
	if l.Grow.OK() {
		grow = fmt.Sprintf("no room: %s; g makes some", l.WhyEnd)
		if by := l.MaxLen - p.Span.Len(); by > 0 {
			grow = "by up to " + size(by) + "; g makes more room"
		}
	}
	if l.Shrink.OK() {
		shrink = "to " + geometry.FormatAtLeast(disk.SectorSize.Bytes(l.MinLen)) + " at the least"
	}
	if l.Move.OK() {
		left, right := p.Span.Start-l.Chosen.Start, l.Chosen.End-p.Span.End
		switch {
		case left > 0 && right > 0:
			move = fmt.Sprintf("left by up to %s, right by up to %s", size(left), size(right))
		case left > 0:
			move = "left by up to " + size(left)
		case right > 0:
			move = "right by up to " + size(right)
		default:
			move = "no free space beside it"
		}
	}
	return [][2]string{{"Grow", grow}, {"Shrink", shrink}, {"Move", move}}
}
