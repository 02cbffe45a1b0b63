package worker

import (
	"cmp"
	"time"

	"shunt/model/safetext"
	"shunt/ops/plan"
)

// logHead begins the log: which program works on what, when, and what the operations are called.
func (w *process) logHead() {
	w.logf("shunt %s", cmp.Or(w.job.Version, "of unknown version"))
	w.logf("%s on %s, %s", w.job.Task, safetext.Printable(w.job.Path), w.link.now().Format("2006-01-02 15:04:05 -0700"))
	if w.job.Plan == "" {
		return
	}
	for i, text := range plan.Sentences(w.job.Plan) {
		w.logf("%3d. %s", i+1, text)
	}
}

// logTimed logs the begin of a step or stage, with the time.
func (w *process) logTimed(what string) {
	w.logf("== %s  %s", w.link.now().Format(time.TimeOnly), what)
}
