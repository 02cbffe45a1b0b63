package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/ops"
)

// HelpKeys lists every key that the help shows, as a terminal reports it.
func HelpKeys() []string {
	var out []string
	for _, g := range keys().groups() {
		for _, b := range g.Bindings {
			out = append(out, b.Keys()...)
		}
	}
	return out
}

// Plans are the pending operations of each target of an editor, as plan files.
func Plans(m tea.Model) []string {
	var out []string
	if m, ok := m.(Model); ok {
		for _, d := range m.docs {
			out = append(out, d.name()+": "+ops.FormatPlan(d.queue))
		}
	}
	return out
}

// Asked is the question that is open, told apart from every other one by its number, 0 if none is.
func Asked(m tea.Model) int {
	if m, ok := m.(Model); ok && len(m.dialogs) > 0 {
		return m.dialogs[len(m.dialogs)-1].serial
	}
	return 0
}
