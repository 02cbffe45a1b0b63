package widget

import (
	"strings"

	"shunt/tui/styles"
)

// TableRow is one line of the partition table as text. Text from the disk must be Clean.
type TableRow struct {
	Name, FS, Label, Size, Used, Unused, Flags, Change string
	PartName, Start                                    string // on wide screens only
	Style                                              styles.Look
	Indent                                             int
	Dim                                                Dimming
}

// Dimming says whether a row is dim.
type Dimming int

// The two looks of a row.
const (
	Bright Dimming = iota
	Dimmed         // unallocated space
)

// column is one column of the table. A column of width 0 takes the remaining width.
type column struct {
	head  string
	width int
	text  func(TableRow) string
	side  side
}

// side says at which side of its column a text stands.
type side int

const (
	leftSide side = iota
	rightSide
)

// Naming says whether the partitions of a table can have names.
type Naming int

// The two kinds of tables.
const (
	Unnamed Naming = iota // MBR
	Named                 // GPT
)

// mostColumns is the width of a table with all columns in which no change is cut. In a wider one the names get the rest.
const mostColumns = 154

// columns selects the columns of a table of the given width. Narrow tables omit what the bars and the information page
// also show.
func columns(width int, names Naming) []column {
	name := column{"Partition", 12, func(r TableRow) string { return strings.Repeat(" ", r.Indent) + r.Name }, leftSide}
	fs := column{"File system", 12, func(r TableRow) string { return r.FS }, leftSide}
	label := column{"Label", 8, func(r TableRow) string { return r.Label }, leftSide}
	size := column{"Size", 9, func(r TableRow) string { return r.Size }, rightSide}
	used := column{"Used", 9, func(r TableRow) string { return r.Used }, rightSide}
	unused := column{"Unused", 9, func(r TableRow) string { return r.Unused }, rightSide}
	flags := column{"Flags", 6, func(r TableRow) string { return r.Flags }, leftSide}
	change := column{"Change", 0, func(r TableRow) string { return r.Change }, leftSide}
	part := column{"Name", 16, func(r TableRow) string { return r.PartName }, leftSide}
	start := column{"Start", 11, func(r TableRow) string { return r.Start }, rightSide}
	switch {
	case width >= 112:
		label.width, flags.width, size.width, used.width, unused.width = 12, 10, 10, 10, 10
		if width >= 138 {
			label.width, part.width, flags.width = 17, 18, 16
		}
		spare := max(0, width-mostColumns)
		if names == Named {
			label.width, part.width = label.width+spare/2, part.width+spare/2
			return []column{name, fs, label, part, start, size, used, unused, flags, change}
		}
		label.width += part.width + spare
		return []column{name, fs, label, start, size, used, unused, flags, change}
	case width >= 92:
		label.width, flags.width = 14, 10
		fallthrough
	case width >= 78:
		return []column{name, fs, label, size, used, unused, flags, change}
	}
	fs.head, fs.width, label.width = "FS", 9, 8
	return []column{name, fs, label, size, used, change}
}

// PartTable draws a heading and n rows in width cells and height lines. It calls row only for the visible rows. selected
// is the row with the cursor, or -1. If not all rows fit, it shows those around the cursor.
func PartTable(n int, row func(i int) TableRow, names Naming, selected, width, height int, st *styles.Styles) []string {
	if height < 1 {
		return nil
	}
	cols := columns(width, names)
	head := "  "
	for _, c := range cols {
		cells := c.cells(cols, width)
		head += c.fit(c.head, cells, 1, "")
	}
	out := []string{st.Head.Render(Fit(head, width, ""))}
	from, to := Visible(n, selected, height-1)
	return append(out, List(n, from, to, width, height-1, st, func(i int) string {
		return tableLine(row(i), cols, width, i == selected, st)
	})...)
}

// cells returns the width of the column in a table of the given width, including the space after it.
func (c column) cells(all []column, width int) int {
	if c.width > 0 {
		return c.width
	}
	rest := width - 2
	for _, other := range all {
		rest -= other.width
	}
	return max(0, rest)
}

// fit returns a text in the cells of its column, with a gap behind it.
func (c column) fit(text string, cells, gap int, more string) string {
	text = Fit(text, min(Width(text), cells-gap), more)
	if c.side == rightSide {
		text = FitRight(text, cells-gap)
	}
	return Fit(text, cells, "")
}

// tableLine draws one row.
func tableLine(r TableRow, cols []column, width int, selected bool, st *styles.Styles) string {
	var line strings.Builder
	under := st.Text
	if selected {
		under = st.Row
		line.WriteString(under.And(st.Focus).Render(st.Cursor + " "))
	} else {
		line.WriteString("  ")
	}
	for i, c := range cols {
		cells := c.cells(cols, width)
		gap := 1
		switch {
		case i == 0 && r.FS == "":
			// A name without a file system may take both columns, as free space inside an extended partition needs.
			cells += cols[1].cells(cols, width)
		case i == 1 && r.FS == "":
			continue
		case i == len(cols)-1:
			gap = 0
		}
		text := c.fit(c.text(r), cells, gap, st.More)
		look := st.Text
		switch {
		case i <= 1:
			look = r.Style
		case r.Dim == Dimmed:
			look = st.Muted
		case c.head == "Change":
			look = st.Warn
		}
		if selected && i <= 1 {
			look = look.Over(under).Bold(true)
		}
		line.WriteString(look.Render(text))
	}
	return line.String()
}
