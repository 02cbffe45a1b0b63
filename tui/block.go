package tui

import (
	"strings"

	"shunt/tui/styles"
	"shunt/tui/widget"
)

// block collects lines of text that are wrapped to a width.
type block struct {
	st    *styles.Styles
	looks [3]styles.Look // indexed by tone
	width int
	lines []string
}

func (m Model) block(width int) *block { return &block{st: m.st, looks: m.looks(), width: width} }

func (b *block) add(lines ...string) { b.lines = append(b.lines, lines...) }

// wrap adds text in one look.
func (b *block) wrap(look styles.Look, text string) { b.hang("", text, look) }

// hang adds text with a prefix before its first line; the other lines are indented by the width of the prefix. Without a prefix
// the text begins with the sign of its look.
func (b *block) hang(before, text string, look styles.Look) {
	indent := widget.Width(before)
	if before != "" {
		look = look.Unsigned()
	}
	for _, line := range widget.WrapSigned(text, b.width-indent, look.Sign()) {
		b.add(before + look.Render(line))
		before = strings.Repeat(" ", indent)
	}
}

// mark returns a mark in the width of the widest one, so that what stands behind marks is aligned.
func (b *block) mark(mark string) string { return widget.Fit(mark, widget.Width(b.st.Yes), "") }

// head adds an empty line and a heading.
func (b *block) head(text string) { b.add("", b.st.Head.Render(text)) }

func (b *block) title(text string) { b.add(b.st.Title.Render(text)) }

// factIn adds a name and its value, wrapped in a column of its own. An empty value adds nothing.
func (b *block) factIn(look styles.Look, name, value string) {
	column, indent := 18, "  "
	if b.width < 54 { // leave enough space for a UUID
		column, indent = 14, ""
	}
	b.column(column, indent+name, value, look)
}

// column adds a name of the given width and its value beside it.
func (b *block) column(width int, name, value string, look styles.Look) {
	if value == "" {
		return
	}
	before := b.st.Muted.Render(widget.Fit(name, width, ""))
	for _, line := range widget.WrapSigned(widget.Clean(value), max(10, b.width-width), look.Sign()) {
		b.add(before + look.Render(line))
		before = strings.Repeat(" ", width)
	}
}
