package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/dialog"
)

// This file handles the messages of runs. A run continues whether its target is in view or not. Its page belongs to its
// target; if that is not in view, a message in the last line reports the change.

// followed shows a commit that another process is carrying out on a target.
func (m Model) followed(i int, run Run) (Model, tea.Cmd) {
	m.gen++
	m = m.withRun(i, running{
		gen: m.gen, kind: followRun, run: run, queue: m.docs[i].queue, committing: true,
		now: report.Progress{Phase: report.Committing},
	})
	m = m.announce(i, "a commit that was begun earlier is under way")
	return m, follow(run, m.gen)
}

// announce reports a change of document i in the last line, if its page is not in view.
func (m Model) announce(i int, what string) Model {
	switch {
	case i != m.current:
		return m.say(toneWarn, fmt.Sprintf("%s: %s; tab goes there", m.docs[i].name(), what))
	case m.reader.open() || m.files.open():
		return m.say(toneWarn, fmt.Sprintf("%s: %s; esc goes there", m.docs[i].name(), what))
	}
	return m
}

// started applies the start of a run, or shows why it could not start.
func (m Model) started(i int, run Run, err error) (Model, tea.Cmd) {
	r := m.docs[i].run
	if err != nil {
		m = m.withDoc(i, m.docs[i].withoutRun()).uncover(i)
		name := m.docs[i].name()
		return m.pushWhenFree(dialog.NewMessage("Cannot begin", dialog.Warning,
			sentence(err, name, m.docs[i].path), name+" was not changed. The operations are still pending.")), nil
	}
	r.run = run
	cmd := follow(run, r.gen)
	if r.joined {
		cmd = tea.Batch(cmd, background(run.Resume))
	}
	if r.stopping {
		cmd = tea.Batch(cmd, background(run.Cancel))
	}
	return m.withRun(i, r), cmd
}

// uncover closes a text that covers the page of document i, so that the change is seen. Dialogs stay open.
func (m Model) uncover(i int) Model {
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

// reported applies the report of a rehearsal; ok is false if the run ended without one.
func (m Model) reported(i int, found report.Rehearsal, ok bool) (Model, tea.Cmd) {
	r := m.docs[i].run
	if !ok {
		return m, nil
	}
	m, r = m.replanned(i, r, found)
	r = r.reported(found)
	if r.result != nil {
		// The result came before the report. A failed rehearsal is shown by its report, everything else by the result.
		if !r.rehearsalFailed() {
			r.state = runEnded
		}
		return m.withRun(i, r), nil
	}
	m = m.withRun(i, r)
	if r.state != runAsking {
		return m, nil
	}
	return m.announce(i, "the rehearsal is over"), ring(r.took)
}

// replanned takes over the queue of a rehearsal that made another plan than was asked for.
func (m Model) replanned(i int, r running, found report.Rehearsal) (Model, running) {
	if len(found.Replanned) == 0 {
		return m, r
	}
	d := m.docs[i].showing(r.run.Rehearsed())
	r.queue = d.queue
	return m.withDoc(i, d), r
}

// ended applies the result of a run.
func (m Model) ended(i int, end report.Result, log []string) (Model, tea.Cmd) {
	d := m.docs[i]
	wasAsking := d.run.state == runAsking
	d.run = d.run.ended(end, log)
	reread := rescan(d.target, d.gen, d.run.interrupted())
	if d.run.abandoned() {
		m = m.withDoc(i, d)
		m = m.withDoc(i, m.docs[i].withoutRun()).uncover(i)
		return m.say(toneGood, d.name()+" was not changed. The operations are still pending."), nil
	}
	asking := d.run.state == runAsking
	d.run.settled = d.run.settled || asking
	m = m.withDoc(i, d)
	if wasAsking && asking {
		return m, nil // the report of the failed rehearsal is being read
	}
	m = m.uncover(i).announce(i, "it has ended")
	bell := ring(d.run.took)
	if asking {
		return m, bell
	}
	return m, tea.Batch(reread, bell)
}
