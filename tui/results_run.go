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

// started takes a run that has begun, or could not.
func (m Model) started(i int, run Run, err error) (Model, tea.Cmd) {
	r := m.docs[i].run
	if err != nil {
		m = m.withRun(i, running{}).uncovered(i)
		name := m.docs[i].name()
		return m.tell(dialog.NewMessage("Cannot begin", dialog.Warning,
			sentence(err), name+" was not changed. The operations are still pending.")), nil
	}
	r.run = run
	cmd := follow(run, r.gen)
	if r.stopping {
		cmd = tea.Batch(cmd, background(run.Cancel))
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

func (m Model) progressed(i int, p report.Progress, log []string) (Model, tea.Cmd) {
	r := m.docs[i].run.progressed(p)
	if r.result == nil {
		r.log = log
	}
	return m.withRun(i, r), waitProgress(r.run, r.gen)
}

// reported takes the report of a rehearsal; ok is false if the run ended without one.
func (m Model) reported(i int, found report.Rehearsal, ok bool) (Model, tea.Cmd) {
	r := m.docs[i].run
	if !ok {
		return m, nil
	}
	r = r.reported(found)
	if r.result != nil {
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

// ended takes the end of a run. A text that was open over its page is closed, so that the end is seen.
func (m Model) ended(i int, end report.Result, log []string) (Model, tea.Cmd) {
	d := m.docs[i]
	wasAsking := d.run.state == runAsking
	d.run = d.run.ended(end, log)
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
