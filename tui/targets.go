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
	var best document
	most, n := 0, 0
	for i, d := range m.docs {
		u := d.urgency()
		if i == m.current || u == 0 {
			continue
		}
		if n++; u > most {
			best, most = d, u
		}
	}
	switch {
	case n == 0:
		return ""
	case n == 1:
		return best.name() + " " + best.word()
	}
	return fmt.Sprintf("%s %s, %d more", best.name(), best.word(), n-1)
}

// urgency orders targets by how much they want to be looked at, 0 for not at all.
func (d document) urgency() int {
	switch {
	case d.mustRecover():
		return 4
	case d.run.asks():
		return 3
	case d.run.active() && d.run.state != runWorking:
		return 2
	case d.run.active() || d.doing != "":
		return 1
	}
	return 0
}

// word is how far a target is, in a word or two.
func (d document) word() string {
	switch {
	case d.mustRecover():
		return "is unfinished"
	case d.doing != "":
		return "is busy"
	}
	return d.run.word()
}

// word is how far a run is, in a word or two.
func (r running) word() string {
	switch {
	case r.asks():
		return "asks"
	case r.state == runAsking && r.rehearsalFailed():
		return "failed"
	case r.state == runAsking:
		return "is rehearsed"
	case r.state == runEnded:
		return "has ended"
	case r.stopping:
		return "stopping"
	case r.kind == rollBackRun:
		return "rolling back"
	case r.kind == finishRun:
		return "finishing"
	case r.kind == undoRun:
		return "undoing"
	case r.committing:
		return "committing"
	}
	return "rehearsing"
}
