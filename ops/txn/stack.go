package txn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
)

// Limits say what is kept to undo transactions one after the other. The last one is kept in any case, and the oldest go first.
// The zero value keeps the last one only.
type Limits struct {
	Most int            // transactions, with the last one; at most journal.MostKept
	Room geometry.Bytes // that is kept for all but the last one
}

// DefaultLimits are the limits where nobody asks for others.
var DefaultLimits = Limits{Most: 8, Room: 4 * geometry.GiB}

// A stack is what a commit leaves of the transactions that can be undone before it.
type stack struct {
	order uint32           // of the transaction that is prepared
	stays []*slot          // the newest first
	told  []report.Applied // the same and those that go, the newest first
	why   string           // why the newest that goes does so
	free  int64            // bytes on the journal's file system, or -1 if that is not known
	fits  func() error     // fails if the target is not as the newest one left it, by its times
}

// stackOn finds out which transactions can be undone after the one that is prepared on a side.
func (r *Rehearsal) stackOn(side journal.Store) (k *stack, err error) {
	base, _ := journal.NameOn(side, "")
	s := &sides{store: base}
	defer s.close(&err)
	list, err := s.all()
	if err != nil {
		return nil, err
	}
	k = &stack{order: 1, free: -1}
	for _, o := range list {
		if o.record.Order == math.MaxUint32 {
			return nil, fmt.Errorf("%w: a transaction has an impossible number", journal.ErrDamaged)
		}
		k.order = max(k.order, o.record.Order+1)
	}
	chain, err := s.chain()
	if errors.Is(err, ErrNoUndo) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	for _, o := range chain {
		told, err := o.describe()
		if errors.Is(err, journal.ErrKeptDamaged) {
			break
		}
		if err != nil {
			return nil, err
		}
		k.stays, k.told = append(k.stays, o), append(k.told, told)
	}
	if room, unknown := roomOf(side); unknown == nil {
		if free, unknown := room.Free(); unknown == nil {
			k.free = free
		}
	}
	k.limit(r.Options.Has(journal.KeepUndo), r.Limits)
	_, renews := r.replaces()
	return k, k.look(r.Device, renews)
}

// limit keeps what the limits allow. Besides them, what is kept takes at most half of the room that is free without it.
func (k *stack) limit(keeps bool, l Limits) {
	total := geometry.Bytes(0)
	for _, told := range k.told {
		total += told.Room
	}
	room := l.Room
	if k.free >= 0 {
		room = min(room, (geometry.Bytes(k.free)+total)/2)
	}
	if most := min(l.Most, journal.MostKept); len(k.stays) >= most {
		k.cut(max(0, most-1), fmt.Sprintf("at most %d are kept", max(1, most)))
	}
	for i, sum := 0, geometry.Bytes(0); i < len(k.stays); i++ {
		if sum += k.told[i].Room; sum > room {
			k.cut(i, "they would take more than "+geometry.FormatBytes(room))
		}
	}
	if !keeps {
		k.cut(0, "nothing is kept to undo this commit, so no earlier one can be reached")
	}
}

// saves returns how many bytes of old content of free blocks are saved so that earlier undos find them: a small part of what may be
// kept and of what is free, since the rehearsal writes them.
func (k *stack) saves(l Limits) int64 {
	const part = 16
	switch n := int64(l.Room) / part; {
	case len(k.stays) == 0:
		return 0
	case k.free >= 0:
		return min(n, k.free/part)
	default:
		return n
	}
}

// cut keeps the n newest.
func (k *stack) cut(n int, why string) {
	if n < len(k.stays) {
		k.stays, k.why = k.stays[:n], why
	}
}

const noRoom = "the commit needs their room"

// relieve lets the oldest go until there is room for need bytes.
func (k *stack) relieve(need, free int64) {
	for i := len(k.told) - 1; i >= len(k.stays); i-- {
		free += int64(k.told[i].Room)
	}
	for n := len(k.stays); n > 0 && need > free; n-- {
		free += int64(k.told[n-1].Room)
		k.cut(n-1, noRoom)
	}
}

