package dialog

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// The picker's lines above and below its list.
const (
	browseAbove = 2
	browseBelow = 4
	browseNotes = 2
)

// browseColumns is how wide the columns of the list are; 0 leaves one out.
type browseColumns struct{ width, name, size, format, content, use int }

// browseLayout divides a line: who uses it is told in the last lines if there is no room for it, and so is the format.
func browseLayout(width int) browseColumns {
	const most = 130
	c := browseColumns{width: min(width, most), size: 11, content: 19}
	switch {
	case c.width >= 96:
		c.format, c.use = 13, 28
	case c.width < 64:
		c.content = 10
	}
	// The cursor stands before it all, the mark of what is in use before the last column, and the arrows behind it.
	c.name = c.width - 2 - c.size - c.format - c.content - c.use - 3
	return c
}

// browseRows is how many lines of the list are shown; visible is which.
func (b Browse) browseRows(height int) int {
	const most = 40
	return min(most, max(3, height-browseAbove-browseBelow-1))
}

func (b Browse) visible(height int) (from, to int) {
	rows := b.browseRows(height)
	if b.at < rows && !slices.ContainsFunc(b.rows[:min(b.at, len(b.rows))], func(r listRow) bool { return r.entry }) {
		return 0, min(rows, len(b.rows)) // with the heading
	}
	return widget.Visible(len(b.rows), b.at, rows)
}

// View is the field, the list, and what is known of what is selected.
func (b Browse) View(width, height int, st *styles.Styles) View {
	c := browseLayout(width)
	line, x := fieldLine(st.Focus.Render("Path "), b.field, true, c.width-7, st)
	if b.field.Value() == "" {
		hint := st.Faint.Render("type a path, or a part of a name")
		line = widget.Fit(ansi.Truncate(line, x, "")+hint, c.width-1, "") + ansi.TruncateLeft(line, c.width-1, "")
	}
	lines := []string{line, ""}
	items := make([]int, len(lines))
	from, to := b.visible(height)
	for i := from; i < to; i++ {
		mark := " "
		switch {
		case i == from && from > 0:
			mark = st.Up
		case i == to-1 && to < len(b.rows):
			mark = st.Down
		}
		lines, items = append(lines, widget.Fit(b.rowLine(i, c, st), c.width-1, "")+st.Muted.Render(mark)), append(items, i+1)
	}
	lines = widget.Pad(lines, c.width, browseAbove+b.browseRows(height), st.More)
	lines = append(lines, "")
	lines = append(lines, b.details(c.width, st)...)
	v := View{Title: "Open target", Width: c.width, Lines: widget.Pad(lines, c.width, browseAbove+b.browseRows(height)+browseBelow, st.More)}
	v.Cursor, v.Items = &Point{X: x}, items
	return v
}

// rowLine is one line of the list.
func (b Browse) rowLine(i int, c browseColumns, st *styles.Styles) string {
	r := b.rows[i]
	if !r.entry {
		look := st.Muted
		if r.head {
			look = st.Head
		}
		indent := "  "
		if r.head {
			indent = ""
		}
		return indent + look.Render(fitTail(r.text, c.width-3, st))
	}
	g, seen := b.seen[r.Path]
	size := r.Size
	if seen {
		size = g.Size
	}
	cells := b.nameCell(r, g, c.name, st) + " "
	text := ""
	if size > 0 {
		text = geometry.FormatBytes(size)
	}
	cells += widget.Cell(text, c.size-1, widget.Right, "") + " "
	if c.format > 0 {
		cells += " " + widget.Fit(g.Format, c.format-1, st.More)
	}
	content := ""
	if seen {
		content = contentWords(g, c)
	}
	cells += " " + widget.Fit(content, c.content-1, st.More)
	mark, who := " ", g.Use
	if g.Own {
		who = "open here"
	}
	if who != "" {
		mark = st.Busy
	}
	use := mark + widget.Fit(" "+who, c.use, st.More)
	switch {
	case i == b.at:
		return st.Row.Render(st.Cursor + " " + cells + use)
	case r.Kind != report.CandidateDir && (seen && (!g.Image || !g.Cannot.OK()) || !r.Likely && r.Kind == report.CandidateFile):
		return "  " + st.Faint.Render(cells+use)
	}
	return "  " + st.Text.Render(cells) + st.Warn.Render(use)
}

