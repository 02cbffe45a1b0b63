package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/dialog"
)

// This file starts runs, stops them and lets them commit.

func (m Model) rehearse(d document) (Model, tea.Cmd) { return m.begin(d, rehearseRun) }

func (m Model) apply(d document) (Model, tea.Cmd) { return m.begin(d, applyRun) }

// begin starts the rehearsal of the queue of the target in view.
func (m Model) begin(d document, kind runKind) (Model, tea.Cmd) {
	if d.queue.Len() == 0 {
		return m.say(toneWarn, "Nothing is pending: there is nothing to rehearse or apply"), nil
	}
	if d.ahead.usable(d.queue) {
		return m.join(d, kind)
	}
	m.gen++
	run, err := rehearsing(m.gen, kind, d.queue)
	if err != nil {
		return m.refuse(err), nil
	}
	d.run = run
	return m.withDoc(m.current, d), startRun(m.gen, func() (Run, error) { return d.target.Start(d.queue) })
}

// rehearsing returns a run that is about to begin.
func rehearsing(gen int, kind runKind, q ops.Queue) (running, error) {
	r := running{gen: gen, kind: kind, queue: q, now: report.Progress{Phase: report.Rehearsing}}
	steps, err := q.Compile()
	for _, s := range steps {
		r.steps = append(r.steps, s.Words(q.Initial().SectorSize))
	}
	return r, err
}

// recoverTarget starts to finish or roll back an interrupted transaction.
func (m Model) recoverTarget(d document, kind runKind) (Model, tea.Cmd) {
	m.gen++
	phase, how := report.Committing, report.Finish
	if kind == rollBackRun {
		phase, how = report.Undoing, report.RollBack
	}
	d.run = running{gen: m.gen, kind: kind, queue: d.queue, committing: true, now: report.Progress{Phase: phase}}
	return m.withDoc(m.current, d), startRun(m.gen, func() (Run, error) { return d.target.Recover(how) })
}

// stopRun asks the run to stop. Its result follows as a message.
func (m Model) stopRun() (Model, tea.Cmd) {
	d, ok := m.doc()
	if !ok || !d.busy() || d.run.stopping {
		return m, nil
	}
	d.run.stopping = true
	d.run.state = runWorking
	m = m.withDoc(m.current, d)
	if d.run.run == nil {
		return m, nil // started cancels it
	}
	return m, background(d.run.run.Cancel)
}

// askCommit starts the commit. For a physical disk the user has to type its name first.
func (m Model) askCommit(d document) (Model, tea.Cmd) {
	if d.facts.Retype == "" {
		return m.commit(d)
	}
	return m.push(dialog.NewTyped("This is a physical disk", d.facts.Path+" is a disk of this machine, not an image. Applying writes to it.", []string{
		"Check the partition table once more: is it the right disk? Have a backup of everything that matters.",
	}, d.facts.Retype, dialog.Commit{})), nil
}

func (m Model) commit(d document) (Model, tea.Cmd) {
	d.run.committing, d.run.state, d.run.scroll, d.run.took = true, runWorking, 0, 0
	d.run.maxShare = 0
	d.run.now = report.Progress{Phase: report.Committing}
	return m.withDoc(m.current, d), background(d.run.run.Commit)
}
