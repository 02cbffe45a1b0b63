package worker

import (
	"context"
	"errors"
	"fmt"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/txn"
)

// undo takes back the transaction that was applied last.
func (w *process) undo(ctx context.Context) report.Result {
	dir := w.dir
	w.open(dir)
	if err := w.target.AllowWrites(); err != nil {
		return w.failed(err)
	}
	if err := w.free(); err != nil {
		return w.failed(err)
	}
	r := w.takeBack(ctx, dir)
	w.tell(&r)
	return r
}

func (w *process) takeBack(ctx context.Context, dir *journal.Dir) report.Result {
	w.logf("undo: the last transaction of %s", w.job.Path)
	ctx, cancel := w.stoppable(ctx)
	defer cancel()
	err := txn.Undo(ctx, w.target, dir, w.watch(report.Undoing))
	switch _, left := txn.Inspect(dir); {
	case err == nil, whole(dir, err):
		w.logf("done: the target is as it was")
		w.tidy(dir)
		return w.ended(report.RolledBack, err)
	case errors.Is(left, journal.ErrNone):
		w.tidy(dir)
		return w.notUndone(err)
	}
	w.logf("interrupted: %v", err)
	r := w.interrupted(err)
	r.Advice = "Nothing is lost: what was kept holds all that is needed. Mend the cause, then run `" + w.job.Call.Line("recover", "--rollback") + "` to go on with the undo."
	return r
}

// notUndone tells why an undo did not begin.
func (w *process) notUndone(err error) report.Result {
	changed := new(txn.ChangedError)
	if errors.As(err, &changed) && changed.Off >= 0 {
		err = tried.Errorf("%w%s", err, w.place(changed.Off))
	}
	r := w.failed(err)
	if errors.As(err, &changed) {
		r.Advice = "Taking the transaction back could destroy what was written since. To go back all the same, plan the opposite operations"
	}
	return r
}

// place says in which partition a byte of the target lies: " (p1)", or nothing.
func (w *process) place(off int64) string {
	disk, err := Scan(w.target)
	if err != nil {
		return ""
	}
	for _, p := range disk.Partitions() {
		z := disk.SectorSize
		if len(p.FS.Kind) > 0 && int64(z.Bytes(p.Span.Start)) <= off && off < int64(z.Bytes(p.Span.End)) {
			return fmt.Sprintf(" (in %s)", p.Ref())
		}
	}
	return ""
}

// whole reports whether a walk that ended with err left the target whole, with no transaction that waits to be ended.
func whole(dir *journal.Dir, err error) bool {
	if !errors.As(err, new(*txn.AfterError)) {
		return false
	}
	s, left := txn.Inspect(dir)
	return errors.Is(left, journal.ErrNone) || left == nil && s.Complete
}

// ended is the result of a walk that reached its end, with what failed after that.
func (w *process) ended(outcome report.Outcome, after error) report.Result {
	r := report.Result{Outcome: outcome}
	if after != nil {
		w.logf("%v", after)
		r.Advice = "Note: " + after.Error() + "."
	}
	return r
}
