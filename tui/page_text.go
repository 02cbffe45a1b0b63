package tui

import (
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// readerKey scrolls a page of text, closes it, or saves the log.
func (m Model) readerKey(msg tea.KeyPressMsg, _ document) (tea.Model, tea.Cmd) {
	k := m.keys
	switch {
	case m.reader.kind == readInfo && keymap.Match(msg, k.inside):
		return m.openFiles()
	case m.reader.kind == readInfo && keymap.Match(msg, k.other):
		return m.turnInfo()
	case m.reader.kind == readSupport && keymap.Match(msg, k.rescan):
		return m.lookAgain()
	case m.reader.kind == readLog && keymap.Match(msg, k.saveLog):
		d, _ := m.doc()
		return m.push(dialog.NewPath(dialog.SaveLog, "Save log", "Writes everything that was run and said so far.",
			filepath.Clean(d.path)+".log")), nil
	case keymap.Match(msg, k.back, k.answer),
		m.reader.kind == readHelp && keymap.Match(msg, k.help),
		m.reader.kind == readInfo && keymap.Match(msg, k.info),
		m.reader.kind == readSupport && keymap.Match(msg, k.support),
		m.reader.kind == readLog && keymap.Match(msg, k.log):
		before := giveUp(m.reader.giveUp)
		m.reader = reader{}
		return m, before
	}
	_, lines := m.readerText(m.width - 6)
	m.reader = m.reader.scrolled(msg, k, len(lines), m.height-4)
	return m, nil
}

// readerPage is a page of text.
func (m Model) readerPage(document) []string {
	title, lines := m.readerText(m.width - 6)
	return append([]string{m.title()}, m.reader.view(title, lines, m.width, m.height-2, m.st)...)
}

func (m Model) readerBindings(document) (bindings, always []keymap.Binding) {
	k := m.keys
	bindings = []keymap.Binding{k.back.Short("esc"), k.up.Short("↑↓").As("scroll"), k.pageDown.Short("pgup/dn").As("page")}
	switch m.reader.kind {
	case readLog:
		bindings = append(bindings, k.saveLog)
	case readInfo:
		bindings = append(bindings, m.infoBindings()...)
	case readSupport:
		bindings = append(bindings, k.rescan)
	case readHelp, readNothing:
	}
	return bindings, nil
}

func (m Model) readerText(width int) (title string, lines []string) {
	switch m.reader.kind {
	case readHelp:
		return "Keys", m.helpText(width)
	case readInfo:
		return m.infoText(width)
	case readLog:
		return "Log", m.logText(width)
	case readSupport:
		return "What can be done on this machine", m.supportText(width)
	case readNothing:
	}
	return "", nil
}

// helpText lists every key of the editor, in two columns where there is room.
func (m Model) helpText(width int) []string {
	columns := 1
	if width >= 70 {
		columns = 2
	}
	w := (width - 2*(columns-1)) / columns
	var blocks [][]string
	for _, g := range m.keys.groups() {
		block := []string{m.st.Title.Render(g.Name)}
		for _, b := range g.Bindings {
			block = append(block, m.helpLine(b, w))
		}
		blocks = append(blocks, append(block, ""))
	}
	lines := balance(blocks, columns, w)
	for _, p := range helpNotes {
		lines = append(lines, notesIn(p, width, m.st.Muted.Render)...)
	}
	return lines
}

// helpNotes is what keys alone do not tell.
var helpNotes = []string{
	"Going down past the last partition leads into the list of pending operations. Edits of the same thing become one of " +
		"them; undo takes them back one by one.",
	"Sizes need a unit: s (sectors), B, KiB, MiB, GiB, TiB, kB, MB, GB, TB. With a sign they are a change: +1GiB.",
	"A position that shunt chooses is put on the grid; a distance or a size is kept to the sector.",
}

func (m Model) helpLine(b keymap.Binding, width int) string {
	const column = 13
	name := widget.Fit("  "+b.Help().Key, column, "")
	return m.st.Key.Render(name) + m.st.Text.Render(widget.Fit(b.Help().Desc, width-column, m.st.More))
}

// balance puts blocks into columns of about equal height, in reading order from top to bottom.
func balance(blocks [][]string, columns, width int) []string {
	total := 0
	for _, b := range blocks {
		total += len(b)
	}
	cols := make([][]string, columns)
	at := 0
	for _, b := range blocks {
		if at < columns-1 && len(cols[at]) > 0 && len(cols[at])+len(b)/2 > total/columns {
			at++
		}
		cols[at] = append(cols[at], b...)
	}
	height := 0
	for _, c := range cols {
		height = max(height, len(c))
	}
	lines := make([]string, height)
	for i := range lines {
		var parts []string
		for _, c := range cols {
			text := ""
			if i < len(c) {
				text = c[i]
			}
			parts = append(parts, widget.Fit(text, width, ""))
		}
		lines[i] = strings.TrimRight(strings.Join(parts, "  "), " ")
	}
	return lines
}

// logText is the log so far, its long lines wrapped.
func (m Model) logText(width int) []string {
	d, _ := m.doc()
	if len(d.run.log) == 0 {
		return []string{m.st.Muted.Render("Nothing has been logged yet.")}
	}
	var lines []string
	for _, line := range d.run.log {
		lines = append(lines, notesIn(widget.Clean(line), width, m.st.Text.Render)...)
	}
	return lines
}

// fact is a line of the information page: a name and a value, wrapped behind the name.
func (m Model) fact(name, value string, width int) []string {
	return m.factIn(name, value, width, m.st.Text.Render)
}

func (m Model) factIn(name, value string, width int, look func(...string) string) []string {
	if value == "" {
		return nil
	}
	column, indent := 18, "  "
	if width < 54 { // a UUID still fits in what is left
		column, indent = 14, ""
	}
	var lines []string
	for i, part := range widget.Wrap(widget.Clean(value), max(10, width-column)) {
		if i > 0 {
			name = ""
		}
		lines = append(lines, m.st.Muted.Render(widget.Fit(indent+name, column, ""))+look(part))
	}
	return lines
}
