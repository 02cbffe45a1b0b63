package tui

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// In wide windows the details of the selected row are shown beside the table.
const (
	leastForDetails = 150
	detailsWidth    = 54
	detailsWide     = 64 // where the table has room for all its columns
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
