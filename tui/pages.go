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
	// These lie over the page of a target, until they are closed.
	pageFiles
	pageHelp
	pageInfo
	pageLog
	pageSupport
)

// shown is the page in view and the target it is about.
func (m Model) shown() (page, document) {
	d, ok := m.doc()
	switch {
	case m.files.open():
		return pageFiles, d
	case m.reader.open():
		return m.reader.page, d
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

// pageParts is what a page consists of. Each part is a method of the Model in the page's own files, page_*.go.
type pageParts struct {
	view     func(Model, document) []string // between the title and the last line
	bindings func(Model, document) []binding
	// bar picks the bindings of the last line: as many as fit, and those that are always there. By nil it shows all that have a
	// name and can be used.
	bar func(Model, document) (bindings, pinned []keymap.Binding)
	// zones are what can be clicked besides those, and click does what the zone of a name stands for. x and y count from its
	// first cell. Both may be nil.
	zones func(Model, document) []*lipgloss.Layer
	click func(m Model, d document, hit lipgloss.LayerHit, x, y int) (Model, tea.Cmd)
	// notch is how many arrow keys a notch of the wheel stands for.
	notch int
	// text is the title and the lines of a page of text. Its view and its keys that scroll are those of the reader.
	text func(m Model, d document, width int) (title string, lines []string)
}

// wheelLines is how many lines of a text a notch of the wheel scrolls.
const wheelLines = 3

func (p page) parts() pageParts {
	return [...]pageParts{
		pageBlank: {view: Model.blankPage, bindings: Model.editorBindings, bar: Model.blankBar},
		pageEditor: {
			view: Model.editorPage, bindings: Model.editorBindings, bar: Model.editorBar,
			zones: Model.editorZones, click: Model.editorClick, notch: 1,
		},
		pageRun:      {view: Model.runPage, bindings: Model.runBindings, zones: Model.runZones, notch: wheelLines},
		pageRecovery: {view: Model.recoveryPage, bindings: Model.recoveryBindings, zones: Model.recoveryZones},
		pageFiles:    {view: Model.filesPage, bindings: Model.filesBindings, zones: Model.filesZones, click: Model.filesClick, notch: 1},
		pageHelp:     {view: Model.readerPage, bindings: Model.helpBindings, text: Model.helpText, notch: wheelLines},
		pageInfo:     {view: Model.readerPage, bindings: Model.infoBindings, text: Model.infoText, notch: wheelLines},
		pageLog:      {view: Model.readerPage, bindings: Model.logBindings, text: Model.logText, notch: wheelLines},
		pageSupport:  {view: Model.readerPage, bindings: Model.supportBindings, text: Model.supportText, notch: wheelLines},
	}[p]
}

// bottom is the last line of every page: the answer to the last key, or the keys.
func (m Model) bottom() string {
	if m.note.text == "" {
		return widget.Fit(widget.Line(m.keySpots()), m.width, m.st.More)
	}
	text := widget.Fit(m.note.text, min(widget.Width(m.note.text), m.width-2), m.st.More)
	return widget.Fit(" "+m.looks()[m.note.tone].Render(text), m.width, "")
}

// keySpots are the keys in the last line.
func (m Model) keySpots() []widget.Spot {
	p, d := m.shown()
	parts := p.parts()
	if parts.bar != nil {
		bindings, pinned := parts.bar(m, d)
		return widget.KeyBar(bindings, pinned, m.width, m.st)
	}
	bindings, pinned := named(m, d, parts.bindings(m, d))
	return widget.KeyBar(bindings, pinned, m.width, m.st)
}
