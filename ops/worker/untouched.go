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

// A glance is the state of the target at a moment.
type glance struct {
	at    time.Time
	state target.State
}

// glance looks at the target before the rehearsal reads anything.
func (w *process) glance() (glance, error) {
	at := time.Now() // not later than the times are read
	state, err := w.target.State()
	return glance{at, state}, err
}

// untouched fails if another program has written to the target since a glance. Where the host's times cannot say so, it
// compares the bytes that the commit will overwrite.
func (w *process) untouched(ctx context.Context, tx *txn.Transaction, since glance) error {
	now, err := w.target.State()
	switch {
	case err != nil:
		return err
	case w.target.Loose(): // others may write to other partitions
	case now == since.state && now.Settled(since.at):
		return nil
	case now.Modified != since.state.Modified:
		return w.changed()
	}
	err = tx.Unaltered(ctx, func(journal.Stage, int64, int64) {})
	if errors.As(err, new(*txn.ChangedError)) {
		w.logf("%v", err)
		return w.changed()
	}
	return err
}