// quickLook is how many bytes are compared where no times prove that a target is unchanged. The heads of partitions come first,
// and using a file system changes these. All is compared when an undo has come down to the transaction.
const quickLook = 64 << 20

// look drops all if the target is not as the newest transaction left it, or cannot be again: an edit in place of a file that an
// exchange gave the name leaves traces in its format, and so the undo of the exchange could not tell others' writes from them.
func (k *stack) look(dev Device, renews bool) error {
	if len(k.stays) == 0 {
		return nil
	}
	top := k.stays[0]
	p, err := top.load()
	if err != nil {
		return err
	}
	if exchanges(p) && !renews {
		k.cut(0, "an edit in place changes the new image, and the undo of the commit that made it compares all of that")
		return nil
	}
	seal, err := journal.ReadSeal(top.store, top.record.Seal)
	if errors.Is(err, journal.ErrKeptDamaged) {
		k.cut(0, err.Error())
		return nil
	}
	at, unknown := container(dev, top.store, p)
	if err := errors.Join(err, unknown); err != nil {
		return err
	}
	same, err := checkTimes(at, p, seal)
	if err == nil && !same {
		n, seen := 0, int64(0)
		for ; n < len(seal.Probes) && seen < quickLook; n++ {
			seen += seal.Probes[n].Len
		}
		err = compareSealed(context.Background(), at, p, seal.Probes[:n], true, noProgress)
	}
	if changed, ok := errors.AsType[*ChangedError](err); ok {
		k.cut(0, changed.Error())
		return nil
	}
	k.fits = func() error {
		at, err := container(dev, top.store, p)
		if err == nil {
			_, err = checkTimes(at, p, seal)
		}
		return err
	}
	return err
}

// floor returns the number of the oldest transaction that stays, or that of the new one if none does.
func (k *stack) floor() uint32 {
	if len(k.stays) == 0 {
		return k.order
	}
	return k.stays[len(k.stays)-1].record.Order
}

// tell adds to the report what becomes of the earlier transactions.
func (k *stack) tell(out *report.Rehearsal) {
	if len(k.told) > 0 {
		out.Earlier = &report.Earlier{Stay: k.told[:len(k.stays)], Go: k.told[len(k.stays):], Why: k.why}
	}
}

// settleOn puts a transaction that is prepared on a stack, from which the oldest go if the image needs their room.
func (tx *Transaction) settleOn(k *stack) error {
	if tx.program.Options.Has(journal.LosesUnused) {
		k.cut(0, "the commit overwrites more old content of free blocks than is kept, which their undo may need")
	}
	if host, ok := tx.dev.(target.Hosted); ok && len(k.stays) > 0 {
		copies, need, err := tx.NewSpace()
		if err != nil {
			return err
		}
		free, shares, err := host.Room()
		if !shares {
			need += copies
		}
		if err == nil { // else it is not known
			k.relieve(need, free)
		}
	}
	tx.on(k)
	return nil
}

// on puts the transaction on a stack.
func (tx *Transaction) on(k *stack) *Transaction {
	tx.order, tx.floor, tx.fits = k.order, k.floor(), k.fits
	return tx
}

// Recheck looks once more whether the target is as the last transaction left it, before it is opened for writing. If not, none of
// the earlier ones can be undone after the commit, and the error says why. The commit is not affected otherwise.
func (tx *Transaction) Recheck() error {
	if tx.floor == tx.order || tx.fits == nil {
		return nil
	}
	err := tx.fits()
	if err != nil {
		tx.floor = tx.order
	}
	return err
}

// Forget removes what is kept to undo transactions, but that of the n newest. The oldest go first, so that after a crash the others
// can still be undone. Nothing happens if there are not more. For the errors see Undoable.
func Forget(store journal.Store, n int) (err error) {
	s := &sides{store: store}
	defer s.close(&err)
	chain, err := s.chain()
	if err != nil {
		return err
	}
	for i := len(chain) - 1; i >= n; i-- {
		if err := removeSide(chain[i].store); err != nil {
			return tried.Errorf("remove the files kept to undo an earlier transaction: %w", err)
		}
	}
	return nil
}
