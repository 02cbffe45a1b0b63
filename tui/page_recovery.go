package tui

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// noFinish is why a transaction that is being rolled back cannot be finished.
const noFinish = "it is being rolled back already, and only that can be finished"

// recoveryKey answers the recovery page: finish or roll back; nothing else can be done to the target.
func (m Model) recoveryKey(msg tea.KeyPressMsg, d document) (tea.Model, tea.Cmd) {
	k := m.keys
	switch {
	case keymap.Match(msg, k.finish), keymap.Match(msg, k.answer) && d.answer == 0:
		if d.unfinished.RollingBack {
			return m.say(toneWarn, "It cannot be finished: "+noFinish), nil
		}
		return m.recoverTarget(d, report.Finish)
	case keymap.Match(msg, k.rollBack), keymap.Match(msg, k.answer):
		return m.recoverTarget(d, report.RollBack)
	case keymap.Match(msg, k.log) && d.run.active():
		m.reader = reader{kind: readLog, tail: true}
		return m, nil
	case keymap.Match(msg, k.next, k.previous) && len(m.docs) > 1:
		return m.turnTarget(msg)
	case keymap.Match(msg, k.turn):
		d.answer = 1 - d.answer
		return m.withDoc(m.current, d), nil
	case keymap.Match(msg, k.quit):
		return m.askQuit()
	case keymap.Match(msg, k.open):
		return m.browse()
	case keymap.Match(msg, k.shut):
		return m.askClose(d)
	}
	return m, nil
}

// recoveryText is what was interrupted, and the ways out without their buttons.
func (m Model) recoveryText(d document) (lines, question []string) {
	st, u := m.st, d.unfinished
	w := m.width - 6
	lines = []string{st.Warn.Bold(true).Render("A transaction on this target was interrupted."), ""}
	fact := func(name, value string) {
		if value == "" {
			return
		}
		for i, line := range widget.Wrap(widget.Clean(value), w-14) {
			if i > 0 {
				name = ""
			}
			lines = append(lines, st.Muted.Render(widget.Fit(name, 14, ""))+st.Text.Render(line))
		}
	}
	fact("Begun", u.When.Format("2006-01-02 15:04"))
	fact("So far", fmt.Sprintf("%d of %d steps done", u.Next, u.Units))
	fact("Stopped", stoppedWords(u.Stage))
	advice := "No data is lost."
	if d.run.interrupted() {
		fact("Cause", d.run.result.Err)
		advice = cmp.Or(d.run.result.Advice, advice)
	}
	if u.Plan != "" {
		lines = append(lines, "")
	}
	for line := range strings.SplitSeq(strings.TrimRight(u.Plan, "\n"), "\n") {
		if u.Plan != "" {
			lines = append(lines, "  "+st.Muted.Render(widget.Fit(widget.Clean(line), w-2, st.More)))
		}
	}
	lines = append(lines, "")
	lines = append(lines, notesIn(widget.Clean(advice)+" Until one of these is done, do not mount or boot the target.", w, st.Text.Render)...)
	lines = append(lines, "")
	finish := "the target becomes exactly as planned"
	if u.RollingBack {
		finish = "is not possible: " + noFinish
	}
	return lines, []string{
		st.Strong.Render("Finish    ") + st.Muted.Render(finish), st.Strong.Render("Roll back ") + st.Muted.Render("the target becomes exactly as it was before"), "",
	}
}

func (m Model) recoverySpots(d document) []widget.Spot {
	buttons := []widget.Button{{Label: "Finish", Key: "f", Risk: widget.Writes}, {Label: "Roll back", Key: "b", Risk: widget.Writes}}
	return widget.Buttons(buttons, d.answer, m.st)
}

// recoveryZones are the ways out.
func (m Model) recoveryZones(d document) []*lipgloss.Layer {
	_, question := m.recoveryText(d)
	return widget.Zones(m.recoverySpots(d), textX, boxY+m.recoveryLines(d)+len(question))
}

// recoveryLines is how many lines of the account are shown: both ways out stay in view.
func (m Model) recoveryLines(d document) int {
	lines, question := m.recoveryText(d)
	return min(len(lines), max(0, m.height-4-len(question)-1))
}

// recoveryPage tells what was interrupted and offers both ways out.
func (m Model) recoveryPage(d document) []string {
	st := m.st
	lines, question := m.recoveryText(d)
	body := append(widget.Pad(lines, m.width-4, m.recoveryLines(d), st.More), question...)
	body = append(body, widget.Line(m.recoverySpots(d)))
	f := widget.Frame{Title: "Unfinished transaction", Edge: st.Warn, Name: st.Warn.Bold(true)}
	return append([]string{m.title()}, widget.Box(body, f, m.width, m.height-2, st)...)
}

func (m Model) recoveryBindings(d document) (bindings, always []keymap.Binding) {
	k := m.keys
	bindings = []keymap.Binding{k.finish, k.rollBack, k.turn, k.answer, k.open}
	if len(m.docs) > 1 {
		bindings = append(bindings, k.next)
	}
	always = []keymap.Binding{k.quit}
	if d.run.active() {
		always = []keymap.Binding{k.log, k.quit}
	}
	return bindings, always
}
