package tui

import (
	"time"

	"shunt/ops"
	"shunt/ops/report"
)

// runKind is the purpose of a run.
type runKind int

const (
	applyRun runKind = iota
	rehearseRun
	finishRun   // an interrupted transaction is finished
	rollBackRun // an interrupted transaction is rolled back
	followRun   // a commit by another process is followed
	undoRun     // the last applied transaction is undone
)

// runState selects the page of a run.
type runState int

const (
	runWorking runState = iota // rehearsing, committing or recovering
	runAsking                  // the rehearsal is over and its report is shown
	runEnded                   // the result is shown
)

// running is the run of a target with everything it has reported. It is a value; the zero value is no run.
type running struct {
	gen      int // generation of its messages, 0 if there is no run
	kind     runKind
	run      Run // nil until it has started
	queue    ops.Queue
	steps    []ops.Phrase // descriptions of the rehearsal's steps
	state    runState
	now      report.Progress
	meter    meter
	maxShare float64       // the largest share shown in this phase: a second tool in a step starts at 0 again
	took     time.Duration // the time that the rehearsal, commit or undo has taken
	report   *report.Rehearsal
	result   *report.Result
	log      []string
	// stopping is set when the user asks to stop, committing when the user confirms the commit.
	stopping, committing bool
	// joined is set if the run began in the background, and somebody waits for it now.
	joined bool
	// settled is set when the target has been read again after the end.
	settled bool
	// undecided is set if the run was interrupted, yet the target has no unfinished transaction, and it is unknown whether the
	// operations were applied.
	undecided bool
	chosen    int              // the selected button of the report: 0 is No
	undone    int              // undos of the same wish before this run
	back      []report.Applied // those that follow this run, the next one first
	lost      bool             // an undo before this run has lost the content of unused blocks
	scroll    int
}

func (r running) active() bool { return r.gen != 0 }

// deed returns what a run does: its kind, and for the run of another process what that is there for.
func (r running) deed() runKind {
	if r.kind != followRun {
		return r.kind
	}
	switch r.now.Task {
	case report.Finish:
		return finishRun
	case report.RollBack:
		return rollBackRun
	case report.Undo:
		return undoRun
	case report.Apply, report.Look:
	}
	return followRun
}

// writing returns the word for what a run does to its target, or "" for a run that only rehearses.
func (r running) writing() string {
	if !r.committing {
		return ""
	}
	return map[runKind]string{rollBackRun: "rolling back", finishRun: "finishing", undoRun: "undoing", applyRun: "applying", followRun: "applying"}[r.deed()]
}

// recovers reports whether the run finishes or rolls back an interrupted transaction.
func (r running) recovers() bool { return r.kind == finishRun || r.kind == rollBackRun }

// over reports whether the run has ended.
func (r running) over() bool { return r.result != nil }

// asksToStop reports whether the question whether to stop stays open: during work, and while the decision to apply is awaited.
// After an interruption it stays too, so that no key that was meant for it begins a recovery.
func (r running) asksToStop() bool {
	return r.interrupted() || !r.over() && (r.state == runWorking || r.kind != rehearseRun)
}

// reported applies the report of the rehearsal. A commit that is followed reports after the decision was made.
func (r running) reported(found report.Rehearsal) running {
	r.report = &found
	if !r.stopping && !r.committing {
		r.state = runAsking
	}
	return r
}

// ended applies the result. A failed rehearsal keeps its report in view.
func (r running) ended(end report.Result, log []string) running {
	r.result, r.log = &end, log
	if end.Log != "" {
		r.log = splitLog(end.Log)
	}
	switch {
	case r.rehearsalFailed():
		r.state = runAsking
	case r.goesOn(): // the page stays
	default:
		r.state = runEnded
	}
	return r
}

// rehearsalFailed reports whether the rehearsal failed, so that there was no commit.
func (r running) rehearsalFailed() bool {
	return r.report != nil && r.report.Err != "" && !r.committing
}

func (r running) progressed(p report.Progress) running {
	if p.Phase != r.now.Phase {
		r.maxShare = 0
	}
	r.now, r.meter = p, r.meter.add(p)
	r.maxShare = max(r.maxShare, r.share())
	if p.Phase != report.Deciding && p.Phase != report.Finished {
		r.took = p.Elapsed
	}
	return r
}

// share returns how far the run is in its phase, from 0 to 1, or -1 if that is not known. A rehearsal is counted in
// steps.
func (r running) share() float64 {
	now := r.now
	n := max(now.Steps, len(r.steps))
	switch {
	case now.Total > 0:
		// What is read back at the end of a commit is counted anew: the bar stays where it is meanwhile.
		return max(r.maxShare, float64(now.Done)/float64(now.Total))
	case r.committing || n == 0:
		return -1
	}
	const most = 0.99 // the journal is written after the steps
	inStep := float64(now.ToolShare) / 1000
	return max(r.maxShare, min(most, (float64(max(0, now.Step-1))+inStep)/float64(n)))
}

// carriedOut reports whether the operations were applied, and the target has not been read again since.
func (r running) carriedOut() bool { return r.over() && r.result.Outcome == report.Done && !r.settled }

// interrupted reports whether the run was interrupted, or ended without a result.
func (r running) interrupted() bool { return r.result != nil && r.result.Outcome == report.Interrupted }

// resolve works out the result of an interrupted run from the state of the target, as a killed worker cannot report it.
// before and after are the target before the run and now. The target has no unfinished transaction.
func (r running) resolve(before document, after scanResult) running {
	result := *r.result
	applied := after.facts.Undo()
	fresh := applied != nil && (before.facts.Undo() == nil || !applied.Same(*before.facts.Undo()))
	was, planned := r.queue.Initial(), r.queue.Preview()
	switch {
	case !after.disk.ReadOnly().OK() && was.ReadOnly().OK():
		return r // the target is marked as unfinished, but its journal is missing
	case after.last != nil:
		result = after.last.Result
	case r.kind == rollBackRun, r.kind == undoRun && applied == nil:
		result = report.Result{Outcome: report.RolledBack, Log: result.Log}
	case r.kind == finishRun, r.kind == applyRun && fresh, r.kind == applyRun && !sameDisk(after.disk, was):
		result = report.Result{Outcome: report.Done, Log: result.Log}
	case r.kind == undoRun, r.kind == applyRun && !sameDisk(was, planned):
		result = report.Result{Outcome: report.Unchanged, Err: result.Err, Log: result.Log}
	default:
		r.undecided = true
	}
	r.result = &result
	return r
}

// asks reports whether the page waits for the decision to commit.
func (r running) asks() bool {
	return r.state == runAsking && r.kind == applyRun && r.report.Err == "" && r.result == nil
}

// abandoned reports whether the run was stopped before it wrote anything, so that no result page is needed.
func (r running) abandoned() bool {
	return r.result != nil && r.stopping && !r.committing && !r.recovers() && r.result.Outcome == report.Unchanged
}
