package session

import (
	"errors"
	"fmt"

	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// Undos returns the transactions that can be undone one after the other, the newest first, and writes nothing. whyNot says why
// there is none. Any other error means that the journal cannot be read.
func (v *Viewer) Undos() (list []report.Applied, whyNot, err error) {
	err = withDir(v.target.Place(), v.opts, func(dir *journal.Dir) (err error) {
		dir.OnlyRead()
		list, err = worker.Undoable(worker.Rooms{Dir: dir})
		if err == nil {
			err = txn.Rebacks(v.target, dir)
		}
		if errors.Is(err, journal.ErrDamaged) || errors.Is(err, journal.ErrVersion) {
			err = unusable(dir, err)
		}
		return err
	})
	switch {
	case err == nil:
		return list, nil, nil
	case errors.Is(err, journal.ErrDamaged), errors.Is(err, journal.ErrVersion), errors.As(err, new(*journal.UnsafeError)):
		return nil, nil, err
	}
	return nil, err, nil
}

// Readings returns the ways to understand a damaged table. It is empty if the table is not damaged.
func (v *Viewer) Readings() []ops.Reading { return worker.ReadingsOf(v.target)() }

// unusable returns the error for a journal that cannot be used.
func unusable(dir *journal.Dir, err error) error {
	return fmt.Errorf("the journal in %s cannot be used: %w; nothing was changed. %s", dir.Path(), err, mend(err))
}

// mend returns advice for a journal that cannot be used.
func mend(err error) string {
	switch {
	case errors.Is(err, journal.ErrVersion):
		return "Only the shunt that wrote it can end the transaction."
	case errors.Is(err, journal.ErrDamaged):
		return "The target may be in the middle of a transaction: put the journal's files back as they were, or restore the target from a backup and remove that directory."
	}
	return "Remove the cause and try again."
}
