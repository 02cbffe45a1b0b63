package txn

import (
	"errors"
	"fmt"

	"shunt/ops/journal"
)

// opened is one side of a store with its journal, or the error with which opening the journal failed.
type opened struct {
	store   journal.Store
	journal *journal.Journal
	err     error
}

// sides opens the journals on the sides of a store, each when it is first needed.
type sides struct {
	store  journal.Store
	opened []opened
}

// each yields the sides in order.
func (s *sides) each(yield func(opened) bool) {
	for i, side := range journal.Sides(s.store) {
		if i == len(s.opened) {
			j, err := journal.Open(side)
			s.opened = append(s.opened, opened{side, j, err})
		}
		if !yield(s.opened[i]) {
			return
		}
	}
}

// close closes the journals and joins its errors to *err.
func (s *sides) close(err *error) {
	for _, o := range s.opened {
		if o.err == nil {
			*err = errors.Join(*err, o.journal.Close())
		}
	}
}

// unfinished returns the side with the unfinished transaction. The error wraps journal.ErrNone if there is none. A
// transaction that is kept for an undo counts as finished.
func (s *sides) unfinished() (opened, error) {
	for o := range s.each {
		switch {
		case errors.Is(o.err, journal.ErrNone), errors.Is(o.err, journal.ErrKeptDamaged):
		case o.err != nil:
			return opened{}, o.err
		case o.journal.Record().State != journal.Kept:
			return o, nil
		}
	}
	return opened{}, journal.ErrNone
}

// applied returns the side with the transaction that can be undone. For the errors see Undoable.
func (s *sides) applied() (opened, error) {
	missing := ErrNoUndo
	for o := range s.each {
		switch {
		case errors.Is(o.err, journal.ErrNone):
		case errors.Is(o.err, journal.ErrKeptDamaged):
			missing = o.err
		case o.err != nil:
			return opened{}, o.err
		case o.journal.Record().State == journal.Kept:
			return o, nil
		default:
			return opened{}, ErrUnfinished
		}
	}
	return opened{}, missing
}

// FreeSide returns the side of a store on which a transaction can be prepared without touching one that can be undone.
// The error wraps ErrUnfinished, or says that the journal is damaged.
func FreeSide(store journal.Store) (_ journal.Store, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	for o := range s.each {
		switch {
		case errors.Is(o.err, journal.ErrNone):
			return o.store, nil
		case errors.Is(o.err, journal.ErrKeptDamaged):
		case o.err != nil:
			return nil, o.err
		case o.journal.Record().State != journal.Kept:
			return nil, ErrUnfinished
		}
	}
	// A commit removes one of the two sides, so somebody must have copied files here.
	return nil, fmt.Errorf("%w: it holds two transactions that can be undone; remove the files of one", journal.ErrDamaged)
}

// WrittenRuns lists every run of the target that the transactions in a store may write in either direction. It covers
// unfinished transactions and those kept for an undo.
func WrittenRuns(store journal.Store) (runs []journal.Run, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	for o := range s.each {
		if errors.Is(o.err, journal.ErrNone) || errors.Is(o.err, journal.ErrKeptDamaged) {
			continue
		}
		if o.err != nil {
			return nil, o.err
		}
		p, err := o.journal.Load()
		if err != nil {
			return nil, err
		}
		p.Units = append(undoUnits(p, len(p.Units)), p.Units...)
		for _, op := range p.Writes() {
			if op.Kind != journal.OpSize && op.Kind != journal.OpStage && op.Kind != journal.OpReserve && op.Kind != journal.OpExchange {
				runs = append(runs, journal.Run{Off: op.Off, Len: op.Len})
			}
		}
	}
	return runs, nil
}

// Sweep removes files that no transaction needs: those of a rehearsal, and those that a crash kept a commit from removing.
// It changes nothing while a transaction is unfinished or a journal is damaged.
func Sweep(store journal.Store) (err error) {
	s := &sides{store: store}
	defer s.close(&err)
	for o := range s.each {
		names := []string{journal.SpillName, journal.StageName}
		switch {
		case errors.Is(o.err, journal.ErrNone):
			names = []string{
				journal.JournalName, journal.SpillName, journal.BeforeName, journal.StageName, journal.SealName, journal.ImageName,
			}
			if err := sweepRoom(o.store); err != nil {
				return err
			}
		case errors.Is(o.err, journal.ErrKeptDamaged):
			continue
		case o.err != nil, o.journal.Record().State != journal.Kept:
			return nil // Inspect reports it
		}
		if err := removeAny(o.store, names); err != nil {
			return err
		}
	}
	return nil
}

// removeSide removes the journal of a transaction that is over, and the file that waits for it.
func removeSide(side journal.Store) error {
	if err := journal.Remove(side); err != nil {
		return err
	}
	return sweepRoom(side)
}

// sweepRoom removes the file that waits for the side of a journal, if the directory has rooms.
func sweepRoom(side journal.Store) error {
	if base, _ := journal.NameOn(side, ""); !isRoomy(base) {
		return nil
	}
	room, err := roomOf(side)
	if err == nil {
		err = room.Settle()
	}
	if err == nil {
		err = room.Remove()
	}
	return err
}

// removeAny removes those of the named files that exist.
func removeAny(side journal.Store, names []string) error {
	removed := false
	for _, name := range names {
		exists, err := journal.Exists(side, name)
		if err == nil && exists {
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

// AppliedSide returns the side of a store with the transaction that can be undone. For the errors see Undoable.
func AppliedSide(store journal.Store) (_ journal.Store, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	o, err := s.applied()
	return o.store, err
}

// Exchanges reports whether an undo of the last transaction gives the target's name back to an old file.
func Exchanges(store journal.Store) bool {
	s := &sides{store: store}
	o, err := s.applied()
	defer s.close(&err)
	if err != nil {
		return false
	}
	p, err := o.journal.Load()
	return err == nil && exchanges(p)
}
