package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// This file handles several open targets. Each has its own queue, run and cursor, and one is in view.

// turnTarget brings the next target into view, or with -1 the previous one.
func (m Model) turnTarget(by int) (Model, tea.Cmd) {
	n := len(m.docs)
	m.current = (m.current + n + by) % n
	d := m.docs[m.current]
	if d.run.active() && d.run.state != runWorking || d.mustRecover() {
		return m.ignoreKeys() // the user must read its question first
	}
	return m, nil
}

// elsewhere describes the most urgent state of the targets that are not in view, and counts the others. It is "" if none
// is active.
func (m Model) elsewhere() string {
	text, most, n := "", 0, 0
	for i, d := range m.docs {
		s := d.status()
		if i == m.current || s.urgency == 0 {
			continue
		}
		if n++; s.urgency > most {
			text, most = d.name()+" "+s.word, s.urgency
		}
	}
	if n > 1 {
		text += fmt.Sprintf(", %d more", n-1)
	}
	return text
}
