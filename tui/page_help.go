package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

func (m Model) openHelp() (Model, tea.Cmd) {
	m.reader = reader{page: pageHelp}
	return m, nil
}

// helpKey opens the help, or the list of the keys that can be pressed now.
const helpKey = "?"

// openKeys lists the keys of the page in view.
func (m Model) openKeys(d document) Model {
	p, _ := m.shown()
	keys := dialog.KeySection{}
	for _, b := range worthListing(m, d, m.pageBindings(p, d)) {
		keys.Lines = append(keys.Lines, dialog.Meaning{Name: b.Names(), Text: ops.Capital(b.Help().Desc), Off: b.refusal(m, d)})
	}
	return m.explain(dialog.NewKeys("Keys", keys))
}

// worthListing returns the bindings for the list of keys. One is left out while it has nowhere to go, and while another does something with
// its first key.
func worthListing(m Model, d document, list []binding) []binding {
	used := map[string]bool{}
	for _, b := range list {
		for _, key := range b.Keys() {
			used[key] = used[key] || b.refusal(m, d).OK()
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(b binding) bool {
		other := !b.refusal(m, d).OK() && used[cmp.Or(append(b.Keys(), "")...)]
		return other || b.idle != nil && b.idle(m, d)
	})
}

// explain opens a list of keys.
func (m Model) explain(keys dialog.Dialog) Model {
	keys, _ = keys.Update(dialog.KeyNames(m.st.KeyName))
	keys, _ = keys.Update(tea.WindowSizeMsg{Width: m.width, Height: m.height})
	return m.push(keys)
}

func (m Model) helpBindings(document) []binding { return readerBindings([]string{"enter", "?", "f1"}) }

func (m Model) helpText(_ document, width int) (title string, lines []string) {
	lines, _, _ = m.helpPage(width)
	return "Keys", lines
}

// helpPage returns the lines of the help, and its texts in the order in which they are read, each with its place.
func (m Model) helpPage(width int) (lines, texts []string, cells []cell) {
	columns := 1
	if width >= 70 {
		columns = 2
	}
	w := (width - columnGap*(columns-1)) / columns
	var paragraphs [][]string
	for _, g := range helpGroups() {
		lines := []string{m.st.Title.Render(g.name)}
		for _, b := range g.list {
			lines = append(lines, m.helpLines(b, w)...)
		}
		paragraphs = append(paragraphs, append(lines, ""))
	}
	cols := balance(paragraphs, columns)
	for i, col := range cols {
		from := i * (w + columnGap)
		for line, text := range col {
			texts, cells = append(texts, ansi.Strip(text)), append(cells, cell{line: line, from: from, to: from + w})
		}
	}
	b := m.block(width)
	b.add(beside(cols, w)...)
	keys := len(b.lines)
	for _, p := range helpNotes {
		b.wrap(m.st.Muted, p)
	}
	for line := keys; line < len(b.lines); line++ {
		texts, cells = append(texts, ansi.Strip(b.lines[line])), append(cells, cell{line: line, to: width})
	}
	return b.lines, texts, cells
}

// findHelp finds keys and notes.
func (m Model) findHelp(document) finder {
	lines, texts, cells := m.helpPage(m.width - 6)
	f := finder{texts: texts, cells: cells, move: func(m Model, i int) Model {
		m.reader.top = m.around(cells[i].line, len(lines))
		return m
	}}
	f.at = max(0, slices.IndexFunc(cells, func(c cell) bool { return c.line >= m.reader.top }))
	return f
}

// helpNotes holds the notes below the list of keys.
var helpNotes = []string{
	"An action by name has no key of its own: press : and type a part of its name.",
	"On all other pages, and in dialogs, ? lists the keys and says what the fields mean; in a text field F1 does.",
	"Moving down past the last partition leads to the list of pending operations, and so does P. Edits of the same thing are joined " +
		"into one; undo takes them back one by one.",
	"Units of sizes: s (sectors), B, KiB, MiB, GiB, TiB, kB, MB, GB, TB; a number alone is in MiB. With a sign it is a change: +1GiB.",
	"In dialogs, typed positions and the ends of typed sizes go to the grid, and changes are rounded to whole steps of it; " +
		"the = key takes a number exactly as typed. Plans keep distances and sizes to the sector.",
}

func (m Model) helpLines(b binding, width int) (lines []string) {
	const column = 15
	name, look := "  "+m.st.KeyName(b.Names()), m.st.Key
	if b.Names() == paletteKey {
		name, look = "  by name", m.st.Muted
	}
	for _, text := range widget.Wrap(b.Help().Desc, width-column) {
		lines = append(lines, look.Render(widget.Fit(name, column, ""))+m.st.Text.Render(widget.Fit(text, width-column, "")))
		name = ""
	}
	return lines
}

// columnGap is the space between two columns.
const columnGap = 2

// balance arranges paragraphs in columns of about equal height; the reading order is from top to bottom.
func balance(paragraphs [][]string, columns int) [][]string {
	total, at := 0, 0
	for _, p := range paragraphs {
		total += len(p)
	}
	cols := make([][]string, columns)
	for _, p := range paragraphs {
		if at < columns-1 && len(cols[at]) > 0 && len(cols[at])+len(p)/2 > total/columns {
			at++
		}
		cols[at] = append(cols[at], p...)
	}
	return cols
}

// beside returns the lines of columns of the given width, one beside the other.
func beside(cols [][]string, width int) []string {
	height := 0
	for _, c := range cols {
		height = max(height, len(c))
	}
	lines := make([]string, height)
	for i := range lines {
		var parts []string
		for _, c := range cols {
			parts = append(parts, widget.Fit(lineOf(c, i), width, ""))
		}
		lines[i] = strings.TrimRight(strings.Join(parts, strings.Repeat(" ", columnGap)), " ")
	}
	return lines
}
