package tui

import (
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// blankPage returns the page for a document that is not open, with the reason.
func (m Model) blankPage(d document) []string {
	switch {
	case d.path == "" && len(m.dialogs) > 0:
		return nil // the list of targets is open: beside it, the text would be cut
	case d.path == "":
		return m.messagePage("", "Press o to open a disk image or a device, q to quit.")
	case d.doing != "":
		return m.messagePage(d.doing+" "+d.name(), "This takes a moment.")
	case d.state == docOpening:
		text := []string{"It is being locked and read; nothing is written. Press ctrl+w to cancel."}
		if d.opening != "" {
			text = append(text, "Now: "+widget.Clean(d.opening))
		}
		return m.messagePage("Opening "+d.name(), text...)
	}
	t := refusedNotice(d.name(), d.path, d.err)
	if d.state == docLost {
		t = lostNotice(d)
	}
	return m.messagePage(t.head, widget.Clean(t.meaning), t.advice)
}

// messagePage returns a page with a heading and paragraphs.
func (m Model) messagePage(head string, paragraphs ...string) []string {
	b := m.block(min(m.width-8, 72))
	if head != "" {
		b.add(m.st.Strong.Render(head), "")
	}
	for _, p := range paragraphs {
		b.wrap(m.st.Muted, p)
		b.add("")
	}
	lines := make([]string, max(0, (m.height-2-len(b.lines))/3))
	for _, text := range b.lines {
		lines = append(lines, "    "+text)
	}
	return lines
}

func (m Model) blankBar(d document) (bindings, pinned []keymap.Binding) {
	list := m.editorBindings(d)
	return pick(m, d, list, "o", "tab"), pick(m, d, list, "?", "q")
}
