package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// takesBack reports whether the result page offers to undo what was applied.
func (d document) takesBack() bool {
	return d.run.state == runEnded && d.run.settled && d.run.result.Outcome == report.Done && d.state == docOpen &&
		d.facts.Undo() != nil
}

// askTakeBack asks whether to undo the last applied transaction. The safe answer is no.
func (m Model) askTakeBack(d document) Model {
	switch {
	case d.facts.Undo() == nil:
		return m.say(toneWarn, "There is nothing to undo: nothing was applied, or nothing is kept of what was")
	case d.queue.Len() > 0:
		return m.say(toneWarn, "Operations are pending: apply them, or clear them with X, before the last apply is undone")
	}
	a := d.facts.Undo()
	const most = 240 // characters; more would not fit a small screen
	told := widget.Clean(strings.Join(a.Operations, "; "))
	text := []string{
		"This undoes what was applied to " + d.name() + " on " + a.When.Local().Format(minute) + ":",
		widget.Fit(told, min(most, widget.Width(told)), m.st.More),
	}
	text = append(text, d.name()+" will be "+report.AsItWas(a.LosesUnused)+", and the "+geometry.FormatBytes(a.Room)+
		" kept for this are freed. If it was changed since, nothing is done.")
	if word := d.facts.Retype; word != "" {
		return m.push(dialog.NewTyped("Undo the last apply to a physical disk", text, word, dialog.TakeBack{}))
	}
	return m.push(dialog.NewAsk("Undo the last apply?", dialog.Warning, text,
		dialog.YesNo("Leave it", "Undo it", widget.Writes, dialog.TakeBack{})...))
}

// takeBack starts to undo the last applied transaction.
func (m Model) takeBack(d document) (Model, tea.Cmd) {
	if d.state != docOpen || d.run.active() {
		return m, nil
	}
	m.gen++
	d.run = running{gen: m.gen, kind: undoRun, queue: d.queue, committing: true, now: report.Progress{Phase: report.Undoing}}
	return m.withDoc(m.current, d), startRun(m.gen, d.target.Undo)
}
