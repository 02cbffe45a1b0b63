package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// runBindings returns the bindings of the run page of the target in view. Other targets can be shown meanwhile.
func (m Model) runBindings(d document) []binding {
	var list []binding
	switch {
	case d.run.asks():
		answer := Model.leaveReport
		if d.run.chosen == 1 {
			answer = Model.askCommit
		}
		list = []binding{
			on("y", "apply", Model.askCommit, "y", "Y"),
			on("n", "no", Model.leaveReport, "n", "N", "esc", "q", "ctrl+c"),
			m.choose(func(m Model, d document) Model { d.run.chosen = 1 - d.run.chosen; return m.withDoc(m.current, d) }),
			on("enter", "answer", answer, "enter"),
		}
	case d.run.state == runAsking:
		list = []binding{on("esc", "back", Model.closeReport, "esc", "q", "ctrl+c", "enter", "n", "N")}
		if d.run.report.Err == "" && !d.run.over() {
			list = append(list, on("a", "apply", noCommand(Model.applyRehearsed), "a").pin())
		}
	case d.run.state == runEnded:
		list = []binding{on("esc", "back", Model.leaveRun, "esc", "q", "ctrl+c", "enter").unless(notReadAgain)}
		if d.takesBack() {
			list = append(list, on("U", "undo the last apply", noCommand(Model.askTakeBackFromResult), "U"))
		}
	default:
		list = []binding{
			on("q", "stop", noCommand(Model.askStop), "q", "esc", "ctrl+c").unless(stopping),
			openBinding().quiet(),
		}
	}
	list = append(append(list, whenMore(travel(Model.scrollRun, "scroll"), Model.runOverflows)...), turnBindings()...)
	return append(list, on("l", "log", noTarget(Model.openLog), "l").pin())
}

// applyRehearsed asks whether to apply what was rehearsed. The process that rehearsed it still waits.
func (m Model) applyRehearsed(d document) Model {
	d.run.kind = applyRun
	return m.withDoc(m.current, d)
}

func notReadAgain(_ Model, d document) model.Reason {
	if !d.run.settled {
		return "The target is being read again: one moment"
	}
	return ""
}

func stopping(_ Model, d document) model.Reason {
	if d.run.stopping {
		return "It is stopping as soon as that is safe"
	}
	return ""
}

func (m Model) askTakeBackFromResult(d document) Model {
	d = d.withoutRun()
	return m.withDoc(m.current, d).askTakeBack(d)
}

// closeReport closes the report. If the run waits for a decision, it goes on waiting in the background.
func (m Model) closeReport(d document) (Model, tea.Cmd) {
	if d.run.over() {
		return m.leaveRun(d)
	}
	return m.leaveReport(d)
}

// leaveRun returns to the editor, or to the recovery page if the run was interrupted.
func (m Model) leaveRun(d document) (Model, tea.Cmd) {
	d = d.withoutRun()
	m = m.withDoc(m.current, d)
	if d.state == docOpen && d.unfinished != nil {
		return m.ignoreKeys()
	}
	return m, nil
}

// runOverflows reports whether the text is longer than the page.
func (m Model) runOverflows(d document) bool { return len(m.runText(d, m.width-6)) > m.runHeight(d) }

func (m Model) scrollRun(d document, s step) Model {
	height := m.runHeight(d)
	d.run.scroll = s.from(d.run.scroll, height-1, len(m.runText(d, m.width-6))-height)
	return m.withDoc(m.current, d)
}

// lateWords says what became of a run that was interrupted while it was asked whether to stop it.
func (r running) lateWords(name string) string {
	if !r.committing {
		return "The rehearsal was interrupted. Nothing has been written to " + name + ", and the operations stay pending."
	}
	what := "The commit"
	switch r.deed() {
	case undoRun:
		what = "The undo"
	case finishRun, rollBackRun:
		what = "The recovery"
	case applyRun, rehearseRun, followRun:
	}
	return what + " was interrupted before you answered. " + name + " is read again, which shows whether anything is left to finish or to roll back."
}

// askStop asks whether to stop the run. The safe answer is to go on.
func (m Model) askStop(d document) Model {
	name := d.name()
	if !d.run.committing {
		return m.pushStop(dialog.NewAsk("Stop the rehearsal?", dialog.Calm,
			[]string{"Stopping loses nothing: nothing has been written to " + name + ", and the operations stay pending."}, dialog.GoOnStop(widget.Harmless)...))
	}
	text := []string{
		"It stops at the next safe point. shunt then asks whether to finish it, as planned, or to roll it back: " +
			"then every partition and file is as it was.",
	}
	switch d.run.deed() {
	case undoRun:
		text = []string{"The undo can stop at the next safe point. " + name + " stays unfinished until it is rolled back."}
	case finishRun, rollBackRun:
		text = []string{"The recovery can stop at the next safe point. " + name + " stays unfinished until it is recovered."}
	case applyRun, rehearseRun, followRun:
	}
	return m.pushStop(dialog.NewAsk("Stop?", dialog.Warning, text, dialog.GoOnStop(widget.Writes)...))
}
