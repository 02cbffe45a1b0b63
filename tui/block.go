package tui

import (
	"strings"

	"shunt/tui/styles"
	"shunt/tui/widget"
)

// block collects the lines of a text that is wrapped to a width.
type block struct {
	st    *styles.Styles
	looks [3]styles.Look // of the tones
	width int
	lines []string
}

func (m Model) block(width int) *block { return &block{st: m.st, looks: m.looks(), width: width} }

func (b *block) add(lines ...string) { b.lines = append(b.lines, lines...) }

// wrap adds text in one look.
func (b *block) wrap(look styles.Look, text string) { b.hang("", text, look) }

// hang adds text with something before its first line, and as much space before the others.
func (b *block) hang(before, text string, look styles.Look) {
	indent := widget.Width(before)
	for _, line := range widget.Wrap(text, b.width-indent) {
		b.add(before + look.Render(line))
		before = strings.Repeat(" ", indent)
	}
}

// head adds a heading behind an empty line.
func (b *block) head(text string) { b.add("", b.st.Head.Render(text)) }

func (b *block) title(text string) { b.add(b.st.Title.Render(text)) }

// fact adds a name and a value that is wrapped behind the name; without a value it adds nothing.
func (b *block) fact(name, value string) { b.factIn(b.st.Text, name, value) }

func (b *block) factIn(look styles.Look, name, value string) {
	column, indent := 18, "  "
	if b.width < 54 { // a UUID still fits in what is left
		column, indent = 14, ""
	}
	b.column(column, indent+name, value, look)
}

// column adds a value behind a name in a column of its own.
func (b *block) column(width int, name, value string, look styles.Look) {
	if value == "" {
		return
	}
	for _, line := range widget.Wrap(widget.Clean(value), max(10, b.width-width)) {
		b.add(b.st.Muted.Render(widget.Fit(name, width, "")) + look.Render(line))
		name = ""
	}
}
