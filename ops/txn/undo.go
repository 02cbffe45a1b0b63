package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// Errors of an undo that does not begin. The target and what was kept are left as they are.
var (
	// ErrNoUndo is returned when nothing was kept of the last transaction, or there was none.
	ErrNoUndo = errors.New("there is no transaction that can be undone")
	// ErrUnfinished is returned when the last transaction is not complete: it has to be recovered.
	ErrUnfinished = errors.New("the target has an unfinished transaction: finish it or roll it back first")
)

// ChangedError is returned when the target is not any more as the transaction left it, so that taking the transaction
// back could destroy what was written since.
type ChangedError struct {
	Off  int64 // in the target, bytes; -1 if it is not known where
	What string
}

func (e *ChangedError) Error() string {
	return "the target was changed since the transaction: " + e.What
}

// applied opens the journal of the transaction that can be undone and tells on which side it is.
func applied(store journal.Store) (*journal.Journal, journal.Store, error) {
	broken := ErrNoUndo
	for _, side := range journal.Sides(store) {
		j, err := journal.Open(side)
		switch {
		case errors.Is(err, journal.ErrNone):
		case errors.Is(err, journal.ErrKeptDamaged):
			broken = err
		case err != nil:
			return nil, nil, err
		case j.Record().State == journal.Kept:
			return j, side, nil
		default:
			return nil, nil, errors.Join(ErrUnfinished, j.Close())
		}
	}
	return nil, nil, broken
}

// Undoable tells which transaction Undo would take back, if the target has not changed. The error wraps ErrNoUndo,
// ErrUnfinished, or says that the journal is damaged. It takes little memory, whatever the journal holds.
func Undoable(store journal.Store) (report.Applied, error) { return undoable(glances(store)) }

func undoable(found []glance) (report.Applied, error) {
	broken := ErrNoUndo
	for _, g := range found {
		switch {
		case errors.Is(g.err, journal.ErrNone):
		case errors.Is(g.err, journal.ErrKeptDamaged):
			broken = g.err
		case g.err != nil:
			return report.Applied{}, g.err
		case g.sketch.Record.State == journal.Kept:
			return kept(g.side, g.sketch.Program)
		default:
			return report.Applied{}, ErrUnfinished
		}
	}
	return report.Applied{}, broken
}

// kept describes a transaction that is kept on a side.
func kept(side journal.Store, p journal.Program) (report.Applied, error) {
	a := report.Applied{Plan: plan.Kept(p.Plan), When: time.Unix(p.Began, 0)}
	for _, name := range []string{journal.JournalName, journal.BeforeName, journal.SealName} {
		n, err := sizeOf(side, name)
		if err != nil {
			return a, fmt.Errorf("%w: %w", journal.ErrKeptDamaged, err)
		}
		a.Room += geometry.Bytes(n)
	}
	return a, nil
}

func sizeOf(store journal.Store, name string) (int64, error) {
	f, err := store.Open(name)
	if err != nil {
		return 0, err
	}
	n, err := f.Size()
	return n, errors.Join(err, f.Close())
}

// Undo takes the transaction back that was applied last, if the target is still as it left it, and removes what was kept.
// Errors before the first write: see Undoable, *ChangedError, and journal.ErrKeptDamaged. Once the undo has begun, the
// target has an unfinished transaction that is being rolled back: Inspect tells, and Recover ends it.
//
// Its stages, and where a crash in each of them leads:
//
//	check   the kept files are whole, the target is as sealed. Crash here: nothing happened.
//	stage   an empty stage file is made, durably. Crash here: nothing happened.
//	record  the record says backward. From here on it is a roll back from behind the last unit.
func Undo(ctx context.Context, dev Device, store journal.Store, watch Watch) (err error) {
	j, store, err := applied(store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	p, r := j.Program(), j.Record()
	seal, err := journal.ReadSeal(store, r.Seal)
	if err != nil {
		return err
	}
	c := contents{stageLen: p.StageLen}
	defer func() { err = errors.Join(err, c.close()) }()
	if c.before, err = store.Open(journal.BeforeName); err != nil {
		return fmt.Errorf("%w: open old content: %w", journal.ErrKeptDamaged, err)
	}
	if err := verifyContents(c, p); err != nil {
		return fmt.Errorf("%w: %w", journal.ErrKeptDamaged, err)
	}
	if err := checkSeal(ctx, dev, p, seal, watch); err != nil {
		return err
	}
	if c.stage, err = store.Create(journal.StageName); err != nil {
		return tried.Errorf("make the stage file: %w", err)
	}
	if err := reserveStage(c.stage, p); err != nil {
		return err
	}
	if err := errors.Join(c.stage.Sync(), store.SyncDir()); err != nil {
		return tried.Errorf("sync the stage file: %w", err)
	}
	return backward(ctx, dev, store, j, c, watch)
}

// FreeSide is the side of a store on which a transaction can be prepared without touching one that can be undone. The
// error wraps ErrUnfinished, or says that the journal is damaged.
func FreeSide(store journal.Store) (journal.Store, error) {
	for _, side := range journal.Sides(store) {
		s, err := journal.ReadSummary(side)
		switch {
		case errors.Is(err, journal.ErrNone):
			return side, nil
		case errors.Is(err, journal.ErrKeptDamaged):
		case err != nil:
			return nil, err
		case s.Record.State != journal.Kept:
			return nil, ErrUnfinished
		}
	}
	// Both sides can only be taken if somebody copied files about: the one that a commit removes goes.
	return nil, fmt.Errorf("%w: it holds two transactions that can be undone; remove the files of one", journal.ErrDamaged)
}

// Sweep removes files that no transaction needs: what a rehearsal left, what a commit that was cut off did not come to
// remove. It leaves everything alone while a transaction is unfinished or a journal damaged.
func Sweep(store journal.Store) error {
	for _, side := range journal.Sides(store) {
		s, err := journal.ReadSummary(side)
		switch {
		case errors.Is(err, journal.ErrNone):
			err = sweepSide(side, journal.JournalName, journal.SpillName, journal.BeforeName, journal.StageName, journal.SealName)
		case errors.Is(err, journal.ErrKeptDamaged):
			err = nil
		case err != nil, s.Record.State != journal.Kept:
			return nil // for the one who looks at the target to tell
		default:
			err = sweepSide(side, journal.SpillName, journal.StageName)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sweepSide(side journal.Store, names ...string) error {
	removed := false
	for _, name := range names {
		held, err := journal.Exists(side, name)
		if err == nil && held {
			removed = true
			err = side.Remove(name)
		}
		if err != nil {
			return err
		}
	}
	if !removed {
		return nil
	}
	return side.SyncDir()
}
