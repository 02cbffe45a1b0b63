package txn

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// A slot is a side of a store that holds a journal with a record.
type slot struct {
	store   journal.Store
	record  journal.Record
	journal *journal.Journal // nil until it is needed
}

// open opens the journal. For the errors see journal.Open.
func (o *slot) open() (err error) {
	if o.journal == nil {
		o.journal, err = journal.Open(o.store)
	}
	return err
}

// load opens the journal and reads its program.
func (o *slot) load() (journal.Program, error) {
	if err := o.open(); err != nil {
		return journal.Program{}, err
	}
	return o.journal.Load()
}

// sides are the sides of a store that hold journals. They are read when they are first needed.
type sides struct {
	store journal.Store
	read  bool
	slots []*slot
	err   error // of the first side that cannot be read
}

// all returns the sides that can be read, and the error of the first one that cannot.
func (s *sides) all() ([]*slot, error) {
	if s.read {
		return s.slots, s.err
	}
	s.read = true
	for _, side := range journal.Sides(s.store) {
		r, err := journal.ReadRecord(side)
		switch {
		case errors.Is(err, journal.ErrNone):
		case err != nil:
			s.err = cmp.Or(s.err, err)
		default:
			s.slots = append(s.slots, &slot{store: side, record: r})
		}
	}
	return s.slots, s.err
}

// close closes the journals and joins its errors to *err.
func (s *sides) close(err *error) {
	for _, o := range s.slots {
		if o.journal != nil {
			*err = errors.Join(*err, o.journal.Close())
			o.journal = nil
		}
	}
}

// unfinished returns the side with the unfinished transaction, opened. The error wraps journal.ErrNone if there is none. A
// transaction that is kept for an undo counts as finished.
func (s *sides) unfinished() (*slot, error) {
	list, err := s.all()
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if o.record.State != journal.Kept {
			return o, o.open()
		}
	}
	return nil, journal.ErrNone
}

// chain returns the transactions that can be undone one after the other, the newest first. There is at least one. For the
// errors see Undoable.
func (s *sides) chain() ([]*slot, error) {
	list, err := s.all()
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if o.record.State != journal.Kept {
			return nil, ErrUnfinished
		}
	}
	if len(list) == 0 {
		return nil, ErrNoUndo
	}
	list = newestFirst(list)
	return append(list[:1:1], below(list, list[0].record)...), nil
}

// applied returns the side with the transaction that can be undone, opened. For the errors see Undoable.
func (s *sides) applied() (*slot, error) {
	list, err := s.chain()
	if err != nil {
		return nil, err
	}
	return list[0], list[0].open()
}

// below returns the kept transactions that can be undone one after the other once the one with record r is undone, the
// newest first.
func below(list []*slot, r journal.Record) (chain []*slot) {
	for _, o := range newestFirst(list) {
		if o.record.State == journal.Kept && r.Floor <= o.record.Order && o.record.Order < r.Order {
			chain = append(chain, o)
			r = o.record
		}
	}
	return chain
}

func newestFirst(list []*slot) []*slot {
	return slices.SortedStableFunc(slices.Values(list), func(a, b *slot) int { return cmp.Compare(b.record.Order, a.record.Order) })
}

// FreeSide returns the side of a store on which a transaction can be prepared without touching one that can be undone.
// The error wraps ErrUnfinished, or says that the journal is damaged.
func FreeSide(store journal.Store) (_ journal.Store, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	switch o, err := s.unfinished(); {
	case err == nil && o != nil:
		return nil, ErrUnfinished
	case !errors.Is(err, journal.ErrNone):
		return nil, err
	}
	for _, side := range journal.Sides(store) {
		if !slices.ContainsFunc(s.slots, func(o *slot) bool { return o.store == side }) {
			return side, nil
		}
	}
	// A commit leaves a side free, so somebody must have copied files here.
	return nil, fmt.Errorf("%w: it holds %d transactions that can be undone; remove the files of one", journal.ErrDamaged, len(s.slots))
}

// WrittenRuns lists every run of the target that the unfinished transaction in a store may write in either direction.
func WrittenRuns(store journal.Store) (runs []journal.Run, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	o, err := s.unfinished()
	if errors.Is(err, journal.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := o.load()
	if err != nil {
		return nil, err
	}
	p.Units = append(undoUnits(p, len(p.Units)), p.Units...)
	for _, op := range p.Writes() {
		if op.Kind != journal.OpSize && op.Kind != journal.OpStage && op.Kind != journal.OpReserve && op.Kind != journal.OpExchange {
			runs = append(runs, journal.Run{Off: op.Off, Len: op.Len})
		}
	}
	return runs, nil
}

// Sweep removes files that no transaction needs: those of a rehearsal, and those that a crash kept a commit from removing.
// It changes nothing while a transaction is unfinished or a journal is damaged.
func Sweep(store journal.Store) (err error) {
	s := &sides{store: store}
	defer s.close(&err)
	if _, err := s.unfinished(); !errors.Is(err, journal.ErrNone) {
		return nil // Inspect reports it
	}
	for _, side := range journal.Sides(store) {
		names := []string{journal.SpillName, journal.StageName}
		if !slices.ContainsFunc(s.slots, func(o *slot) bool { return o.store == side }) {
			names = append(slices.Clone(journal.FileNames), journal.ImageName)
			if err := sweepRoom(side); err != nil {
				return err
			}
		}
		if err := removeAny(side, names); err != nil {
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

// dropOthers removes the files of all transactions that cannot be undone after the one on a side, which has the record r.
func dropOthers(store journal.Store, r journal.Record) error {
	base, _ := journal.NameOn(store, "")
	for _, side := range journal.Sides(base) {
		if side == store {
			continue
		}
		held, err := journal.Exists(side, journal.JournalName)
		if err == nil && held {
			if other, unread := journal.ReadRecord(side); unread == nil && len(below([]*slot{{record: other}}, r)) > 0 {
				continue
			}
			err = removeSide(side)
		}
		if err != nil {
			return tried.Errorf("remove the files kept to undo an earlier transaction: %w", err)
		}
	}
	return nil
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
	if err != nil {
		return nil, err
	}
	return o.store, nil
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
