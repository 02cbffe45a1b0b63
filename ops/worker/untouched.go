package worker

import (
	"context"
	"errors"
	"time"

	"shunt/ops/journal"
	"shunt/ops/target"
	"shunt/ops/txn"
)

// Locks do not keep programs away that ask for none. Between the rehearsal and the commit somebody may think for long, and the
// commit would put what it worked out over what such a program has written.

// A Glance is the state of a target at a moment.
type Glance struct {
	State   target.State
	Settled bool // every write after that moment changes the times
}

// GlanceAt looks at a target.
func GlanceAt(t target.Target) (Glance, error) {
	at := time.Now() // not later than the times are read
	state, err := t.State()
	return Glance{state, state.Settled(at)}, err
}

// untouched fails if another program has written to the target since a glance. Where the host's times cannot say so, it
// compares the bytes that the commit will overwrite.
func (w *process) untouched(ctx context.Context, tx *txn.Transaction, since Glance) error {
	now, err := w.target.State()
	switch {
	case err != nil:
		return err
	case w.target.Loose(): // others may write to other partitions
	case now == since.State && since.Settled:
		return nil
	case now.Modified != since.State.Modified:
		return w.changed()
	}
	err = tx.Unaltered(ctx, func(journal.Stage, int64, int64) {})
	if errors.As(err, new(*txn.ChangedError)) {
		w.logf("%v", err)
		return w.changed()
	}
	return err
}
