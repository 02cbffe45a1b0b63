// Package txn is the transaction: it rehearses a queue's steps on an overlay, turns the overlay's map into a program
// of small units, commits that program to the target, ends what was interrupted, forwards or backwards, and takes back what
// was applied last. It may import everything below ops except worker and session.
//
// Invariants: the target is only read before the commit record is durable; a unit never overwrites its own sources;
// everything a unit overwrites is kept by a copy on the target or in the journal, blocks that a file system holds free
// excepted; a failed sync or a failed write ends the walk, and what was begun stays recoverable in both directions.
package txn

import (
	"context"
	"errors"
	"fmt"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// Watch is told how a commit or recovery goes on. done and total count bytes of all units.
type Watch func(stage journal.Stage, done, total int64)

// ErrStopped is returned when a commit was stopped between two units because its context ended. It can be
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
//	verify   if wished, everything written is read back. Crash here: read back again.
//	keep     if an undo is wished, the seal is written. Crash here: written again.
//	done     the record says complete, then the journal is removed; or it says kept, then what an undo does not need is
//	         removed. Crash here: the next one who opens the target removes it.
//
// What was kept of the transaction before is removed between record and fence.
func commit(ctx context.Context, dev Device, store journal.Store, j *journal.Journal, c contents, watch Watch) error {
	if err := j.Advance(journal.Forward, journal.Running, 0, 0); err != nil {
		return err
	}
	if err := dropOther(store); err != nil {
		return err
	}
	return forward(ctx, dev, store, j, c, watch)
}

// dropOther removes the transaction that could be undone until the one in store was committed.
func dropOther(store journal.Store) error {
	other := journal.Other(store)
	held, err := journal.Exists(other, journal.JournalName)
	if err == nil && held {
		err = journal.Remove(other)
	}
	if err != nil {
		return tried.Errorf("remove what was kept to undo the last transaction: %w", err)
	}
	return nil
}

// AfterError is returned when the target is whole, as planned or as it was, and only something after that failed:
// what an undo needs could not be kept, or files of the journal stay behind.
type AfterError struct{ Err error }

func (e *AfterError) Error() string { return "the target is whole, but " + e.Err.Error() }

func (e *AfterError) Unwrap() error { return e.Err }

// forward does the units from the journal's position to the end and removes the journal or keeps what an undo needs.
func forward(ctx context.Context, dev Device, store journal.Store, j *journal.Journal, c contents, watch Watch) error {
	units := j.Program().Units
	return walk(ctx, dev, store, j, c, walkArgs{units: units, direction: journal.Forward}, watch)
}

// backward undoes the transaction from the journal's position and removes the journal.
func backward(ctx context.Context, dev Device, store journal.Store, j *journal.Journal, c contents, watch Watch) error {
	r := j.Record()
	if r.Direction == journal.Forward {
		if err := j.Advance(journal.Backward, journal.Running, 0, r.Next); err != nil {
			return err
		}
		r = j.Record()
	}
	units := undoUnits(j.Program(), int(r.From))
	return walk(ctx, dev, store, j, c, walkArgs{units: units, direction: journal.Backward, from: r.From}, watch)
}

type walkArgs struct {
	units     []journal.Unit
	direction journal.Direction
	from      uint32
}

func walk(ctx context.Context, dev Device, store journal.Store, j *journal.Journal, c contents, w walkArgs, watch Watch) error {
	total, done := int64(0), int64(0)
	for i, u := range w.units {
		total += unitBytes(u)
		if i < int(j.Record().Next) {
			done += unitBytes(u)
		}
	}
	for i := int(j.Record().Next); i < len(w.units); i++ {
		if ctx.Err() != nil {
			return ErrStopped
		}
		u := w.units[i]
		watch(u.Stage, done, total)
		if err := runUnit(dev, c, u, w.direction); err != nil {
			return located(err, u.Stage, j.Program())
		}
		if err := j.Advance(w.direction, journal.Running, uint32(i+1), w.from); err != nil {
			return err
		}
		done += unitBytes(u)
	}
	watch(0, total, total)
	var after error
	if options := j.Program().Options; w.direction == journal.Forward {
		if options.Has(journal.Verify) {
			if err := readBack(ctx, dev, j.Program(), watch); err != nil {
				return located(err, journal.StageVerify, j.Program())
			}
		}
		if options.Has(journal.KeepUndo) {
			kept, err := keep(ctx, dev, store, j, watch)
			if kept {
				return err
			}
			if err != nil && !errors.As(err, new(*AfterError)) {
				return err
			}
			after = err
		}
	}
	if err := j.Advance(w.direction, journal.Complete, uint32(len(w.units)), w.from); err != nil {
		return err
	}
	if err := journal.Remove(store); err != nil {
		return &AfterError{errors.Join(after, fmt.Errorf("its journal could not be removed: %w", err))}
	}
	return after
}

func unitBytes(u journal.Unit) int64 {
	var n int64
	for _, op := range u.Ops {
		if op.Kind != journal.OpSize && op.Kind != journal.OpZero {
			n += op.Len
		}
	}
	return n
}
