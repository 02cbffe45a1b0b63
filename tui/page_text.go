package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// reader is a page of text over another page. The text is made anew for each frame, so that it fits the
// window and a log grows while it is read.
type reader struct {
	page page // pageBlank if there is none
	top  int  // first line shown
	// tail says that the end is followed as the text grows.
	tail bool
	// part is what the information is about, 0 for the target; sheet and err are what was found out, once that arrived
	// in a message of generation gen.
	part  model.PartID
	gen   int
	sheet *report.Sheet
	err   error
	// giveUp ends the question that is asked, nil if there is none.
	giveUp context.CancelFunc
}

func (r reader) open() bool { return r.page != pageBlank }

func (m Model) readerText(d document) (title string, lines []string) {
	return m.reader.page.parts().text(m, d, m.width-6)
}

func (m Model) readerPage(d document) []string {
	title, lines := m.readerText(d)
	top, height := m.reader.top, m.height-2
	if m.reader.tail {
		top = len(lines)
	}
	body := widget.Scroll(lines, top, m.width-4, height-2, m.st)
	f := widget.Frame{Title: title, Edge: m.st.Faint, Name: m.st.Title}
	return widget.Box(body, f, m.width, height, m.st)
}

// readerBindings are those of a page of text: closed is the keys that close it too, and more are its own.
func readerBindings(closed []string, more ...binding) []binding {
	out := []binding{on("esc", "back", anywhere(Model.closeReader), append([]string{"esc", "q", "ctrl+c"}, closed...)...)}
	return append(append(out, travel(Model.scrollReader, "scroll", "page")...), more...)
}

func (m Model) closeReader() (Model, tea.Cmd) {
	before := background(m.reader.giveUp)
	m.reader = reader{}
	return m, before
}

func (m Model) scrollReader(d document, s step) Model {
	_, lines := m.readerText(d)
	r, height := m.reader, m.height-4
	most := max(0, len(lines)-height)
	if r.tail {
		r.top = most
	}
	r.top = s.from(r.top, height-1, most)
	r.tail = r.page == pageLog && r.top == most
	m.reader = r
	return m
}

// openLog shows the log of the run, from its end.
func (m Model) openLog() (Model, tea.Cmd) {
	m.reader = reader{page: pageLog, tail: true}
	return m, nil
}

func (m Model) logBindings(document) []binding {
	return readerBindings([]string{"enter", "l"}, on("s", "save", still(Model.askSaveLog), "s"))
}

func (m Model) logText(d document, width int) (title string, lines []string) {
	b := m.block(width)
	if len(d.run.log) == 0 {
		b.add(m.st.Muted.Render("Nothing has been logged yet."))
	}
	for _, line := range d.run.log {
		b.wrap(m.st.Text, widget.Clean(line))
	}
	return "Log", b.lines
}