// nameCell is the name, of a recent target as much of its path as there is room for, of a loop device with its file.
func (b Browse) nameCell(r listRow, g report.Glimpse, width int, st *styles.Styles) string {
	name := widget.Clean(r.Name)
	switch {
	case r.section == sectionRecent:
		return widget.Fit(fitTail(b.short(r.Name), width, st), width, "")
	case r.Kind == report.CandidateDir:
		name += "/"
	case g.Back != "":
		name += "  " + path.Base(g.Back)
	}
	return widget.Fit(name, width, st.More)
}

// short is a path for people, with "~" for their home.
func (b Browse) short(path string) string {
	if under, ok := strings.CutPrefix(path, b.home); ok && b.home != "" && (under == "" || under[0] == '/') {
		path = "~" + under
	}
	return widget.Clean(path)
}

// fitTail cuts the beginning off a text that is too wide: the end of a path tells more.
func fitTail(text string, width int, st *styles.Styles) string {
	if over := widget.Width(text) - width; over > 0 {
		return st.More + ansi.TruncateLeft(text, over+1, "")
	}
	return text
}

// contentWords is what is in a disk, in as many words as there is room for.
func contentWords(g report.Glimpse, c browseColumns) string {
	short := c.content < 12
	switch {
	case g.Format == "":
		return "unreadable"
	case !g.Cannot.OK() && c.format == 0 && g.Format != "raw":
		return g.Format
	case !g.Cannot.OK() && short:
		return "refused"
	case !g.Cannot.OK():
		return "cannot be opened"
	case g.Table != model.TableNone && short:
		return fmt.Sprintf("%s %d", g.Table, g.Parts)
	case g.Table != model.TableNone && g.Parts == 0:
		return g.Table.String() + ", empty"
	case g.Table != model.TableNone:
		return fmt.Sprintf("%s, %s", g.Table, partitionWords(g.Parts))
	case g.Whole != model.Unformatted:
		return string(g.Whole)
	case g.Image:
		return "blank"
	}
	return "no table"
}

func partitionWords(n int) string {
	if n == 1 {
		return "1 partition"
	}
	return fmt.Sprintf("%d partitions", n)
}

// details are the last lines: what is selected in full, and what is to be known before it is opened.
func (b Browse) details(width int, st *styles.Styles) []string {
	r, ok := b.selected()
	if !ok {
		return nil
	}
	out := []string{st.Muted.Render(fitTail(b.short(r.Path), width-1, st))}
	g, seen := b.seen[r.Path]
	text, look := "", st.Muted
	switch {
	case r.Name == parent:
		text = "the directory above"
	case r.Kind == report.CandidateDir:
		text = "a directory"
	case !seen:
	case !g.Cannot.OK():
		text, look = "Cannot be opened: "+string(g.Cannot), st.Warn
	case g.Own:
		text = "It is open already: Enter goes there."
	case g.PartsUsed:
		text, look = "In use: "+g.Use+". Partitions that are in use are kept as they are.", st.Warn
	case g.Shunt:
		text, look = "In use by "+g.Use+". Enter shows a commit that was left running; an editor has to be quit first.", st.Warn
	case g.Use != "":
		text, look = "In use by "+g.Use+". It cannot be opened as long as it is.", st.Warn
	default:
		text = wholeWords(g)
	}
	return append(out, notes(text, width-1, browseNotes, look.Render, st)...)
}

// wholeWords is all that is known of what can be opened.
func wholeWords(g report.Glimpse) string {
	words := []string{g.Format}
	if g.Back != "" {
		words[0] += " on " + g.Back
	}
	words = append(words, geometry.FormatBytes(g.Size))
	switch {
	case g.Table != model.TableNone:
		words = append(words, g.Table.String()+" with "+partitionWords(g.Parts))
	case g.Whole != model.Unformatted:
		words = append(words, "no table")
	case g.Image:
		words = append(words, "nothing on it yet")
	default:
		words = append(words, "no table, and nothing that shunt knows: it may be no disk image")
	}
	if g.Whole != model.Unformatted {
		words = append(words, string(g.Whole)+" covers the disk")
	}
	return strings.Join(words, ", ")
}
