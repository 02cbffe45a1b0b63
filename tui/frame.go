package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// small reports whether the window is too small to work in.
func (m Model) small() bool { return m.width < leastWidth || m.height < leastHeight }

// frame returns the text of the screen and the position of the cursor.
func (m Model) frame() (string, *dialog.Point) {
	if m.width <= 0 || m.height <= 0 {
		return "", nil
	}
	if m.small() {
		return m.screen(m.tooSmall()), nil
	}
	top := m // the page or dialog that has the keyboard
	if m.gate.closed {
		top.st = m.st.Holding()
	}
	if len(m.dialogs) > 0 {
		return m.underDialog(top.st)
	}
	page := m.aboveNote()
	page.st = top.st
	var cursor *dialog.Point
	if m.finds() && m.find.typing {
		_, cursor = m.findPrompt()
	}
	return m.screen(append(page.pageLines(), m.lastLines()...)), cursor
}

// pageLines returns the title and the page, without the last line of the screen.
func (m Model) pageLines() []string {
	p, d := m.shown()
	return append([]string{m.title()}, widget.Pad(p.parts().view(m, d), m.width, m.height-2, m.st.More)...)
}

// lastLines returns what stands at the end of the screen: a message, or else the keys.
func (m Model) lastLines() []string {
	if note := m.noteBlock(); len(note) > 0 {
		return note
	}
	return []string{m.bottom()}
}

// screen turns the lines of a layer into text for the terminal. Every layer passes through here, and so through
// styles.Shown. A line that becomes too wide is cut. On terminals that can show only ASCII, other characters are
// replaced, because labels and messages may contain any character.
func (m Model) screen(lines []string) string {
	shown := make([]string, len(lines))
	for i, line := range lines {
		if shown[i] = styles.Shown(line); widget.Width(shown[i]) > m.width {
			shown[i] = widget.Fit(shown[i], m.width, "")
		}
	}
	text := strings.Join(shown, "\n")
	if m.Glyphs != styles.ASCII {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if r < 0x80 {
			out.WriteRune(r)
		} else if plain, ok := asciiFor[r]; ok {
			out.WriteRune(plain)
		} else {
			out.WriteString(strings.Repeat("?", ansi.StringWidth(string(r))))
		}
	}
	return out.String()
}

// asciiFor maps characters in key names and messages to ASCII characters of the same width.
var asciiFor = map[rune]rune{
	'↑': '^', '↓': 'v', '←': '<', '→': '>', '…': '.', '·': '-', '—': '-', '–': '-',
	'“': '"', '”': '"', '‘': '\'', '’': '\'', '×': 'x',
}

// tooSmall returns a message with the required size. It fits in a window of a few cells.
func (m Model) tooSmall() []string {
	text := []string{
		m.st.Strong.Render("Too small"),
		m.st.Muted.Render(fmt.Sprintf("needs %dx%d, has %dx%d", leastWidth, leastHeight, m.width, m.height)),
	}
	if m.busy() {
		text = append(text, m.st.Warn.Render("still working"))
	}
	lines := make([]string, max(0, (m.height-len(text))/2), m.height)
	for _, t := range text {
		lines = append(lines, widget.Center(t, m.width, ""))
	}
	return widget.Pad(lines, m.width, m.height, "")
}

// title returns the first line of every page.
func (m Model) title() string {
	left := " " + m.st.Brand.Render("shunt")
	const gap = "  " // keeps parts apart that read as one phrase otherwise
	right := ""
	if d, ok := m.doc(); ok {
		left += "  " + widget.Line(m.tabs())
		if text := m.elsewhere(); text != "" {
			right = gap + m.st.Focus.Render(widget.Fit(text, min(widget.Width(text), m.width/3), m.st.More))
		}
		if text := d.stateWords(); text != "" {
			right += gap + m.st.Warn.Render(text)
		}
		if d.state == docOpen {
			const before = "   "
			left += before + m.st.Muted.Render(m.summary(d, m.width-widget.Width(left)-len(before)-widget.Width(right)-1))
		}
	}
	return widget.Fit(left, m.width-widget.Width(right)-1, m.st.More) + right + " "
}

// stateWords describes in the title line whether the operations of a target are pending or being applied.
func (d document) stateWords() string {
	n := d.queue.Len()
	switch word := d.run.writing(); {
	case word != "" && !d.run.over() && d.run.deed() == applyRun && n > 0:
		return fmt.Sprintf("%s %d", word, n)
	case word != "" && !d.run.over():
		return word
	case d.halfDone():
		return "unfinished"
	case d.state != docOpen, n == 0:
		return ""
	case !d.run.active(), !d.run.committing:
		return pendingWords(n)
	case d.run.carriedOut():
		return "" // the list is outdated until the target has been read again
	}
	return pendingWords(n)
}

// aboveNote returns the model with the height that a message leaves to the page.
func (m Model) aboveNote() Model {
	m.height -= max(0, len(m.noteBlock())-1)
	return m
}

// noteBlock returns the lines of a message. They stand in place of the key bar, and the page gets fewer lines.
func (m Model) noteBlock() []string {
	const most = 5
	if m.note.text == "" {
		return nil
	}
	look := m.looks()[m.note.tone]
	lines := widget.WrapSigned(m.note.text, m.width-2, look.Sign())
	lines = lines[:min(len(lines), most)]
	help := m.helpSpot()
	fits := func(line string) bool { return 1+widget.Width(look.Render(line)) <= help.X-2 }
	if help.Text != "" && !fits(lines[len(lines)-1]) {
		if narrow := widget.WrapSigned(m.note.text, help.X-3, look.Sign()); len(narrow) <= most {
			lines = narrow
		}
	}
	for i, line := range lines {
		shown := " " + look.Render(line)
		if i == len(lines)-1 && fits(line) {
			shown = widget.Fit(shown, help.X, "") + help.Text
		}
		lines[i] = widget.Fit(shown, m.width, "")
	}
	return lines
}

// helpSpot returns the key that lists the keys of the page, at the right end of the last line. A dialog has it among its own keys.
func (m Model) helpSpot() widget.Spot {
	if len(m.dialogs) > 0 {
		return widget.Spot{}
	}
	p, d := m.shown()
	for _, b := range m.pageBindings(p, d) {
		if b.Has(helpKey) && !b.Has("esc") {
			spot := widget.KeyBar(nil, []keymap.Binding{b.Short(helpKey)}, m.width, m.st)[0]
			spot.X = m.width - widget.Width(spot.Text) - 1
			return spot
		}
	}
	return widget.Spot{}
}

func (m Model) looks() [3]styles.Look {
	return [...]styles.Look{toneGood: m.st.Good, toneWarn: m.st.Warn, toneBad: m.st.Bad}
}
