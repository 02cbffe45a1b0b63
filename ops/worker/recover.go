package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/txn"
)

// recover ends an unfinished transaction, or undoes the last one.
func (w *process) recover(ctx context.Context) report.Result {
	undo := w.job.Task == report.Undo
	phase, outcome, how := report.Undoing, report.RolledBack, txn.RollBack
	if w.job.Task == report.Finish {
		phase, outcome, how = report.Committing, report.Done, txn.Finish
	}
	w.acceptFollowers()
	w.logHead()
	lost := w.losesUnused()
	err := w.allowed()
	switch {
	case err != nil && undo:
		return w.failed(err)
	case err != nil:
		return report.Result{Outcome: report.Interrupted, Err: tried.Text(err)}
	case undo:
		w.logf("undo: the last transaction of %s", w.job.Path)
		err = txn.Undo(ctx, w.target, w.rooms, w.watch(phase))
	default:
		w.logf("%s: the interrupted transaction of %s", w.job.Task, w.job.Path)
		err = txn.Recover(ctx, w.target, w.rooms, how, w.watch(phase))
	}
	r := w.conclude(outcome, err)
	r.LostUnused = lost && r.Outcome == report.RolledBack
	w.updateKernel(&r)
	return r
}

// allowed opens the target for writing, unless the job gives its name to another file and writes nothing.
func (w *process) allowed() error {
	if w.job.Waits {
		return w.target.Unused()
	}
	if err := w.allowWrites(); err != nil {
		return err
	}
	return w.withdrawUnused()
}

// allowWrites opens the target for writing, and logs what that has repaired.
func (w *process) allowWrites() error {
	err := w.target.AllowWrites()
	if m, ok := w.target.(target.Mended); ok {
		for _, line := range m.Mended() {
			w.logf("%s", line)
		}
	}
	return err
}

// losesUnused reports whether rolling back loses the content of blocks that no file system used. It must be called before
// the transaction ends, which may remove the journal.
func (w *process) losesUnused() bool {
	unfinished, applied, _ := txn.InspectAll(w.dir) // the caller reports the error
	return unfinished != nil && unfinished.LosesUnused || unfinished == nil && len(applied) > 0 && applied[0].LosesUnused
}

// withdrawUnused makes the kernel forget the partitions that are not in use. It fails if the transaction writes to a
// partition in use: after a crash before the fence, somebody may have mounted it. For an undo it fails if any partition is
// in use, because the partition may have had other contents or another place before.
func (w *process) withdrawUnused() error {
	var runs []journal.Run
	if w.job.Task != report.Undo {
		var err error
		if runs, err = txn.WrittenRuns(w.dir); err != nil {
			return err
		}
	}
	if err := w.target.Refresh(); err != nil {
		return err
	}
	disk, err := Scan(w.target)
	if err != nil {
		return err
	}
	var unused []int
	for _, p := range disk.Partitions() {
		start, end := byteRange(disk, p)
		switch {
		case !p.Use.Busy():
			unused = append(unused, p.Number)
		case w.job.Task == report.Undo:
			return fmt.Errorf("%s is %s; nothing was changed: unmount or stop it first", p.Ref(), p.Use)
		case slices.ContainsFunc(runs, func(r journal.Run) bool { return r.Off < end && start < r.Off+r.Len }):
			return fmt.Errorf("%s is %s, and the transaction writes to it; nothing was changed: unmount or stop it first", p.Ref(), p.Use)
		}
	}
	return w.withdraw(unused)
}

func byteRange(d model.Disk, p model.Partition) (start, end int64) {
	return int64(d.SectorSize.Bytes(p.Span.Start)), int64(d.SectorSize.Bytes(p.Span.End))
}

