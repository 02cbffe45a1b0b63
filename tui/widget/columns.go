package widget

import (
	"slices"
	"strings"
)

// column is one column of the partition table.
type column struct {
	head  string
	width int // in cells, with the space after it
	text  func(TableRow) string
	side  side
}

// side says at which side of its column a text stands.
type side int

const (
	leftSide side = iota
	rightSide
)

// Names of columns that give or get cells.
const (
	fsHead, labelHead, nameHead, flagsHead, changeHead = "File system", "Label", "Name", "Flags", "Change"
)

// Widths of tables from which on there are more columns.
const (
	withUnused = 78
	withNames  = 92
	withStart  = 112
	withEnd    = 132
)

// columns returns the columns of a table of the given width. Narrow tables omit what the bars and the information page
// also show. The last column takes the remaining cells.
func columns(rows []TableRow, width int, names Naming) []column {
	cols := baseColumns(width, names)
	rest := width - 2
	for _, c := range cols {
		rest -= c.width
	}
	cols[len(cols)-1].width = max(0, rest)
	return roomFor(cols, rows)
}

func baseColumns(width int, names Naming) []column {
	name := column{"Partition", 12, func(r TableRow) string { return strings.Repeat(" ", r.Indent) + r.Name }, leftSide}
	fs := column{fsHead, 12, func(r TableRow) string { return r.FS }, leftSide}
	label := column{labelHead, 8, func(r TableRow) string { return r.Label }, leftSide}
	size := column{"Size", 9, func(r TableRow) string { return r.Size }, rightSide}
	used := column{"Used", 9, func(r TableRow) string { return r.Used }, rightSide}
	unused := column{"Unused", 9, func(r TableRow) string { return r.Unused }, rightSide}
	flags := column{flagsHead, 6, func(r TableRow) string { return r.Flags }, leftSide}
	change := column{changeHead, 0, func(r TableRow) string { return r.Change }, leftSide}
	part := column{nameHead, 9, func(r TableRow) string { return r.PartName }, leftSide}
	start := column{"Start", 11, func(r TableRow) string { return r.Start }, rightSide}
	end := column{"End", 11, func(r TableRow) string { return r.End }, rightSide}
	if width < withUnused {
		fs.head, fs.width = "FS", 9
		return []column{name, fs, label, size, used, change}
	}
	if width >= withNames {
		label.width, flags.width = 10, 10
	}
	if width >= withStart {
		label.width, part.width, size.width, used.width, unused.width = 12, 16, 10, 10, 10
	}
	var out []column
	for _, c := range []struct {
		column
		shown bool
	}{
		{name, true},
		{fs, true},
		{label, true},
		{part, names == Named && width >= withNames},
		{start, width >= withStart},
		{end, width >= withEnd},
		{size, true},
		{used, true},
		{unused, true},
		{flags, true},
		{change, true},
	} {
		if c.shown {
			out = append(out, c.column)
		}
	}
	return out
}

// roomFor gives columns with longer texts the cells that others do not need.
func roomFor(cols []column, rows []TableRow) []column {
	needs := make([]int, len(cols))
	for i, c := range cols {
		needs[i] = Width(c.head) + 1
		for _, r := range rows {
			needs[i] = max(needs[i], Width(c.text(r))+1)
		}
	}
	needs[len(needs)-1]-- // no space after the last one
	index := func(head string) int { return slices.IndexFunc(cols, func(c column) bool { return c.head == head }) }
	for i := range cols {
		for _, giver := range []int{len(cols) - 1, index(fsHead), index(flagsHead), index(nameHead), index(labelHead)} {
			if giver < 0 || giver == i {
				continue
			}
			given := max(0, min(needs[i]-cols[i].width, cols[giver].width-needs[giver]))
			cols[i].width, cols[giver].width = cols[i].width+given, cols[giver].width-given
		}
	}
	return cols
}

// fit returns a text in the cells of its column, with a gap behind it.
func (c column) fit(text string, cells, gap int, more string) string {
	text = Fit(text, min(Width(text), cells-gap), more)
	if c.side == rightSide {
		text = FitRight(text, cells-gap)
	}
	return Fit(text, cells, "")
}
