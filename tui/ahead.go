package tui

import (
	"cmp"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// This file rehearses in the background: when the queue of a target has not changed for a moment, and when the report of a
// rehearsal was left. A mark beside the queue says how it goes. Whoever rehearses or applies then joins that run. It is dropped
// when the queue or the target changes.

// ahead is a rehearsal in the background. The zero value is none.
type ahead struct {
	running
	serial int  // the number of the last timer
	due    bool // the timer has gone off while a dialog was open
}

// stillness is how long the queue must be unchanged before a rehearsal begins.
const stillness = time.Second

// mostKept is the largest journal that is kept on the disk after its report was left.
const mostKept = geometry.GiB

// usable reports whether the rehearsal is of a queue, so that its result need not be found again.
func (a ahead) usable(q ops.Queue) bool {
	return a.active() && a.queue.Same(q) && (!a.over() || a.rehearsalFailed())
}

// dropped returns the document without a rehearsal in the background.
func (d document) dropped() (document, tea.Cmd) {
	was := d.ahead
	d.ahead = ahead{serial: was.serial + 1}
	if was.run == nil || was.over() {
		return d, nil // startRun cancels one that has not started yet
	}
	return d, background(was.run.Cancel)
}

// alone reports whether a queue uses no other target. Only then its rehearsal is in nobody's way, and its result cannot become
// outdated by edits of the other one.
func alone(q ops.Queue) bool {
	return !slices.ContainsFunc(q.Ops(), func(op ops.Operation) bool {
		return ops.SourceOf(op) != nil || ops.OtherOf(op) != nil
	})
}

// lookAhead drops rehearsals of queues that have changed, and waits until these are still. before is the model before the message
// was handled.
func (m Model) lookAhead(before Model) (Model, tea.Cmd) {
	var cmds []tea.Cmd
	closed := len(before.dialogs) > 0 && len(m.dialogs) == 0
	for i, d := range m.docs {
		was, ok := before.docOf(i, d.gen)
		changed := !ok || was.seen != d.seen || was.state != d.state || !was.queue.Same(d.queue)
		if d.ahead.active() && (changed || d.run.active() || d.doing != "") {
			next, cmd := d.dropped()
			d, cmds = next, append(cmds, cmd)
			m = m.withDoc(i, d)
		}
		if (changed || closed && d.ahead.due) && m.maybeAhead(d) {
			d.ahead.serial++
			d.ahead.due = false
			m = m.withDoc(i, d)
			cmds = append(cmds, m.whenStill(d.gen, d.ahead.serial))
		}
	}
	return m, tea.Batch(cmds...)
}

// docOf returns the document with generation gen, which is likely document i.
func (m Model) docOf(i, gen int) (document, bool) {
	if i < len(m.docs) && m.docs[i].gen == gen {
		return m.docs[i], true
	}
	i, ok := m.byGen(gen)
	if !ok {
		return document{}, false
	}
	return m.docs[i], true
}

// maybeAhead reports whether a rehearsal of the queue may begin by itself.
func (m Model) maybeAhead(d document) bool {
	return d.state == docOpen && d.queue.Len() > 0 && !d.busy() && !d.run.active() && !d.ahead.active() && d.unfinished == nil &&
		m.Settings.Ahead.Includes(d.facts) && alone(d.queue)
}

func (m Model) whenStill(gen, serial int) tea.Cmd {
	return m.Clock(stillness, func() tea.Msg {
		return forTarget(gen, func(m Model, i int) (Model, tea.Cmd) { return m.still(i, serial) })
	})
}

// still begins a rehearsal in the background, unless something happened since the timer was set.
func (m Model) still(i, serial int) (Model, tea.Cmd) {
	d := m.docs[i]
	if d.ahead.serial != serial || !m.maybeAhead(d) {
		return m, nil
	}
	if len(m.dialogs) > 0 { // the next edit may be on its way
		d.ahead.due = true
		return m.withDoc(i, d), nil
	}
	r, err := rehearsing(m.gen+1, rehearseRun, d.queue)
	if err != nil {
		return m, nil // whoever applies it is told
	}
	m.gen++
	d.ahead.running = r
	return m.withDoc(i, d), startRun(r.gen, func() (Run, error) { return d.target.StartAhead(d.queue) })
}

func (m Model) byAhead(gen int) (int, bool) {
	i := slices.IndexFunc(m.docs, func(d document) bool { return d.ahead.active() && d.ahead.gen == gen })
	return i, i >= 0
}

func (m Model) withAhead(i int, r running) Model {
	d := m.docs[i]
	d.ahead.running = r
	return m.withDoc(i, d)
}

// startedAhead applies the start of a run in the background. Why it could not start is said to whoever starts it by hand.
func (m Model) startedAhead(i int, run Run, err error) (Model, tea.Cmd) {
	if err != nil {
		return m.withAhead(i, running{}), nil
	}
	r := m.docs[i].ahead.running
	r.run = run
	return m.withAhead(i, r), follow(run, r.gen)
}

func (m Model) progressedAhead(i int, p report.Progress, log []string) (Model, tea.Cmd) {
	r := m.docs[i].ahead.progressed(p)
	if r.result == nil {
		r.log = log
	}
	return m.withAhead(i, r), waitProgress(r.run, r.gen)
}

func (m Model) reportedAhead(i int, found report.Rehearsal, ok bool) Model {
	if !ok {
		return m
	}
	r := m.docs[i].ahead.running
	r.report = &found
	return m.withAhead(i, r)
}

// endedAhead applies the result of a run in the background. One that gave way leaves nothing, and one that failed its report.
func (m Model) endedAhead(i int, end report.Result, log []string) Model {
	if end.Cancelled {
		return m.withAhead(i, running{})
	}
	return m.withAhead(i, m.docs[i].ahead.ended(end, log))
}

// join shows the rehearsal that is in the background, and goes on with it.
func (m Model) join(d document, kind runKind) (Model, tea.Cmd) {
	r := d.ahead.running
	d.ahead.running = running{}
	r.kind, r.joined, r.chosen, r.scroll = kind, true, 0, 0
	d.run = r
	m = m.withDoc(m.current, d)
	if r.report != nil {
		m, r = m.replanned(m.current, r, *r.report)
		r = r.reported(*r.report)
		r.settled = r.over()
		m = m.withRun(m.current, r)
	}
	if r.run == nil || r.over() {
		return m, nil // started resumes it
	}
	return m, background(r.run.Resume)
}

// leaveReport goes back to the editor. What was rehearsed is kept in the background, to be applied later.
func (m Model) leaveReport(d document) (Model, tea.Cmd) {
	r := d.run
	if d.run.over() || !alone(r.queue) || r.report.JournalSize > mostKept {
		return m.stopRun()
	}
	d = d.withoutRun()
	r.kind, r.state = rehearseRun, runWorking
	d.ahead.running = r
	m = m.withDoc(m.current, d)
	return m.say(toneGood, d.name()+" was not changed. The operations are still pending, and rehearsed"), background(r.run.Rest)
}

// aheadMark returns the mark beside the queue, and its look.
func (d document) aheadMark(st *styles.Styles) (text string, look styles.Look) {
	a := d.ahead
	switch {
	case !a.usable(d.queue) && !a.over():
		return "", st.Muted
	case a.report == nil && a.result != nil:
		return st.No + " cannot be rehearsed: " + widget.Clean(a.result.Err), st.Bad
	case a.report == nil:
		return "rehearsing" + st.More, st.Muted
	case a.report.Err != "":
		return st.No + " fails: " + widget.Clean(a.report.Err), st.Bad
	}
	took := cmp.Or(a.report.Estimate, time.Millisecond).Round(100 * time.Millisecond)
	return st.Yes + " rehearsed, " + widget.Duration(max(took, 100*time.Millisecond)) + " to apply", st.Good
}

// turnAhead chooses other targets whose rehearsals begin by themselves, for this start and the next ones.
func (m Model) turnAhead(document) (Model, tea.Cmd) {
	m.Settings.Ahead = m.Settings.Ahead.Next()
	keep, backend := m.Settings, m.Backend
	m = m.say(toneGood, "Rehearsing in the background: "+m.Settings.Ahead.String())
	cmds := []tea.Cmd{background(func() { backend.Keep(keep) })}
	for i, d := range m.docs {
		if d.ahead.active() && d.ahead.report == nil {
			next, cmd := d.dropped()
			d, cmds = next, append(cmds, cmd)
			m = m.withDoc(i, d)
		}
		if m.maybeAhead(d) {
			d.ahead.serial++
			m = m.withDoc(i, d)
			cmds = append(cmds, m.whenStill(d.gen, d.ahead.serial))
		}
	}
	return m, tea.Batch(cmds...)
}
