package txn

import (
	"errors"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/target"
)

// Rebacks fails if an undo would put the target on a backing file that is gone or was changed since: its disk would be
// another one than before. For the other errors see Undoable.
func Rebacks(dev Device, store journal.Store) (err error) {
	image, ok := dev.(target.Rebased)
	if !ok {
		return nil
	}
	s := &sides{store: store}
	defer s.close(&err)
	o, err := s.applied()
	if err != nil {
		return err
	}
	p, err := o.journal.Load()
	if err != nil || len(p.RestoreTable) != 1 || p.RestoreTable[0].Off != 0 {
		return err
	}
	before, err := o.store.Open(journal.BeforeName)
	if err != nil {
		return tried.Errorf("%w: open old content: %w", journal.ErrKeptDamaged, err)
	}
	defer func() { err = errors.Join(err, before.Close()) }()
	sector := make([]byte, p.RestoreTable[0].Len)
	if _, err := before.ReadAt(sector, p.RestoreTable[0].Src); err != nil {
		return tried.Errorf("%w: read old content: %w", journal.ErrKeptDamaged, err)
	}
	return image.BackWith(sector, p.Start())
}
