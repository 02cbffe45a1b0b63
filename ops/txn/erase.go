package txn

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"shunt/ops"
	"shunt/ops/journal"
)

// ErrErased is returned for a roll back of a transaction that has begun to wipe content. The target is as it was before the
// call, and the transaction can be finished.
var ErrErased = errors.New("it has begun to wipe content, which nothing can bring back: it can only be finished")

// erases reports whether a step wipes content.
func erases(s ops.Step) bool { return s.Kind == ops.StepErase }

// wipes reports whether any step wipes content. Nothing is kept for an undo then.
func (r *Rehearsal) wipes() bool { return slices.ContainsFunc(r.Steps, erases) }

// wipeOut overwrites a step's window. What the target holds there is not kept for a roll back.
func (r *Rehearsal) wipeOut(ctx context.Context, s ops.Step) error {
	window := r.bytesOf(s.Window)
	r.spend(window, newRanges([]byteRange{window}))
	if !s.Random {
		return r.Overlay.Zero(window.off, window.len())
	}
	return eachBlock(window.len(), func(buf []byte, at int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, _ = rand.Read(buf) // it never fails
		_, err := r.Overlay.WriteAt(buf, window.off+at)
		return err
	})
}

// erased reports whether a transaction that has come to unit next may have begun to wipe content, or to move other content over
// it.
func erased(o journal.Options, steps []journal.Steps, next int) bool {
	if !o.Has(journal.Erases) {
		return false
	}
	begins := 0 // the first unit that can wipe
	for _, run := range steps {
		if run.Stage != journal.StageFence && run.Stage != journal.StageExtend {
			return begins <= next
		}
		begins += run.N
	}
	return false
}

// stepsOf returns the stages of units.
func stepsOf(units []journal.Unit) []journal.Steps {
	steps := make([]journal.Steps, len(units))
	for i, u := range units {
		steps[i] = journal.Steps{Stage: u.Stage, N: 1}
	}
	return steps
}
