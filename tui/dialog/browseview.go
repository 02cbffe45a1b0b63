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

// The numbers of lines above and below the list of the picker.
const (
	browseAbove = 2
	browseBelow = 4
)

// browseWidth is the width of the picker in a large window.
const browseWidth = 150

// browseColumns holds the widths of the columns of the list; 0 omits one.
type browseColumns struct{ width, name, size, format, content, use int }

// browseLayout divides a line into columns. Narrow windows omit the format and the use: the last lines of the picker show
// them.
func browseLayout(width int) browseColumns {
	c := browseColumns{width: width, size: 10, content: 19, use: 1} // one space keeps the marks at the end apart
	switch {
	case c.width >= 96:
		c.format, c.use = 13, max(28, (c.width-70)/2)
	case c.width < 64:
		c.content = 10
	}
	// 3 cells are for the cursor and the mark of what cannot be opened; 3 are for the spaces, the mark of an entry in use, and
	// the scroll mark at the end.
	c.name = c.width - 3 - c.size - c.format - c.content - c.use - 3
	return c
}

// drawField adds a hint to an empty field.
func (b *browse) drawField(s drawing, p paper) drawing {
	if b.field.Value() == "" {
		hint := p.st.Muted.Render("(type a path, or a part of a name)")
		line := s.lines[0]
		s.lines[0] = widget.Fit(ansi.Truncate(line, s.cursor, "")+hint, p.width-1, "") + ansi.TruncateLeft(line, p.width-1, "")
	}
	return s
}

// drawList draws the visible lines of the list.
func (b *browse) drawList(p paper) drawing {
	const most = 40
	height := p.grown(min(most, max(3, p.height-browseAbove-len(b.details(p))-2)), len(b.rows))
	from, to := widget.Visible(len(b.rows), b.at, height)
	first := slices.IndexFunc(b.rows, func(r browseRow) bool { return r.entry })
	if b.at < height && b.at <= max(first, 0) {
		from, to = 0, min(height, len(b.rows)) // with the heading
	}
	return entries(len(b.rows), from, to, height, p, func(i int) string { return b.rowLine(i, browseLayout(p.width), p.st) })
}

// rowLine draws one line of the list.
func (b *browse) rowLine(i int, c browseColumns, st *styles.Styles) string {
	r := b.rows[i]
	if !r.entry {
		if r.head {
			return st.Head.Render(fitTail(r.text, c.width-3, st))
		}
		if r.wrong {
			return "   " + st.Warn.Signed(fitTail(r.text, c.width-4-widget.Width(st.Warn.Sign()), st))
		}
		return "   " + st.Muted.Render(fitTail(r.text, c.width-4, st))
	}
	g, seen := b.seen[r.Path]
	size := r.Size
	if seen {
		size = g.Size
	}
	sizeText, content := "", ""
	if size > 0 {
		sizeText = geometry.FormatBytes(size)
	}
	if seen {
		content = contentWords(g, c)
	}
	cells := b.nameCell(r, g, c.name, st) + " " + widget.FitRight(sizeText, c.size-1) + " "
	if c.format > 0 {
		cells += " " + widget.Fit(g.Format, c.format-1, st.More)
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
	useless := seen && (!g.Image || !g.Cannot.OK()) || !r.Likely && r.Kind == report.CandidateFile
	off := " "
	if useless && r.Kind != report.CandidateDir {
		off = st.Off
	}
	switch {
	case i == b.at:
		return st.Row.Render(st.Cursor + off + " " + cells + use)
	case off == st.Off:
		return st.Muted.Render(" " + off + " " + cells + use)
	}
	return "   " + st.Text.Render(cells) + st.Warn.Render(use)
}

// nameCell returns the name of an entry. A recent target shows as much of its path as fits, a loop device also its file.
func (b *browse) nameCell(r browseRow, g report.Summary, width int, st *styles.Styles) string {
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

// short abbreviates the user's home directory in a path to "~".
func (b *browse) short(path string) string {
	if under, ok := strings.CutPrefix(path, b.home); ok && b.home != "" && (under == "" || under[0] == '/') {
		path = "~" + under
	}
	return widget.Clean(path)
}

// fitTail cuts a text that is too wide at its beginning, since the end of a path is more useful.
func fitTail(text string, width int, st *styles.Styles) string {
	if over := widget.Width(text) - width; over > 0 {
		return st.More + ansi.TruncateLeft(text, over+widget.Width(st.More), "")
	}
	return text
}

// contentWords describes the contents of a disk in a few words.
func contentWords(g report.Summary, c browseColumns) string {
	short := c.content < 12
	switch {
	case g.Format == "":
		return "unreadable"
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
	case g.Foreign != "":
		return g.Foreign
	case g.Whole != model.Unformatted:
		return string(g.Whole)
	case g.Blank && c.format == 0 && !short && g.Format != "raw":
		return g.Format + ", blank"
	case g.Blank:
		return "blank"
	case g.BeginsBlank:
		return "begins blank"
	case g.Image:
		return model.UnknownWord
	}
	return "no table"
}

func partitionWords(n int) string {
	if n == 1 {
		return "1 partition"
	}
	return fmt.Sprintf("%d partitions", n)
}

// details returns the last lines: the path of the selected entry, and what a user should know before opening it.
func (b *browse) details(p paper) []string {
	const height = browseBelow - 1
	r := b.selected()
	if !r.entry {
		return make([]string, height)
	}
	text, look := b.detail(r, p.st)
	out := []string{p.st.Muted.Render(fitTail(b.short(r.Path), p.width-1, p.st))}
	return append(out, whole(text, height-1, look, p)...)
}

func (b *browse) detail(r browseRow, st *styles.Styles) (string, styles.Look) {
	g, seen := b.seen[r.Path]
	switch {
	case r.Name == parent:
		return "The directory above", st.Muted
	case r.Kind == report.CandidateDir:
		return "A directory", st.Muted
	case !seen:
		return "", st.Muted
	case !g.Cannot.OK():
		return "Cannot be opened: " + string(g.Cannot), st.Warn
	case g.Own:
		return "It is open already: Enter goes there.", st.Muted
	case g.PartsUsed:
		return "In use: " + g.Use + ". Partitions that are in use are kept as they are.", st.Warn
	case g.Shunt:
		return "In use by " + g.Use + ". Enter shows a commit that was left running; an editor has to be quit first.", st.Warn
	case g.Use != "":
		return "In use by " + g.Use + ". It cannot be opened until that ends.", st.Warn
	}
	return wholeWords(g), st.Muted
}

// wholeWords describes a disk in full.
func wholeWords(g report.Summary) string {
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
	case g.Foreign != "":
		words = append(words, g.Foreign+", which shunt leaves alone")
	case g.Blank:
		words = append(words, "blank")
	case g.BeginsBlank:
		words = append(words, "no table; it begins with zeroes, and not all of it was read")
	case g.Image:
		words = append(words, "no table, contents "+model.UnknownWord)
	default:
		words = append(words, "no table and no known contents: this may not be a disk image")
	}
	if g.Whole != model.Unformatted {
		words = append(words, string(g.Whole)+" covers the disk")
	}
	return strings.Join(words, ", ")
}
