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
	return roomFor(cols, rows, width < withNames)
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

// roomFor gives columns with longer texts the cells that others do not need, and then columns of numbers a second cell behind
// them: those before words, and with all also the others. In a wide table that would only make a step of the cursor send more.
func roomFor(cols []column, rows []TableRow, all bool) []column {
	needs := needsOf(cols, rows)
	index := func(head string) int { return slices.IndexFunc(cols, func(c column) bool { return c.head == head }) }
	givers := []int{len(cols) - 1, 0, index(fsHead), index(flagsHead), index(nameHead), index(labelHead)}
	take := func(i, n int) (given int) {
		for _, giver := range givers {
			if giver < 0 || giver == i {
				continue
			}
			part := max(0, min(n-given, cols[giver].width-needs[giver]))
			cols[i].width, cols[giver].width, given = cols[i].width+part, cols[giver].width-part, given+part
		}
		return given
	}
	for i := range cols {
		take(i, needs[i]-cols[i].width)
	}
	for _, next := range []side{leftSide, rightSide} {
		for i := range len(cols) - 1 {
			if cols[i].side == rightSide && cols[i+1].side == next && (all || next == leftSide) {
				cols[i].apart = take(i, 1) > 0
			}
		}
	}
	return cols
}

// needsOf returns the cells that the texts of each column need, with the space behind them.
func needsOf(cols []column, rows []TableRow) []int {
	needs := make([]int, len(cols))
	for i, c := range cols {
		needs[i] = Width(c.head) + 1
		for _, r := range rows {
			if i > 0 || r.FS != "" { // otherwise it may take the next column too (tableLine)
				needs[i] = max(needs[i], Width(c.text(r))+1)
			}
		}
	}
	needs[len(needs)-1]-- // no space after the last one
	return needs
}

// fit returns a text in the cells of its column, with a gap behind it.
func (c column) fit(text string, cells, gap int, more string) string {
	text = Fit(text, min(Width(text), cells-gap), more)
	if c.side == rightSide {
		text = FitRight(text, cells-gap)
	}
	return Fit(text, cells, "")
}
