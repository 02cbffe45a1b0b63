// Package txn is the transaction: it rehearses a queue's steps on an overlay, turns the overlay's map into a program
// of small units, commits that program to the target, finishes or rolls back what was interrupted, and undoes the last
// transaction.
//
// Invariants: the target is only read until the commit record is durable. A unit never overwrites its own sources.
// Everything that a unit overwrites is kept on the target or in the journal, except blocks that a file system holds free.
// A failed sync or write ends the run, and the transaction can still be finished or rolled back.
package txn

import (
	"context"
	"errors"
	"fmt"

	"shunt/ops/journal"
)

// A Watch is called repeatedly during a commit or recovery. done and total count the bytes of all units.
type Watch func(stage journal.Stage, done, total int64)

// ErrStopped is returned when a commit stops between two units because its context was cancelled. The transaction can be
// finished or rolled back later.
var ErrStopped = errors.New("stopped between two steps")

// commit brings the target to the planned state. Its stages, and where a crash in each of them leads:
//
//	prepare  the caller wrote and synced the journal. Crash here: nothing happened; the files are rubbish.
//	record   the commit record is synced. Crash here: either nothing happened or everything is still to do.
//	fence    changed partitions leave the table. Crash here: recovery writes the fence again and goes on.
//	extend   the target grows. Crash here: the size is set again.
//	copy     data moves, unit by unit. Crash here: the unit in doubt is done again, its sources are whole.
//	place    new content and zeroes. Crash here: written again.
//	table    the final table, each structure synced. Crash here: written again from the structure in doubt.
//	shrink   the target is cut. Crash here: cut again.
//	verify   with the option Verify, everything written is read back. Crash here: read back again.
//	keep     with the option KeepUndo, the seal is written. Crash here: written again.
//	done     the record says complete and the journal is removed, or the record says kept and the files that an undo does
//	         not need are removed. Crash here: they are removed when the target is opened again.
//
// Between record and fence, the files are removed that were kept to undo transactions which cannot be undone after this one.
func (tx *Transaction) commit(ctx context.Context, watch Watch) error {
	if tx.stage != nil {
		if tx.early {
			if err := dropOthers(tx.store, tx.rank()); err != nil {
				return err
			}
		}
		if err := tx.stage(ctx, watch); err != nil {
			return errors.Join(err, tx.unstaged(ctx, watch))
		}
	}
	tx.journal.Place(tx.order, tx.floor)
	if err := tx.journal.Advance(journal.Forward, journal.Running, 0, 0); err != nil {
		return err
	}
	if err := dropOthers(tx.store, tx.rank()); err != nil {
		return err
	}
	err := tx.forward(ctx, watch)
	if err != nil && tx.replace != nil {
		return tx.backOut(err)
	}
	if err != nil || tx.switching == nil {
		return err
	}
	if tx.program.Options.Has(journal.KeepUndo) {
		return refreshed(tx.switching)
	}
	return released(tx.switching, false, nil)
}

// unstaged renews the seal of the last transaction, after staging this one has failed and has written to the file of a Switching
// target.
func (tx *Transaction) unstaged(ctx context.Context, watch Watch) error {
	if tx.switching == nil {
		return nil
	}
	err := errors.Join(tx.giveBack(true), tx.renewBelow(context.WithoutCancel(ctx), watch))
	if err == nil {
		return nil
	}
	// As an *AfterError it would say that the target is as planned.
	return errors.New("perhaps earlier transactions cannot be undone any more: " + err.Error())
}

// AfterError is returned when the target is whole, as planned or as it was, and only later work failed: the files for an
// undo could not be kept, or files of the journal could not be removed.
type AfterError struct{ Err error }

func (e *AfterError) Error() string { return "the target is whole, but " + e.Err.Error() }

func (e *AfterError) Unwrap() error { return e.Err }

