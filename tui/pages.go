package tui

import (
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

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

// pageParts is what a page consists of. Each is a method of the Model in the page's own files, page_*.go.
type pageParts struct {
	view func(Model, document) []string // without its last line
	key  func(Model, tea.KeyPressMsg, document) (tea.Model, tea.Cmd)
	// keys are those in the last line: as many as fit, and those that are always there.
	keys func(Model, document) (bindings, always []keymap.Binding)
	// zones are what can be clicked besides those, and click does what the zone of a name stands for. x and y count from its
	// first cell. Both may be nil.
	zones func(Model, document) []*lipgloss.Layer
	click func(m Model, d document, hit lipgloss.LayerHit, x, y int) (tea.Model, tea.Cmd)
	// notch is how many arrow keys a notch of the wheel stands for.
	notch int
}

// wheelLines is how many lines of a text a notch of the wheel scrolls.
const wheelLines = 3

func (p page) parts() pageParts {
	return [...]pageParts{
		pageBlank:    {view: Model.messagePage, key: Model.editorKey, keys: Model.blankKeys},
		pageEditor:   {Model.editorPage, Model.editorKey, Model.editorKeys, Model.editorZones, Model.editorClick, 1},
		pageRun:      {view: Model.runPage, key: Model.runKey, keys: Model.runBindings, zones: Model.runZones, notch: wheelLines},
		pageRecovery: {view: Model.recoveryPage, key: Model.recoveryKey, keys: Model.recoveryBindings, zones: Model.recoveryZones},
		pageReader:   {view: Model.readerPage, key: Model.readerKey, keys: Model.readerBindings, notch: wheelLines},
		pageFiles:    {Model.filesPage, Model.filesKey, Model.filesBindings, Model.filesZones, Model.filesClick, 1},
	}[p]
}

// pageKey brings a key to the page.
func (m Model) pageKey(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	p, d := m.shown()
	return p.parts().key(m, msg, d)
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
	p, d := m.shown()
	bindings, always := p.parts().keys(m, d)
	return widget.KeyBar(bindings, always, m.width, m.st)
}
