package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// page is what fills the screen below the dialogs. Keys, mouse and drawing ask the same question, so they never disagree.
type page int

const (
	pageBlank page = iota // a message, where no target can be shown
	pageEditor
	pageRun
	pageRecovery
	pageReader
	pageFiles
)

// shown is the page in view and the target it is about.
func (m Model) shown() (page, document) {
	d, ok := m.doc()
	switch {
	case m.files.open():
		return pageFiles, d
	case m.reader.open():
		return pageReader, d
	case !ok:
		return pageBlank, d
	case d.mustRecover():
		return pageRecovery, d
	case d.run.active():
		return pageRun, d
	case d.state != docOpen || d.doing != "":
		return pageBlank, d
	}
	return pageEditor, d
}

// pageLines is the page, without its last line.
func (m Model) pageLines() []string {
	p, d := m.shown()
	switch p {
	case pageFiles:
		return m.filesPage()
	case pageReader:
		return m.readerPage()
	case pageRun:
		return m.runPage(d)
	case pageRecovery:
		return m.recoveryPage(d)
	case pageEditor:
		return m.editorPage(d)
	case pageBlank:
	}
	return m.messagePage(d)
}

// pageKey brings a key to the page.
func (m Model) pageKey(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	p, d := m.shown()
	switch p {
	case pageFiles:
		return m.filesKey(msg)
	case pageReader:
		return m.readerKey(msg)
	case pageRun:
		return m.runKey(msg, d)
	case pageRecovery:
		return m.recoveryKey(msg, d)
	case pageEditor, pageBlank:
	}
	return m.editorKey(msg)
}

// How many keys the editor names beside the one that tells of all. They change with what is selected, and on lines that may
// be slow a step of the cursor has to stay small; who has a very wide window sits close to the machine.
const (
	mostKeys     = 6
	mostKeysWide = 12
)

// pageKeys lists the keys in the last line of the page: as many as fit, and those that are always there.
func (m Model) pageKeys() (bindings, always []keymap.Binding) {
	p, d := m.shown()
	k := m.keys
	switch p {
	case pageFiles:
		return []keymap.Binding{k.back.Short("esc"), k.inside.As("open"), k.outside, k.up.Short("↑↓").As("select")}, nil
	case pageReader:
		return m.readerBindings(), nil
	case pageRun:
		return m.runBindings(d)
	case pageRecovery:
		return m.recoveryBindings(d)
	case pageEditor:
		useful := m.useful(d)
		most := mostKeys
		if m.width >= leastForDetails {
			most = mostKeysWide
		}
		return useful[:min(len(useful), most)], []keymap.Binding{k.help}
	case pageBlank:
	}
	return []keymap.Binding{k.open, k.next}, []keymap.Binding{k.help, k.quit}
}

// bottom is the last line of every page: the answer to the last key, or the keys.
func (m Model) bottom() string {
	if m.note.text == "" {
		return widget.Fit(widget.Line(m.keySpots()), m.width, m.st.More)
	}
	return widget.Fit(" "+m.noteLook()(widget.Fit(m.note.text, min(widget.Width(m.note.text), m.width-2), m.st.More)), m.width, "")
}

// keySpots are the keys in the last line.
func (m Model) keySpots() []widget.Spot {
	bindings, always := m.pageKeys()
	return widget.KeyBar(bindings, always, m.width, m.st)
}
