package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/dialog"
)

// This file takes what runs send. A run goes on whether its target is in view or not: what it shows belongs to its
// target, and of a target that is not in view a line tells.

// followed shows the commit that is under way on a target.
func (m Model) followed(i int, run Run) (Model, tea.Cmd) {
	m.gen++
	m = m.withRun(i, running{
		gen: m.gen, kind: followRun, run: run, queue: m.docs[i].queue, committing: true, now: report.Progress{Phase: report.Committing},
	})
	m = m.arrived(i, "a commit that was begun earlier is under way")
	return m, follow(run, m.gen)
}

// arrived tells that the page of document i became another one by itself, if that is not in view.
func (m Model) arrived(i int, what string) Model {
	switch {
	case i != m.current:
		return m.say(toneWarn, fmt.Sprintf("%s: %s; tab goes there", m.docs[i].name(), what))
	case m.reader.open() || m.files.open():
		return m.say(toneWarn, fmt.Sprintf("%s: %s; esc goes there", m.docs[i].name(), what))
	}
	return m
}

// arrive takes a run that has begun.
func (msg startedMsg) arrive(m Model) (Model, tea.Cmd) {
	i, ok := m.byRun(msg.gen)
	if !ok {
		return m, nil
	}
	r := m.docs[i].run
	if msg.err != nil {
		m = m.withRun(i, running{}).uncovered(i)
		name := m.docs[i].name()
		return m.tell(dialog.NewMessage("Cannot begin", dialog.Warning,
			sentence(msg.err), name+" was not changed. The operations are still pending.")), nil
	}
	r.run = msg.run
	cmd := follow(msg.run, msg.gen)
	if r.stopping {
		cmd = tea.Batch(cmd, background(msg.run.Cancel))
	}
	return m.withRun(i, r), cmd
}

// uncovered closes a text that is open over the page of document i, so that what happened to it is seen. A question stays.
func (m Model) uncovered(i int) Model {
	if i == m.current {
		m.reader, m.files = reader{}, files{}
	}
	return m
}

func (msg progressMsg) arrive(m Model) (Model, tea.Cmd) {
	i, ok := m.byRun(msg.gen)
	if !ok {
		return m, nil
	}
	r := m.docs[i].run
	r = r.progressed(msg.progress)
	if r.result == nil {
		r.log = msg.log
	}
	return m.withRun(i, r), waitProgress(r.run, msg.gen)
}

func (msg reportMsg) arrive(m Model) (Model, tea.Cmd) {
	i, ok := m.byRun(msg.gen)
	if !ok || m.docs[i].run.result != nil && !msg.ok {
		return m, nil
	}
	r := m.docs[i].run
	late := r.result
	r = r.reported(msg)
	if late != nil {
		// The run had ended before its report came: a failed rehearsal is told by its report.
		if !r.rehearsalFailed() {
			r.state = runEnded
		}
		return m.withRun(i, r), nil
	}
	m = m.withRun(i, r)
	if r.state != runAsking {
		return m, nil
	}
	return m.arrived(i, "the rehearsal is over"), ring(r.took)
}

// arrive takes the end of a run. A text that was open over its page is closed, so that the end is seen.
func (msg resultMsg) arrive(m Model) (Model, tea.Cmd) {
	i, ok := m.byRun(msg.gen)
	if !ok {
		return m, nil
	}
	d := m.docs[i]
	wasAsking := d.run.state == runAsking
	d.run = d.run.ended(msg)
	reread := rescan(d.target, d.gen, d.run.interrupted())
	if d.run.left() {
		m = m.withRun(i, running{}).uncovered(i)
		return m.say(toneGood, d.name()+" was not changed. The operations are still pending."), nil
	}
	asking := d.run.state == runAsking
	d.run.settled = d.run.settled || asking
	m = m.withDoc(i, d)
	if wasAsking && asking {
		return m, nil // the report of the failed rehearsal is being read
	}
	m = m.uncovered(i).arrived(i, "it has ended")
	bell := ring(d.run.took)
	if asking {
		return m, bell
	}
	return m, tea.Batch(reread, bell)
}
