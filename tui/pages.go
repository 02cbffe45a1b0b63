package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// page is the content of the screen below the dialogs. Keys, mouse and drawing all use it, so that they always agree.
type page int

const (
	pageBlank page = iota // a message, if no target can be shown
	pageEditor
	pageRun
	pageRecovery
	// The following pages cover the page of a target until they are closed.
	pageLost
	pageFiles
	pageFile // over the list of files
	pageHelp
	pageInfo
	pageLog
	pageSupport
	pageSectors
	pageHistory
)

// shown returns the page in view and its target.
func (m Model) shown() (page, document) {
	d, ok := m.doc()
	switch {
	case m.files.shown.open():
		return pageFile, d
	case m.files.open():
		return pageFiles, d
	case m.reader.open():
		return m.reader.page, d
	case m.sectors.shown && ok && d.state == docOpen:
		return pageSectors, d
	case m.lost.open() && ok && d.state == docOpen:
		return pageLost, d
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

// pageParts holds the methods of the Model that make up a page. They are in the page's own files, page_*.go.
type pageParts struct {
	view     func(Model, document) []string // the lines between the title and the key bar
	bindings func(Model, document) []binding
	// bar returns the bindings for the key bar: as many of the first as fit, and all of the pinned. If it is nil, the key
	// bar shows all bindings that have a name and can be used.
	bar func(Model, document) (bindings, pinned []keymap.Binding)
	// zones returns the clickable parts besides keys, and click handles a click on one of them. x and y count from the
	// first cell of the zone. Both may be nil.
	zones func(Model, document) []*lipgloss.Layer
	click func(m Model, d document, hit lipgloss.LayerHit, x, y int) (Model, tea.Cmd)
	// pieces returns the parts of the page from top to bottom, which have to be seen whole. If it is nil, the page is one
	// part that can be drawn with fewer lines.
	pieces func(Model, document) []piece
	// aim selects what lies in a zone, as a click does, and opens nothing. groups are the sections of the help that have the
	// actions for it. It may be nil.
	aim func(m Model, d document, hit lipgloss.LayerHit, x, y int) (next Model, groups []string)
	// notch is the number of arrow keys that one notch of the wheel stands for.
	notch int
	// find returns what the page can be searched for; nil if nothing.
	find func(Model, document) finder
	// text returns the title and the lines of a page of text. Its view and its scroll keys are those of the reader.
	text func(m Model, d document, width int) (title string, lines []string)
	// foot returns lines below such a text that do not scroll. It may be nil.
	foot func(m Model, d document, width int) []string
}

// wheelLines is the number of lines that one notch of the wheel scrolls.
const wheelLines = 3

func (p page) parts() pageParts {
	return [...]pageParts{
		pageBlank: {view: Model.blankPage, bindings: Model.editorBindings, bar: Model.blankBar},
		pageEditor: {
			view: Model.editorPage, bindings: Model.editorBindings, bar: Model.editorBar,
			zones: Model.editorZones, click: Model.editorClick, aim: Model.editorAim, notch: 1, find: Model.findRow,
			pieces: Model.editorPieces,
		},
		pageRun:      {view: Model.runPage, bindings: Model.runBindings, zones: Model.runZones, notch: wheelLines},
		pageRecovery: {view: Model.recoveryPage, bindings: Model.recoveryBindings, zones: Model.recoveryZones},
		pageFiles: {
			view: Model.filesPage, bindings: Model.filesBindings, zones: Model.filesZones, click: Model.filesClick, aim: Model.filesAim,
			notch: 1, find: Model.findFile,
		},
		pageFile:    {view: Model.filePage, bindings: Model.fileBindings, notch: wheelLines, find: Model.findInFile},
		pageLost:    {view: Model.lostView, bindings: Model.lostBindings, zones: Model.lostZones, click: Model.lostClick, notch: 1},
		pageHelp:    {view: Model.readerPage, bindings: Model.helpBindings, text: Model.helpText, notch: wheelLines, find: Model.findHelp},
		pageInfo:    {view: Model.readerPage, bindings: Model.infoBindings, text: Model.infoText, notch: wheelLines, find: Model.findText},
		pageLog:     {view: Model.readerPage, bindings: Model.logBindings, text: Model.logText, notch: wheelLines, find: Model.findText},
		pageSectors: {view: Model.sectorsPage, bindings: Model.sectorsBindings, notch: wheelLines},
		pageSupport: {view: Model.supportPage, bindings: Model.supportBindings, notch: 1, find: Model.findSupport},
		pageHistory: {
			view: Model.readerPage, bindings: Model.historyBindings, text: Model.historyText, foot: Model.historyFoot, zones: Model.historyZones, click: Model.historyClick,
			aim: Model.historyAim, notch: 1, find: Model.findText,
		},
	}[p]
}

// pageBindings returns the bindings of a page. Every page has a key that lists its keys.
func (m Model) pageBindings(p page, d document) []binding {
	parts := p.parts()
	list := append(m.foundBindings(), parts.bindings(m, d)...)
	if parts.find != nil && !slices.ContainsFunc(list, func(b binding) bool { return b.Has("/") }) {
		list = append(list, findBinding())
	}
	if slices.ContainsFunc(list, func(b binding) bool { return b.Has(helpKey) }) {
		return list
	}
	return append(list, on("?", "keys", noCommand(Model.openKeys), helpKey, "f1").pin())
}

// bottom returns the last line of every page without a message: the keys, or why none counts.
func (m Model) bottom() string {
	if m.finds() && m.find.typing && len(m.dialogs) == 0 {
		line, _ := m.findPrompt()
		return line
	}
	if m.gate.closed {
		const text = "Just opened: keys work again in a moment"
		return widget.Fit(" "+m.st.Muted.Render(text), m.width, m.st.More)
	}
	return widget.Fit(widget.Line(m.keySpots()), m.width, m.st.More)
}

// keySpots returns the keys of the page in the last line. A dialog has its keys at its own end.
func (m Model) keySpots() []widget.Spot {
	if len(m.dialogs) > 0 {
		return nil
	}
	bindings, pinned := m.barKeys()
	return widget.KeyBar(bindings, pinned, m.width, m.st)
}

// barKeys returns the keys for the key bar of the page: as many of the first as fit, and all of the pinned.
func (m Model) barKeys() (bindings, pinned []keymap.Binding) {
	p, d := m.shown()
	if bar := p.parts().bar; bar != nil {
		return bar(m, d)
	}
	return named(m, d, m.pageBindings(p, d))
}
