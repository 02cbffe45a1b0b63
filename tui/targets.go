package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// This file is about having several targets open: each has its own queue, run and cursor, and one is in view.

// turnTarget brings the next or, by -1, the previous target into view.
func (m Model) turnTarget(by int) (Model, tea.Cmd) {
	n := len(m.docs)
	m.current = (m.current + n + by) % n
	d := m.docs[m.current]
	if d.run.active() && d.run.state != runWorking || d.mustRecover() {
		return m.shut() // what is asked there must be read first
	}
	return m, nil
}

// elsewhere is what goes on with the targets that are not in view, "" if nothing does: the one that most wants to be seen,
// and how many others there are.
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
