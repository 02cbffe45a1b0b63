package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// runKey does what a key of the pages of a run stands for. The run is that of the target in view; other targets
// can be looked at meanwhile.
func (m Model) runKey(msg tea.KeyPressMsg, d document) (tea.Model, tea.Cmd) {
	k := m.keys
	switch {
	case keymap.Match(msg, k.log):
		m.reader = reader{kind: readLog, tail: true}
		return m, nil
	case keymap.Match(msg, k.next, k.previous) && len(m.docs) > 1:
		return m.turnTarget(msg)
	}
	switch d.run.state {
	case runAsking:
		return m.reportKey(msg, d)
	case runEnded:
		if keymap.Match(msg, k.takeBack) && d.takesBack() {
			d.run = running{}
			return m.withDoc(m.current, d).askTakeBack(d), nil
		}
		if !keymap.Match(msg, k.back, k.answer) {
			return m.scrollRun(msg, d), nil
		}
		if !d.run.settled {
			return m.say(toneWarn, "The target is being read again: one moment"), nil
		}
		return m.leaveRun(d)
	case runWorking:
	}
	switch {
	case keymap.Match(msg, k.stop):
		return m.askStop(d), nil
	case keymap.Match(msg, k.open):
		return m.browse()
	}
	return m.scrollRun(msg, d), nil
}

// reportKey answers the report of a rehearsal: a failed one, or one that nothing follows, is only closed.
func (m Model) reportKey(msg tea.KeyPressMsg, d document) (tea.Model, tea.Cmd) {
	k := m.keys
	if !d.run.asks() {
		if keymap.Match(msg, k.back, k.answer, k.no) {
			return m.closeReport(d)
		}
		return m.scrollRun(msg, d), nil
	}
	switch {
	case keymap.Match(msg, k.yes), keymap.Match(msg, k.answer) && d.run.chosen == 1:
		return m.askCommit(d)
	case keymap.Match(msg, k.no, k.answer):
		return m.stopRun()
	case keymap.Match(msg, k.turn):
		d.run.chosen = 1 - d.run.chosen
		return m.withDoc(m.current, d), nil
	}
	return m.scrollRun(msg, d), nil
}

// closeReport leaves the report; a run that waits for a decision is given up.
func (m Model) closeReport(d document) (tea.Model, tea.Cmd) {
	if d.run.over() {
		return m.leaveRun(d)
	}
	return m.stopRun()
}

// leaveRun goes back to the editor, or to the recovery page if the run was interrupted.
func (m Model) leaveRun(d document) (tea.Model, tea.Cmd) {
	d.run = running{}
	m = m.withDoc(m.current, d)
	if d.state == docOpen && d.unfinished != nil {
		return m.shut()
	}
	return m, nil
}

func (m Model) scrollRun(msg tea.KeyPressMsg, d document) Model {
	lines := m.runText(d, m.width-6)
	r := reader{top: d.run.scroll}
	d.run.scroll = r.scrolled(msg, m.keys, len(lines), m.runHeight(d)).top
	return m.withDoc(m.current, d)
}

// askStop asks whether to stop what is running; going on is the safe answer.
func (m Model) askStop(d document) Model {
	if d.run.stopping {
		return m.say(toneWarn, "It is stopping as soon as that is safe")
	}
	name := d.name()
	if !d.run.committing {
		return m.push(dialog.NewAsk("Stop the rehearsal?", dialog.Calm,
			[]string{"Nothing has been written to " + name + ". The operations stay pending."},
			dialog.GoOnStop(widget.Harmless)...))
	}
	text := []string{
		"The commit is writing to " + name + ". It can stop at the next safe point; " + name + " is unfinished then, and " +
			"whether to finish the commit or to roll it back is asked at once.",
		"Either way " + name + " ends up exactly as planned or exactly as it was.",
	}
	if d.run.kind == undoRun {
		text = []string{"The undo can stop at the next safe point. " + name + " stays unfinished until it is rolled back."}
	}
	if d.run.kind == recoverRun {
		text = []string{"The recovery can stop at the next safe point. " + name + " stays unfinished until it is recovered again."}
	}
	return m.push(dialog.NewAsk("Stop?", dialog.Warning, text,
		dialog.GoOnStop(widget.Writes)...))
}

// runBindings lists the keys of the page that is shown.
func (m Model) runBindings(d document) (bindings, always []keymap.Binding) {
	k := m.keys
	switch {
	case d.run.asks():
		bindings = []keymap.Binding{k.yes, k.no.Short("n").As("not now"), k.turn, k.answer}
	case d.run.state == runAsking, d.run.state == runEnded:
		bindings = []keymap.Binding{k.back}
		if d.takesBack() {
			bindings = append(bindings, k.takeBack)
		}
	case d.run.stopping:
	default:
		bindings = []keymap.Binding{k.stop}
	}
	bindings = append(bindings, k.up.Short("↑↓").As("scroll"))
	if len(m.docs) > 1 {
		bindings = append(bindings, k.next)
	}
	return bindings, []keymap.Binding{k.log}
}
