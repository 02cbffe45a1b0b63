package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// This file is about having several targets open: each has its own queue, run and cursor, and one is in view.

// turnTarget brings the next or the previous target into view.
func (m Model) turnTarget(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	n := len(m.docs)
	if n < 2 {
		return m.say(toneWarn, "No other target is open: o opens one"), nil
	}
	step := 1
	if keymap.Match(msg, m.keys.previous) {
		step = n - 1
	}
	m.current = (m.current + step) % n
	d := m.docs[m.current]
	if d.run.active() && d.run.state != runWorking || d.state == docOpen && d.unfinished != nil {
		return m.shut() // what is asked there must be read first
	}
	return m, nil
}

// askClose closes the target in view, at once if that loses nothing.
func (m Model) askClose(d document) (tea.Model, tea.Cmd) {
	if d.busy() {
		return m.say(toneWarn, d.name()+" cannot be closed while something is being done to it: stop that first"), nil
	}
	n := d.queue.Len()
	if d.state != docOpen || n == 0 {
		return m.closeTarget()
	}
	text := fmt.Sprintf("There are %s. Closing %s forgets them; nothing was written to it.", operationWords(n), d.name())
	if n == 1 {
		text = fmt.Sprintf("There is %s. Closing %s forgets it; nothing was written to it.", operationWords(n), d.name())
	}
	return m.push(dialog.NewAsk("Close "+d.name()+"?", dialog.Warning, []string{text},
		dialog.YesNo("Keep it open", "Close it", widget.Harmless, dialog.CloseTarget{})...)), nil
}

// closeTarget gives up the target in view and brings the one after it into view.
func (m Model) closeTarget() (tea.Model, tea.Cmd) {
	d, ok := m.doc()
	if !ok || d.busy() {
		return m, nil
	}
	m.docs = slices.Delete(slices.Clone(m.docs), m.current, m.current+1)
	m.current = min(m.current, max(0, len(m.docs)-1))
	m = m.dropClip(d.gen).say(toneGood, "Closed "+d.name())
	if d.target == nil {
		return m, nil // if it is still being opened, it is closed as soon as that has been done
	}
	return m, closeTarget(d.target)
}

// elsewhere is what goes on with the targets that are not in view, "" if nothing does.
func (m Model) elsewhere() string {
	text, n := "", 0
	for i, d := range m.docs {
		if i == m.current || !d.run.active() {
			continue
		}
		n++
		text = d.name() + " " + d.run.word()
	}
	if n > 1 {
		return fmt.Sprintf("%d others at work", n)
	}
	return text
}

// word is how far a run is, in a word or two.
func (r running) word() string {
	switch {
	case r.asks():
		return "asks"
	case r.state != runWorking:
		return "has ended"
	case r.kind == recoverRun:
		return "recovering"
	case r.kind == undoRun:
		return "undoing"
	case r.committing:
		return "committing"
	}
	return "rehearsing"
}
