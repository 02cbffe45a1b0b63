package tui

import (
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// messagePage is what is shown where no target can be.
func (m Model) messagePage(d document) []string {
	switch {
	case d.path == "":
		return m.blankPage("", "Press o to open a disk image or a device, q to quit.")
	case d.doing != "":
		return m.blankPage(d.doing+" "+d.name(), "This takes a moment.")
	case d.state == docOpening:
		text := []string{"It is being locked and read; nothing is written. ctrl+w gives it up."}
		if d.opening != "" {
			text = append(text, "Now: "+widget.Clean(d.opening))
		}
		return m.blankPage("Opening "+d.name(), text...)
	}
	t := tellRefused(d.name(), d.err)
	if d.state == docLost {
		t = tellLost(d.name(), d.err)
	}
	return m.blankPage(t.head, widget.Clean(t.meaning), t.advice)
}

// blankPage is a page with a message and the keys that open and quit.
func (m Model) blankPage(head string, paragraphs ...string) []string {
	w := min(m.width-8, 72)
	var text []string
	if head != "" {
		text = append(text, m.st.Strong.Render(head), "")
	}
	for _, p := range paragraphs {
		for _, line := range widget.Wrap(p, w) {
			text = append(text, m.st.Muted.Render(line))
		}
		text = append(text, "")
	}
	lines := []string{m.title()}
	for range max(0, (m.height-2-len(text))/3) {
		lines = append(lines, "")
	}
	for _, t := range text {
		lines = append(lines, "    "+t)
	}
	return lines
}

func (m Model) blankKeys(document) (bindings, always []keymap.Binding) {
	k := m.keys
	return []keymap.Binding{k.open, k.next}, []keymap.Binding{k.help, k.quit}
}
