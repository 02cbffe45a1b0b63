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
	// apart is set if a second cell behind the text stays empty. It keeps a number apart from a word.
	apart bool
}

// gap returns how many cells behind the text stay empty.
func (c column) gap() int {
	if c.apart {
		return 2
	}
	return 1
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
	name := column{head: "Partition", width: 12, text: func(r TableRow) string { return strings.Repeat(" ", r.Indent) + r.Name }, side: leftSide}
	fs := column{head: fsHead, width: 12, text: func(r TableRow) string { return r.FS }, side: leftSide}
	label := column{head: labelHead, width: 8, text: func(r TableRow) string { return r.Label }, side: leftSide}
	size := column{head: "Size", width: 9, text: func(r TableRow) string { return r.Size }, side: rightSide}
	used := column{head: "Used", width: 9, text: func(r TableRow) string { return r.Used }, side: rightSide}
	unused := column{head: "Unused", width: 9, text: func(r TableRow) string { return r.Unused }, side: rightSide}
	flags := column{head: flagsHead, width: 6, text: func(r TableRow) string { return r.Flags }, side: leftSide}
	change := column{head: changeHead, width: 0, text: func(r TableRow) string { return r.Change }, side: leftSide}
	part := column{head: nameHead, width: 9, text: func(r TableRow) string { return r.PartName }, side: leftSide}
	start := column{head: "Start", width: 11, text: func(r TableRow) string { return r.Start }, side: rightSide}
	end := column{head: "End", width: 11, text: func(r TableRow) string { return r.End }, side: rightSide}
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
	last := len(cols) - 1
	for i := range last {
		if cols[i].side == rightSide && cols[i+1].side == leftSide && cols[last].width > needs[last] {
			cols[i].apart, cols[i].width, cols[last].width = true, cols[i].width+1, cols[last].width-1
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
