package tui

import (
	"cmp"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// noFinish says why a transaction that is being rolled back cannot be finished.
const noFinish = "the rollback has already begun"

// noRollBack says why a transaction that has begun to wipe content cannot be rolled back.
const noRollBack = "it has begun to wipe content, which nothing can bring back"

// recoveryBindings returns the keys of the page: finish and roll back. Nothing else can be done to the target.
func (m Model) recoveryBindings(d document) []binding {
	rollingBack := func(_ Model, d document) model.Reason {
		if d.unfinished.RollingBack {
			return "It cannot be finished: " + noFinish
		}
		return ""
	}
	finish := func(m Model, d document) (Model, tea.Cmd) { return m.recoverTarget(d, finishRun) }
	wiped := func(_ Model, d document) model.Reason {
		if d.unfinished.Ways() == ops.OnlyForward {
			return "It cannot be rolled back: " + noRollBack
		}
		return ""
	}
	rollBack := func(m Model, d document) (Model, tea.Cmd) { return m.recoverTarget(d, rollBackRun) }
	answer := on("enter", "answer", finish, "enter").unless(rollingBack)
	if d.answer == 1 {
		answer = on("enter", "answer", rollBack, "enter").unless(wiped)
	}
	list := []binding{on("f", "finish", finish, "f", "F").unless(rollingBack), on("b", "roll back", rollBack, "b", "B").unless(wiped)}
	if d.unfinished.Ways() == ops.EitherWay {
		list = append(list, m.choose(func(m Model, d document) Model { d.answer = 1 - d.answer; return m.withDoc(m.current, d) }))
	}
	list = append(list, answer, openBinding())
	list = append(list, turnBindings()...)
	if d.run.active() {
		list = append(list, on("l", "log", noTarget(Model.openLog), "l").pin())
	}
	return append(list, quitBinding().pin(), closeBinding().quiet())
}

// recoveryText returns the description of the interrupted transaction, and the two choices without their buttons.
func (m Model) recoveryText(d document) (lines, question []string) {
	st, u, b := m.st, d.unfinished, m.block(m.width-6)
	b.add(st.Warn.Bold(true).Signed("A transaction on this target was interrupted."), "")
	const column = 11 // where values and explanations begin
	fact := func(name, value string) { b.column(column, name, value, st.Text) }
	fact("Begun", u.When.Format("2006-01-02 15:04"))
	fact("Stopped", u.Stopped(d.facts))
	advice := "No data is lost."
	if d.run.interrupted() {
		fact("Cause", stated(d.run.result.Err, d.name(), d.path))
		advice = cmp.Or(d.run.result.Advice, advice)
	}
	b.add("")
	for _, text := range u.Operations {
		b.add("  " + st.Muted.Render(widget.Fit(widget.Clean(text), b.width-2, st.More)))
	}
	if len(u.Operations) > 0 {
		b.add("")
	}
	finish := "The target becomes exactly as planned."
	back := "The target becomes " + report.AsItWas(u.LosesUnused) + "."
	until := "finished or rolled back"
	switch u.Ways() {
	case ops.EitherWay:
	case ops.OnlyBack:
		finish, until = "Not possible: "+noFinish+".", "rolled back"
	case ops.OnlyForward:
		back, until = "Not possible: "+noRollBack+".", "finished"
	}
	b.wrap(st.Text, widget.Clean(advice)+" Do not mount or boot the target before it is "+until+".")
	b.add("")
	choices := m.block(b.width)
	choices.hang(st.Strong.Render(widget.Fit("Finish", column, "")), finish, st.Text)
	choices.hang(st.Strong.Render(widget.Fit("Roll back", column, "")), back, st.Text)
	choices.add("")
	return b.lines, choices.lines
}

// recoverySpots returns the buttons of the page. There is none for what is not possible.
func (m Model) recoverySpots(d document) []widget.Spot {
	// Both write. What was begun, and the only way left, carry no risk; to roll back instead of finishing looks dangerous.
	finish := widget.Button{Label: "Finish", Key: "f"}
	back := widget.Button{Label: "Roll back", Key: "b", Risk: widget.Writes}
	switch d.unfinished.Ways() {
	case ops.OnlyBack:
		back.Risk = widget.Harmless
		return widget.Buttons([]widget.Button{back}, 0, true, m.st)
	case ops.OnlyForward:
		return widget.Buttons([]widget.Button{finish}, 0, true, m.st)
	case ops.EitherWay:
	}
	return widget.Buttons([]widget.Button{finish, back}, d.answer, true, m.st)
}

func (m Model) recoveryZones(d document) []*lipgloss.Layer {
	_, question := m.recoveryText(d)
	return widget.Zones(m.recoverySpots(d), textX, boxY+m.recoveryLines(d)+len(question))
}

// recoveryLines returns how many lines of the description are shown, so that both choices stay in view.
func (m Model) recoveryLines(d document) int {
	lines, question := m.recoveryText(d)
	return min(len(lines), max(0, m.height-4-len(question)-1))
}

func (m Model) recoveryPage(d document) []string {
	st := m.st
	lines, question := m.recoveryText(d)
	body := append(widget.Pad(lines, m.width-4, m.recoveryLines(d), st.More), question...)
	body = append(body, widget.Line(m.recoverySpots(d)))
	f := widget.Frame{Title: "Unfinished transaction", Edge: st.Warn, Name: st.Warn.Bold(true)}
	return widget.Box(body, f, m.width, m.height-2, st)
}
