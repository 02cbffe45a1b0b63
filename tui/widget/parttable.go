package widget

import (
	"strings"

	"shunt/tui/styles"
)

// TableRow is one line of the partition table as text. Text from the disk must be Clean.
type TableRow struct {
	Name, FS, Label, Size, Used, Unused, Flags, Change string
	PartName, Start, End                               string // on wide screens only
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

// Naming says whether the partitions of a table can have names.
type Naming int

// The two kinds of tables.
const (
	Unnamed Naming = iota // MBR
	Named                 // GPT
)

// PartTable draws a heading and rows in width cells and height lines. selected is the row with the cursor, or -1. If not
// all rows fit, it shows those around the cursor.
func PartTable(rows []TableRow, names Naming, selected, width, height int, st *styles.Styles) []string {
	if height < 1 {
		return nil
	}
	cols := columns(rows, width, names)
	head := "  "
	for _, c := range cols {
		head += c.fit(c.head, c.width, 1, "")
	}
	out := []string{st.Head.Render(Fit(head, width, ""))}
	from, to := Visible(len(rows), selected, height-1)
	list := List(len(rows), from, to, width, height-1, st, func(i int) (string, styles.Look) {
		return tableLine(rows[i], cols, i == selected, st), RowLook(i, len(rows), i == selected, st)
	})
	return append(out, list...)
}

// tableLine draws one row.
func tableLine(r TableRow, cols []column, selected bool, st *styles.Styles) string {
	var line strings.Builder
	if selected {
		line.WriteString(st.Cursor + " ")
	} else {
		line.WriteString("  ")
	}
	for i, c := range cols {
		cells, gap := c.width, 1
		switch {
		case i == 0 && r.FS == "":
			// A name without a file system may take both columns, as free space inside an extended partition needs.
			cells += cols[1].width
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
		case c.head == changeHead && r.Change != "": // blank cells with a colour cost bytes on the line
			look = st.Warn
		}
		line.WriteString(look.Render(text))
	}
	return line.String()
}