// conclude returns the result of a commit, recovery or undo that ended with err.
func (w *process) conclude(outcome report.Outcome, err error) report.Result {
	if err == nil || whole(w.dir, err) {
		as := "as it was"
		if outcome == report.Done {
			as = "as planned"
		}
		w.logf("done: the target is %s", as)
		w.tidy()
		r := report.Result{Outcome: outcome}
		if err != nil {
			w.logf("%v", err)
		}
		r.Note(err)
		return r
	}
	if _, left := txn.Inspect(w.dir); errors.Is(left, journal.ErrNone) {
		w.tidy()
		return w.notBegun(err)
	}
	w.logf("interrupted: %v", err)
	return report.Result{Outcome: report.Interrupted, Err: tried.Text(err), Advice: w.howToGoOn(err)}
}

// whole reports whether err came after everything was written, so that no transaction is unfinished.
func whole(dir *journal.Dir, err error) bool {
	if !errors.As(err, new(*txn.AfterError)) {
		return false
	}
	s, left := txn.Inspect(dir)
	return errors.Is(left, journal.ErrNone) || left == nil && s.Complete
}

// notBegun returns the result of a run that failed before it wrote anything.
func (w *process) notBegun(err error) report.Result {
	changed, undo := errors.AsType[*txn.ChangedError](err)
	if !undo {
		return w.failed(err)
	}
	if ref := w.partitionAt(changed.Off); ref != "" {
		err = tried.Errorf("%w (in %s)", err, ref)
	}
	r := w.failed(err)
	r.Advice = "Undoing the transaction could destroy what was written since. To go back all the same, apply the opposite operations"
	return r
}

// partitionAt names the partition in which a byte of the target lies. It returns "" if there is none.
func (w *process) partitionAt(off int64) string {
	disk, err := Scan(w.target)
	if err != nil {
		return ""
	}
	for _, p := range disk.Partitions() {
		if start, end := byteRange(disk, p); len(p.FS.Kind) > 0 && start <= off && off < end {
			return p.Ref()
		}
	}
	return ""
}

// howToGoOn returns advice for an interrupted transaction.
func (w *process) howToGoOn(err error) string {
	finish, rollBack := "`"+w.job.Call.Line("recover")+"`", "`"+w.job.Call.Line("recover", "--rollback")+"`"
	fault := new(txn.FaultError)
	switch {
	case w.job.Task == report.Undo:
		return "Nothing is lost: the kept files hold all that is needed. Remove the cause, then run " + rollBack + " to go on with the undo."
	case errors.Is(err, txn.ErrOtherTarget):
		return "The target was changed or replaced after the transaction was interrupted, so neither finishing nor rolling back is safe. " +
			"Put back the image that the journal belongs to. The journal was not changed."
	case errors.Is(err, txn.ErrErased):
		return "Nothing else is lost: the journal holds all that is needed. Run " + finish + " to finish."
	case errors.Is(err, journal.ErrDamaged):
		return "The journal beside the target is damaged and is not replayed. Nothing was written. " +
			"Restore the journal's files from a backup of their directory, or the whole target."
	case w.rollingBack():
		return "Nothing is lost: the journal holds all that is needed. When nothing is in the way, " + w.job.Call.WaysOn(ops.OnlyBack) + "."
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return "Nothing is lost: the journal holds all that is needed. Make room on the file system of the image and run " + finish +
			" to finish, or run " + rollBack + " to roll back, which needs no more room."
	case errors.As(err, new(*txn.MismatchError)):
		return "The storage may be failing. Run " + finish + " to read everything back once more and finish if it is right then, or " +
			rollBack + " to roll back. Data that is still whole at its old place stays there."
	case errors.As(err, &fault) && fault.What == "read":
		return "Nothing that could be read before is lost. " + finish + " tries to read there again and goes on from there; " +
			rollBack + " moves everything back and leaves the place that cannot be read as it is. Both can also be done later."
	case errors.Is(err, txn.ErrStopped):
		return "Nothing is lost. Run " + finish + " to finish, or " + rollBack + " to roll back."
	}
	return "Nothing is lost: the journal holds all that is needed. Remove the cause, then run " + finish + " to finish or " + rollBack + " to roll back."
}

// rollingBack reports whether the transaction can only be rolled back any more.
func (w *process) rollingBack() bool {
	status, err := txn.Inspect(w.dir)
	return err == nil && status.RollingBack
}
