package tui

import (
	"time"

	"shunt/ops"
	"shunt/ops/report"
)

// runKind says what a run is for.
type runKind int

const (
	applyRun runKind = iota
	rehearseRun
	finishRun   // an interrupted transaction is finished
	rollBackRun // or rolled back
	followRun   // a commit that an earlier start of the program began
	undoRun     // what was applied last is taken back
)

// runState says which page of a run is shown.
type runState int

const (
	runWorking runState = iota // rehearsing, committing or recovering
	runAsking                  // the rehearsal is over and its report is shown
	runEnded                   // the result is shown
)

// running is the run of a target with what it told so far. It is a value; the zero running is none.
type running struct {
	gen    int // of the messages that belong to it, 0 if there is no run
	kind   runKind
	run    Run // nil until it has started
	queue  ops.Queue
	steps  []ops.Phrase // of the rehearsal, in words
	state  runState
	now    report.Progress
	meter  meter
	far    float64       // the largest share of the phase that was told: a second tool in a step begins at nothing
	took   time.Duration // by the rehearsal, the commit or the undoing, as far as it was told
	report *report.Rehearsal
	result *report.Result
	log    []string
	// stopping says that the user asked to stop, committing that they said yes.
	stopping, committing bool
	// settled says that the target was read again after the end.
	settled bool
	// whole says that it was interrupted, that nothing is unfinished on the target all the same, and that it cannot be told
	// which of its two states that is in.
	whole  bool
	chosen int // button of the report: 0 is No
	scroll int
}

func (r running) active() bool { return r.gen != 0 }

// recovers reports whether the run ends an interrupted transaction.
func (r running) recovers() bool { return r.kind == finishRun || r.kind == rollBackRun }

// over reports whether nothing is happening any more.
func (r running) over() bool { return r.result != nil }

// reported takes the report of the rehearsal. Of a commit that is followed it comes when everything is decided.
func (r running) reported(found report.Rehearsal) running {
	r.report = &found
	if !r.stopping && !r.committing {
		r.state = runAsking
	}
	return r
}

// ended takes the result. A failed rehearsal has its own page already.
func (r running) ended(end report.Result, log []string) running {
	r.result, r.log = &end, log
	if end.Log != "" {
		r.log = splitLog(end.Log)
	}
	if r.rehearsalFailed() {
		r.state = runAsking
	} else {
		r.state = runEnded
	}
	return r
}

// rehearsalFailed reports whether the report tells why there was no commit.
func (r running) rehearsalFailed() bool {
	return r.report != nil && r.report.Err != "" && !r.committing
}

func (r running) progressed(p report.Progress) running {
	if p.Phase != r.now.Phase || p.Total != r.now.Total {
		r.far = 0
	}
	r.now, r.meter = p, r.meter.add(p)
	r.far = max(r.far, r.share())
	if p.Phase != report.Deciding && p.Phase != report.Finished {
		r.took = p.Elapsed
	}
	return r
}

// share is how far the run is in its phase, from 0 to 1, or -1 if that cannot be told. A rehearsal is counted in steps.
func (r running) share() float64 {
	now := r.now
	n := max(now.Steps, len(r.steps))
	switch {
	case now.Total > 0:
		return float64(now.Done) / float64(now.Total)
	case r.committing || n == 0:
		return -1
	}
	const most = 0.99 // the journal comes after the steps
	inStep := float64(now.ToolShare) / 1000
	return max(r.far, min(most, (float64(max(0, now.Step-1))+inStep)/float64(n)))
}

// interrupted reports whether the run ended before it could say what it led to, or in the middle.
func (r running) interrupted() bool { return r.result != nil && r.result.Outcome == report.Interrupted }

// known is the run with the result that the target shows after it was interrupted, as a worker that is killed cannot tell.
// before and after are the target before the run and now; nothing is unfinished on it.
func (r running) known(before document, after sight) running {
	result := *r.result
	applied := after.facts.Undo
	fresh := applied != nil && (before.facts.Undo == nil || *applied != *before.facts.Undo)
	was, planned := r.queue.Initial(), r.queue.Preview()
	switch {
	case !after.disk.ReadOnly().OK() && was.ReadOnly().OK():
		return r // it bears the mark of a commit, and what could end that is gone
	case after.last != nil:
		result = after.last.Result
	case r.kind == rollBackRun, r.kind == undoRun && applied == nil:
		result = report.Result{Outcome: report.RolledBack, Log: result.Log}
	case r.kind == finishRun, r.kind == applyRun && fresh, r.kind == applyRun && !sameDisk(after.disk, was):
		result = report.Result{Outcome: report.Done, Log: result.Log}
	case r.kind == undoRun, r.kind == applyRun && !sameDisk(was, planned):
		result = report.Result{Outcome: report.Unchanged, Err: result.Err, Log: result.Log}
	default:
		r.whole = true
	}
	r.result = &result
	return r
}

// asks reports whether the page waits for a yes or a no.
func (r running) asks() bool {
	return r.state == runAsking && r.kind == applyRun && r.report.Err == "" && r.result == nil
}

// left reports whether the run was given up before anything was made real, so that there is no result
// worth a page of its own.
func (r running) left() bool {
	return r.result != nil && r.stopping && !r.committing && !r.recovers() && r.result.Outcome == report.Unchanged
}
