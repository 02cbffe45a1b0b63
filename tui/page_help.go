package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

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
	for _, b := range m.pageBindings(p, d) {
		keys.Lines = append(keys.Lines, dialog.Meaning{Name: b.Names(), Text: ops.Capital(b.Help().Desc), Off: b.refusal(m, d)})
	}
	return m.explain(dialog.NewKeys("Keys", keys))
}

// explain opens a list of keys.
func (m Model) explain(keys dialog.Dialog) Model {
	keys, _ = keys.Update(tea.WindowSizeMsg{Width: m.width, Height: m.height})
	return m.push(keys)
}

func (m Model) helpBindings(document) []binding { return readerBindings([]string{"enter", "?", "f1"}) }

func (m Model) helpText(_ document, width int) (title string, lines []string) {
	columns := 1
	if width >= 70 {
		columns = 2
	}
	w := (width - 2*(columns-1)) / columns
	var paragraphs [][]string
	for _, g := range helpGroups() {
		lines := []string{m.st.Title.Render(g.name)}
		for _, b := range g.list {
			lines = append(lines, m.helpLines(b, w)...)
		}
		paragraphs = append(paragraphs, append(lines, ""))
	}
	b := m.block(width)
	b.add(balance(paragraphs, columns, w)...)
	for _, p := range helpNotes {
		b.wrap(m.st.Muted, p)
	}
	return "Keys", b.lines
}

// helpNotes holds the notes below the list of keys.
var helpNotes = []string{
	"An action with : has no key of its own: press : and type a part of its name.",
	"On all other pages, and in dialogs, ? lists the keys and says what the fields mean; in a text field F1 does.",
	"Moving down past the last partition leads to the list of pending operations, and so does P. Edits of the same thing are joined " +
		"into one; undo takes them back one by one.",
	"Units of sizes: s (sectors), B, KiB, MiB, GiB, TiB, kB, MB, GB, TB; a number alone is in MiB. With a sign it is a change: +1GiB.",
	"In dialogs, typed positions and the ends of typed sizes go to the grid, and changes are rounded to whole steps of it; = keeps " +
		"exactly what was typed. Plans keep distances and sizes to the sector.",
}

func (m Model) helpLines(b binding, width int) (lines []string) {
	const column = 13
	name := "  " + b.Names()
	for _, text := range widget.Wrap(b.Help().Desc, width-column) {
		lines = append(lines, m.st.Key.Render(widget.Fit(name, column, ""))+m.st.Text.Render(widget.Fit(text, width-column, "")))
		name = ""
	}
	return lines
}

// balance arranges paragraphs in columns of about equal height; the reading order is from top to bottom.
func balance(paragraphs [][]string, columns, width int) []string {
	total, height, at := 0, 0, 0
	for _, p := range paragraphs {
		total += len(p)
	}
	cols := make([][]string, columns)
	for _, p := range paragraphs {
		if at < columns-1 && len(cols[at]) > 0 && len(cols[at])+len(p)/2 > total/columns {
			at++
		}
		cols[at] = append(cols[at], p...)
		height = max(height, len(cols[at]))
	}
	lines := make([]string, height)
	for i := range lines {
		var parts []string
		for _, c := range cols {
			parts = append(parts, widget.Fit(lineOf(c, i), width, ""))
		}
		lines[i] = strings.TrimRight(strings.Join(parts, "  "), " ")
	}
	return lines
}
