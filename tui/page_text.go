package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// reader is a page of text that covers another page. The text is made for each frame, so that it fits the window and a
// log can grow while it is read.
type reader struct {
	page page // pageBlank if no text is open
	top  int  // first line shown; on the page of supported file systems, the row with the cursor
	pick int  // on the history page, the commit that is chosen
	// column is the column of the cursor on that page.
	column int
	// tail is set while the page follows the end of a growing text.
	tail bool
	// part is the partition of the information page, 0 for the whole target. sheet and err arrive later, in a message of
	// generation gen.
	part  model.PartID
	gen   int
	sheet *report.Sheet
	// deeds are what the history page shows; they arrive in such a message, too.
	deeds []report.Deed
	err   error
	// giveUp cancels the request in progress; nil if there is none.
	giveUp context.CancelFunc
}

func (r reader) open() bool { return r.page != pageBlank }

func (m Model) readerText(d document) (title string, lines []string) {
	return m.reader.page.parts().text(m, d, m.width-6)
}

func (m Model) readerPage(d document) []string {
	title, lines := m.readerText(d)
	top := m.reader.top
	if m.reader.tail {
		top = len(lines)
	}
	body := append(widget.Scroll(m.found(lines), top, m.width-4, m.readerHeight(d), m.st), m.readerFoot(d)...)
	f := widget.Frame{Title: title + m.findWords(), Edge: m.st.Faint, Name: m.st.Title}
	return widget.Box(body, f, m.width, m.height-2, m.st)
}

// readerFoot returns the lines below the text that do not scroll.
func (m Model) readerFoot(d document) []string {
	foot := m.reader.page.parts().foot
	if foot == nil {
		return nil
	}
	return foot(m, d, m.width-6)
}

// readerHeight returns how many lines of the text fit on the page.
func (m Model) readerHeight(d document) int { return max(1, m.height-4-len(m.readerFoot(d))) }

// readerBindings returns the bindings of a page of text. closed are additional keys that close it; more are bindings of
// its own.
func readerBindings(closed []string, more ...binding) []binding {
	out := []binding{on("esc", "back", noTarget(Model.closeReader), append([]string{"esc", "q", "ctrl+c"}, closed...)...)}
	return append(append(out, more...), whenMore(travel(Model.scrollReader, "scroll", "page"), Model.textOverflows)...)
}

// textOverflows reports whether the text is longer than the page.
func (m Model) textOverflows(d document) bool {
	height := m.readerHeight(d)
	if m.reader.page == pageLog && len(d.lastLog()) > height {
		return true // it may be very long, and need not be laid out for that
	}
	_, lines := m.readerText(d)
	return len(lines) > height
}

func (m Model) closeReader() (Model, tea.Cmd) {
	before := background(m.reader.giveUp)
	m.reader = reader{}
	return m, before
}

func (m Model) scrollReader(d document, s step) Model {
	_, lines := m.readerText(d)
	r, height := m.reader, m.readerHeight(d)
	most := max(0, len(lines)-height)
	if r.tail {
		r.top = most
	}
	r.top = s.from(r.top, height-1, most)
	r.tail = r.page == pageLog && r.top == most
	m.reader = r
	return m
}

// openLog shows the end of the last log.
func (m Model) openLog() (Model, tea.Cmd) {
	m.reader = reader{page: pageLog, tail: true}
	return m, nil
}

func (m Model) logBindings(document) []binding {
	return readerBindings([]string{"enter", "l", "L"}, on("s", "save", noCommand(Model.askSaveLog), "s"))
}

func (m Model) logText(d document, width int) (title string, lines []string) {
	b := m.block(width)
	if len(d.lastLog()) == 0 {
		b.add(m.st.Muted.Render("Nothing has been logged yet: rehearse or apply something first."))
	}
	for _, line := range d.lastLog() {
		b.wrap(m.st.Text, widget.Clean(line))
	}
	return "Log", b.lines
}
