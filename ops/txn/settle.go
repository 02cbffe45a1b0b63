package txn

import (
	"context"
	"errors"
	"time"

	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/target"
)

// Settle ends the transaction of a target that changed as a whole, after its commit was interrupted: the disk already is as it
// was or as planned. It returns nil if there was none, or if Recover has to end it. The target's lock must be held. Settle
// writes to the journal only, and where a new file was to take the name, it removes that or keeps the old one.
func Settle(dev Device, store journal.Store) (last *report.Last, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	o, err := s.unfinished()
	if errors.Is(err, journal.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := o.journal.Load()
	if err != nil || len(p.Units) != 1 || len(p.RestoreTable) != 1 {
		return nil, err
	}
	var planned, before bool
	switch sw, switching := dev.(target.Switching); {
	case exchanges(p):
		planned, before, err = whichImage(o.store, p)
	case switching:
		planned, err = shows(sw.Container(), p.Units[0].Ops[0])
		if err == nil {
			before, err = shows(sw.Container(), p.RestoreTable[0])
		}
	default:
		return nil, nil
	}
	if err != nil || !planned && !before {
		return nil, err
	}
	return settled(dev, o, p, planned)
}

// shows reports whether a device holds what a write puts there.
func shows(dev Device, op journal.Op) (bool, error) {
	sum, err := sumOf(dev, op.Off, op.Len)
	return sum == op.Sum, err
}

// whichImage reports whether the name of an image leads to the new file or to the old one.
func whichImage(side journal.Store, p journal.Program) (planned, before bool, err error) {
	room, err := roomOf(side)
	if err == nil {
		err = room.Settle()
	}
	if err != nil {
		return false, false, err
	}
	image, err := marked(room.Image)
	return has(image, p.Units[0].Ops[0], p.RestoreTable[0]), has(image, p.RestoreTable[0], p.Units[0].Ops[0]), err
}

// settled ends a transaction that left the disk as planned, or as it was before.
func settled(dev Device, o *slot, p journal.Program, planned bool) (last *report.Last, err error) {
	last = &report.Last{When: time.Now(), Task: report.Apply, Plan: plan.With(plan.Kept(p.Plan), plan.Sentences(p.Plan))}
	backward := o.journal.Record().Direction == journal.Backward
	switch {
	case planned && backward && exchanges(p):
		last.Task, last.Result.Outcome = report.Undo, report.Unchanged
		last.Result.Err = "it ended before its last step"
		return last, o.journal.Advance(journal.Forward, journal.Kept, uint32(len(p.Units)), 0) // it can be undone as before
	case planned && backward:
		return nil, nil // an undo that has not begun to write goes on
	case planned:
		last.Result.Outcome = report.Done
		return last, settleDone(dev, o, p, &last.Result)
	case backward:
		last.Task, last.Result.Outcome = report.Undo, report.RolledBack
	default:
		last.Result.Outcome = report.Unchanged
		last.Result.Err = "it ended before its last step"
	}
	if err := dropOthers(o.store, o.record); err != nil {
		return nil, err
	}
	tx := &Transaction{disk: dev, store: o.store, journal: o.journal, program: p}
	stale := tx.renewBelow(context.Background(), noProgress)
	if err := removeSide(o.store); err != nil {
		return nil, err
	}
	stale = tx.unstack(context.Background(), noProgress, stale)
	last.Result.Note(stale)
	return last, whole(stale)
}

// whole returns nil for an error that concerns only what is kept for undos.
func whole(err error) error {
	if errors.As(err, new(*AfterError)) {
		return nil
	}
	return err
}

func noProgress(journal.Stage, int64, int64) {}

// settleDone completes the journal of a commit after its last write. The result says if it cannot be undone.
func settleDone(dev Device, o *slot, p journal.Program, result *report.Result) error {
	at, err := container(dev, o.store, p)
	if err != nil {
		return err
	}
	if err := dropOthers(o.store, o.record); err != nil {
		return err
	}
	if p.Options.Has(journal.KeepUndo) {
		tx := &Transaction{disk: dev, dev: at, store: o.store, journal: o.journal, program: p}
		// Somebody may have used the disk since: without a seal from before that, nobody knows what an undo would take.
		if o.journal.Record().Seal != (journal.SealMark{}) {
			kept, err := tx.keep(context.Background(), noProgress)
			if kept && err == nil {
				return nil
			}
			result.Note(err)
		}
		if err := dropOthers(o.store, journal.Record{}); err != nil {
			return err
		}
	}
	return removeSide(o.store)
}

// container returns the device on which the units of a transaction work.
func container(dev Device, side journal.Store, p journal.Program) (Device, error) {
	if sw, ok := dev.(target.Switching); ok {
		return sw.Container(), nil
	}
	if !exchanges(p) {
		return dev, nil
	}
	n := named{Device: dev, over: !p.Options.Has(journal.KeepUndo)}
	var err error
	if n.room, err = roomOf(side); err != nil {
		return nil, err
	}
	err = n.with(func(f RoomFile) (err error) {
		n.size, err = f.Size()
		return err
	})
	return n, err
}
