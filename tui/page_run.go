package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// runKey does what a key of the pages of a run stands for.
func (m Model) runKey(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	k := m.keys
	if keymap.Match(msg, k.log) {
		m.reader = reader{kind: readLog, tail: true}
		return m, nil
	}
	switch m.run.state {
	case runAsking:
		return m.reportKey(msg)
	case runEnded:
		if d := m.docs[m.run.doc]; keymap.Match(msg, k.takeBack) && m.takesBack(d) {
			m.run = running{}
			return m.askTakeBack(d), nil
		}
		if !keymap.Match(msg, k.back, k.answer) {
			return m.scrollRun(msg), nil
		}
		if !m.run.settled {
			return m.say(toneWarn, "The target is being read again: one moment"), nil
		}
		return m.leaveRun()
	case runWorking:
	}
	if keymap.Match(msg, k.stop) {
		return m.askStop(), nil
	}
	return m.scrollRun(msg), nil
}

// reportKey answers the report of a rehearsal: a failed one, or one that nothing follows, is only closed.
func (m Model) reportKey(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	k := m.keys
	if !m.run.asks() {
		if keymap.Match(msg, k.back, k.answer, k.no) {
			return m.closeReport()
		}
		return m.scrollRun(msg), nil
	}
	switch {
	case keymap.Match(msg, k.yes), keymap.Match(msg, k.answer) && m.run.chosen == 1:
		return m.commit()
	case keymap.Match(msg, k.no, k.answer):
		return m.stopRun()
	case keymap.Match(msg, k.turn):
		m.run.chosen = 1 - m.run.chosen
		return m, nil
	}
	return m.scrollRun(msg), nil
}

// closeReport leaves the report; a run that waits for a decision is given up.
func (m Model) closeReport() (tea.Model, tea.Cmd) {
	if m.run.over() {
		return m.leaveRun()
	}
	return m.stopRun()
}

// leaveRun goes back to the editor, or to the recovery page if the run was interrupted.
func (m Model) leaveRun() (tea.Model, tea.Cmd) {
	at := m.run.doc
	m.run = running{}
	if d := m.docs[at]; d.state == docOpen && d.unfinished != nil {
		return m.shut()
	}
	return m, nil
}

func (m Model) scrollRun(msg tea.KeyPressMsg) Model {
	lines := m.runText(m.width - 6)
	r := reader{top: m.run.scroll}
	m.run.scroll = r.scrolled(msg, m.keys, len(lines), m.runHeight()).top
	return m
}

// askStop asks whether to stop what is running; going on is the safe answer.
func (m Model) askStop() Model {
	if m.run.stopping {
		return m.say(toneWarn, "It is stopping as soon as that is safe")
	}
	name := m.docs[m.run.doc].name()
	if !m.run.committing {
		return m.push(dialog.NewAsk("Stop the rehearsal?", dialog.Calm,
			[]string{"Nothing has been written to " + name + ". The operations stay pending."},
			dialog.YesNo("Go on", "Stop", widget.Harmless, dialog.StopRun{})...))
	}
	text := []string{
		"The commit is writing to " + name + ". It can stop at the next safe point; " + name + " is unfinished then, and " +
			"whether to finish the commit or to roll it back is asked at once.",
		"Either way " + name + " ends up exactly as planned or exactly as it was.",
	}
	if m.run.kind == undoRun {
		text = []string{"The undo can stop at the next safe point. " + name + " stays unfinished until it is rolled back."}
	}
	if m.run.kind == recoverRun {
		text = []string{"The recovery can stop at the next safe point. " + name + " stays unfinished until it is recovered again."}
	}
	return m.push(dialog.NewAsk("Stop?", dialog.Warning, text,
		dialog.YesNo("Go on", "Stop", widget.Writes, dialog.StopRun{})...))
}

// runBindings lists the keys of the page that is shown.
func (m Model) runBindings() (bindings, always []keymap.Binding) {
	k := m.keys
	switch {
	case m.run.asks():
		bindings = []keymap.Binding{k.yes, k.no.Short("n").As("not now"), k.turn, k.answer}
	case m.run.state == runAsking, m.run.state == runEnded:
		bindings = []keymap.Binding{k.back}
		if m.takesBack(m.docs[m.run.doc]) {
			bindings = append(bindings, k.takeBack)
		}
	case m.run.stopping:
	default:
		bindings = []keymap.Binding{k.stop}
	}
	return append(bindings, k.up.Short("↑↓").As("scroll")), []keymap.Binding{k.log}
}
