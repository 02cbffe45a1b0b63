package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
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
func (m Model) askTakeBack(d document) Model { return m.askGoBack(d, 1) }

// noTakeBack returns why no applied transaction can be undone now, or "".
func noTakeBack(_ Model, d document) model.Reason {
	switch {
	case len(d.facts.Undos) == 0:
		return "There is nothing to undo: nothing was applied, or nothing is kept of what was"
	case d.queue.Len() > 0:
		return "Operations are pending: apply them, or clear them with X, before the last apply is undone"
	}
	return ""
}

// askGoBack asks whether to undo the last n applied transactions.
func (m Model) askGoBack(d document, n int) Model {
	if no := noTakeBack(m, d); !no.OK() {
		return m.say(toneWarn, string(no))
	}
	list := d.facts.Undos[:min(n, len(d.facts.Undos))]
	text := append(m.undoneWords(d, list), d.name()+" will be "+report.AsItWas(report.LosesUnused(list))+", and the "+
		geometry.FormatBytes(report.RoomOf(list))+" kept for this are freed. If it was changed since, nothing is done.")
	title, question, yes := "Undo the last apply to a physical disk", "Undo the last apply?", "Undo it"
	if n = len(list); n > 1 {
		title = fmt.Sprintf("Undo the last %d commits to a physical disk", n)
		question, yes = fmt.Sprintf("Undo the last %d commits?", n), fmt.Sprintf("Undo %d", n)
		text = append(text, "If it stops on the way, "+d.name()+" is exactly as it was before one of them, and the rest can be undone later.")
	}
	if word := d.facts.Retype; word != "" {
		return m.push(dialog.NewTyped(title, "", text, word, dialog.TakeBack{N: n}))
	}
	return m.push(dialog.NewAsk(question, dialog.Warning, text,
		dialog.YesNo("Leave it", yes, widget.Writes, dialog.TakeBack{N: n})...))
}

// undoneWords says what undoing takes back.
func (m Model) undoneWords(d document, list []report.Applied) []string {
	most := 240 / len(list) // characters; more would not fit a small screen
	told := func(a report.Applied) string {
		told := widget.Clean(strings.Join(a.Operations, "; "))
		return widget.Fit(told, min(most, widget.Width(told)), m.st.More)
	}
	if len(list) == 1 {
		return []string{"This undoes what was applied to " + d.name() + " on " + list[0].When.Local().Format(minute) + ":", told(list[0])}
	}
	text := []string{fmt.Sprintf("This undoes the last %d commits to %s, one after the other. What they did is lost:", len(list), d.name())}
	const mostTold = 4
	for i, a := range list {
		if i == mostTold && len(list) > mostTold+1 {
			return append(text, fmt.Sprintf("and %d more", len(list)-i))
		}
		text = append(text, fmt.Sprintf("%d. %s", i+1, told(a)))
	}
	return text
}

// takeBack starts to undo the last n applied transactions.
func (m Model) takeBack(d document, n int) (Model, tea.Cmd) {
	if d.state != docOpen || d.run.active() || len(d.facts.Undos) == 0 {
		return m, nil
	}
	back := d.facts.Undos[1:max(1, min(n, len(d.facts.Undos)))]
	return m.undoNext(m.current, running{queue: d.queue, back: back})
}

// undoNext starts a run that undoes the last transaction of document i.
func (m Model) undoNext(i int, r running) (Model, tea.Cmd) {
	m.gen++
	r.gen, r.kind, r.committing, r.now = m.gen, undoRun, true, report.Progress{Phase: report.Undoing}
	return m.withRun(i, r), startRun(m.gen, m.docs[i].target.Undo)
}

// goesOn reports whether another undo follows the run, which has ended.
func (r running) goesOn() bool {
	return r.kind == undoRun && len(r.back) > 0 && !r.stopping && r.result != nil && r.result.Outcome == report.RolledBack
}

// undoFurther starts the undo that follows a run, once the target was read again. It must be the one that was asked for.
func (m Model) undoFurther(i int) (Model, tea.Cmd) {
	d := m.docs[i]
	if !d.run.goesOn() {
		return m, nil
	}
	next := d.facts.Undo()
	if d.state != docOpen || next == nil || !next.When.Equal(d.run.back[0].When) || next.Plan != d.run.back[0].Plan {
		d.run.state = runEnded
		return m.withDoc(i, d), nil
	}
	return m.undoNext(i, running{
		queue: d.queue, back: d.run.back[1:], undone: d.run.undone + 1, lost: d.run.lost || d.run.result.LostUnused, log: d.run.log,
	})
}

// undoNotice describes the result of the last of several undos.
func undoNotice(d document) notice {
	name, r := d.name(), d.run
	all, done := r.undone+1+len(r.back), r.undone
	if r.result.Outcome == report.RolledBack {
		done++
	}
	t := resultNotice(undoRun, name, *r.result)
	switch {
	case all == 1 || r.result.Outcome == report.Interrupted:
	case done == all:
		t.meaning = fmt.Sprintf("The last %d commits were undone: %s is %s.", all, name, report.AsItWas(r.lost || r.result.LostUnused))
	case r.result.Outcome == report.RolledBack && !r.stopping:
		t.head, t.tone = "Stopped on the way", toneWarn
		t.meaning = fmt.Sprintf("%d of %d commits were undone: %s is as it was before one of them. What was kept to undo the next one no longer fits.", done, all, name)
	case done > 0:
		t.head, t.tone = "Stopped on the way", toneWarn
		t.meaning = fmt.Sprintf("%d of %d commits were undone: %s is as it was before one of them.", done, all, name)
		if r.stopping && r.settled && d.facts.Undo() != nil { // what was refused is not offered again
			t.meaning += " U undoes the next one."
		}
	}
	return t
}
