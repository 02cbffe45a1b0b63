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

// RowMark says which row of a table is marked, -1 for none.
type RowMark struct {
	Row int
	// Elsewhere says that the keyboard is in another list, and that what is selected there is about this row.
	Elsewhere bool
}

// PartTable draws a heading and rows in width cells and height lines. If not all rows fit, it shows those around the
// marked one. The columns have room for the texts of all, so that they stay where they are while a search leaves rows out.
func PartTable(rows, all []TableRow, names Naming, at RowMark, width, height int, st *styles.Styles) []string {
	if height < 1 {
		return nil
	}
	cols := columns(all, width, names)
	head := "  "
	for i, c := range cols {
		gap := c.gap()
		if i == len(cols)-1 {
			gap = 0
		}
		head += c.fit(c.head, c.width, gap, "")
	}
	out := []string{st.Head.Render(Fit(head, width, ""))}
	from, to := Visible(len(rows), at.Row, height-1)
	list := List(len(rows), from, to, width, height-1, st, func(i int) (string, styles.Look) {
		mark := " "
		switch {
		case i == at.Row && at.Elsewhere:
			mark = st.Focus.Render(st.Pick)
		case i == at.Row:
			mark = st.Cursor
		}
		return mark + " " + tableLine(rows[i], cols, st), RowLook(i, len(rows), i == at.Row && !at.Elsewhere, st)
	})
	return append(out, list...)
}

// tableLine draws one row without its mark.
func tableLine(r TableRow, cols []column, st *styles.Styles) string {
	var line strings.Builder
	for i, c := range cols {
		cells, gap := c.width, c.gap()
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