// forward does the units from the journal's position to the end, and removes the journal or keeps what an undo needs.
func (tx *Transaction) forward(ctx context.Context, watch Watch) error {
	return tx.walk(ctx, tx.program.Units, journal.Forward, 0, watch)
}

// backward rolls the transaction back from the journal's position, and removes the journal.
func (tx *Transaction) backward(ctx context.Context, watch Watch) error {
	r := tx.journal.Record()
	if r.Direction == journal.Forward {
		if erased(tx.program.Options, stepsOf(tx.program.Units), int(r.Next)) {
			return ErrErased
		}
		if err := tx.journal.Advance(journal.Backward, journal.Running, 0, r.Next); err != nil {
			return err
		}
		r = tx.journal.Record()
	}
	return tx.walk(ctx, undoUnits(tx.program, int(r.From)), journal.Backward, r.From, watch)
}

// walk does the units that are left in direction d and completes the transaction. from is the unit at which a roll back
// began.
func (tx *Transaction) walk(
	ctx context.Context, units []journal.Unit, d journal.Direction, from uint32, watch Watch,
) error {
	next := int(tx.journal.Record().Next)
	total, done := int64(0), int64(0)
	for i, u := range units {
		total += unitBytes(u)
		if i < next {
			done += unitBytes(u)
		}
	}
	for i := next; i < len(units); i++ {
		if ctx.Err() != nil {
			return ErrStopped
		}
		u := units[i]
		watch(u.Stage, done, total)
		if err := tx.contents.runUnit(tx.dev, u, d); err != nil {
			return located(err, tx.program)
		}
		if err := tx.journal.Advance(d, journal.Running, uint32(i+1), from); err != nil {
			return err
		}
		done += unitBytes(u)
	}
	watch(0, total, total)
	var after error
	if d == journal.Forward && tx.trim != nil {
		if err := tx.trim.Trim(); err != nil { // the content is as planned with that room and without it
			after = &AfterError{fmt.Errorf("not all of its unused room could be given back: %w", err)}
		}
	}
	if d == journal.Forward && tx.program.Options.Has(journal.Verify) && !exchanges(tx.program) {
		if err := readBack(ctx, tx.dev, tx.program, watch); err != nil {
			return located(err, tx.program)
		}
	}
	if d == journal.Forward && tx.program.Options.Has(journal.KeepUndo) {
		kept, err := tx.keep(ctx, watch)
		if kept || err != nil && !errors.As(err, new(*AfterError)) {
			return errors.Join(err, after)
		}
		after = errors.Join(after, err)
		if err := dropOthers(tx.store, journal.Record{}); err != nil {
			return err // no undo leads back to them
		}
	}
	return errors.Join(after, tx.complete(ctx, d, uint32(len(units)), from, watch))
}

// complete ends a transaction that is not kept, and removes its journal.
func (tx *Transaction) complete(ctx context.Context, d journal.Direction, units, from uint32, watch Watch) error {
	var stale, gave error
	if d == journal.Backward {
		gave = tx.giveBack(true)
		if stale = tx.renewBelow(ctx, watch); errors.Is(stale, ErrStopped) {
			return stale
		}
	}
	if err := tx.journal.Advance(d, journal.Complete, units, from); err != nil {
		return err
	}
	if err := removeSide(tx.store); err != nil {
		return &AfterError{fmt.Errorf("its journal could not be removed: %w", err)}
	}
	if d == journal.Forward {
		return nil
	}
	if err := tx.unstack(ctx, watch, stale); err != nil {
		return errors.Join(err, gave)
	}
	return errors.Join(gave, tx.giveBack(false))
}

// unitBytes returns how many bytes a unit counts for in the progress. Clearing, resizing and exchanging take no time.
func unitBytes(u journal.Unit) int64 {
	var n int64
	for _, op := range u.Ops {
		if op.Kind != journal.OpSize && op.Kind != journal.OpZero && op.Kind != journal.OpReserve && op.Kind != journal.OpExchange {
			n += op.Len
		}
	}
	return n
}
