package txn

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/target"
)

// Transactions can be undone one after the other, the newest first. An undo, like a roll back, leaves the target as the
// transaction below left it, so that one can be undone next. But the times of the target are new, and so its seal must be. It is
// renewed after the last unit of the undo and before the record says complete:
//
//	renew   the target is compared with the old seal of the transaction below, and that gets a new seal. Crash here: the
//	        transaction has its old seal or the new one, and recovery renews it again.
//
// If the target does not match, or the new seal cannot be written, the transactions below can no longer be undone, and their
// files are removed. The target is right in any case.

// rank returns the record that says which transactions can be undone after this one.
func (tx *Transaction) rank() journal.Record {
	if tx.journal != nil && tx.journal.Record().Seq > 0 {
		return tx.journal.Record()
	}
	return journal.Record{Order: tx.order, Floor: tx.floor}
}

// underneath returns the transactions that can be undone after this one, the newest first. The caller must close s.
func (tx *Transaction) underneath() (s *sides, chain []*slot, err error) {
	base, _ := journal.NameOn(tx.store, "")
	s = &sides{store: base}
	list, err := s.all()
	return s, below(list, tx.rank()), err
}

// renewBelow makes the transaction below the one that can be undone next. The target must be as that transaction left it but for
// its times, and all writes must be durable. If the target differs, the error is a *ChangedError.
func (tx *Transaction) renewBelow(ctx context.Context, watch Watch) (err error) {
	if exchanges(tx.program) {
		return nil // the file that has the name again is the one that was sealed
	}
	s, chain, err := tx.underneath()
	defer s.close(&err)
	if err != nil || len(chain) == 0 {
		return err
	}
	top := chain[0]
	p, err := top.load()
	if err != nil {
		return err
	}
	if exchanges(p) { // none is made any more: see stack.look
		return &ChangedError{Off: -1, What: "an edit in place changed the file of the new image"}
	}
	seal, err := journal.ReadSeal(top.store, top.record.Seal)
	if err != nil {
		return err
	}
	dev, err := container(tx.disk, top.store, p)
	if err != nil {
		return err
	}
	if _, switches := tx.disk.(target.Switching); !switches && dev.Size() != p.SizeAfter {
		return &ChangedError{Off: -1, What: fmt.Sprintf("it is %d bytes long and was %d", dev.Size(), p.SizeAfter)}
	}
	if seal, err = resealed(ctx, dev, p, seal, watch); err != nil {
		return err
	}
	return top.journal.Reseal(top.store, seal)
}

// resealed returns a seal of the present state of the target, which must have the content of the old one.
func resealed(ctx context.Context, dev Device, p journal.Program, seal journal.Seal, watch Watch) (journal.Seal, error) {
	now, err := dev.State()
	if err != nil {
		return seal, err
	}
	if err := compareSealed(ctx, dev, p, seal.Probes, false, watch); err != nil {
		return seal, err
	}
	return journal.Seal{
		Modified: now.Modified, Changed: now.Changed, Born: now.Born, Inode: now.Inode, Size: dev.Size(), Probes: seal.Probes,
	}, nil
}

// unstack does what is left after renewBelow failed with an error, once the journal of this transaction is removed.
func (tx *Transaction) unstack(ctx context.Context, watch Watch, failed error) error {
	if failed == nil {
		return nil
	}
	if errors.Is(failed, syscall.ENOSPC) || errors.Is(failed, syscall.EDQUOT) {
		if failed = tx.renewBelow(ctx, watch); failed == nil { // there is more room now
			return nil
		}
	}
	err := dropOthers(tx.store, journal.Record{})
	return &AfterError{fmt.Errorf("earlier transactions cannot be undone any more: %w", errors.Join(failed, err))}
}

// giveBack gives room in the file of a Switching target back that only the transaction needs which was taken back. That changes
// the times of the file, so with other transactions below it, it comes before renewBelow.
func (tx *Transaction) giveBack(anyBelow bool) (err error) {
	if _, ok := tx.disk.(target.Switching); !ok {
		return nil
	}
	s, chain, err := tx.underneath()
	defer s.close(&err)
	if err == nil && len(chain) > 0 != anyBelow {
		return nil
	}
	var kept []target.Part
	if err == nil {
		kept, err = needed(chain)
	}
	if err != nil {
		return &AfterError{tried.Errorf("give back room in the file: %w", err)}
	}
	return released(tx.disk, anyBelow, kept)
}

// needed lists the runs of the file of a Switching target that undos need and that are free for its disk.
func needed(chain []*slot) (runs []target.Part, err error) {
	for _, o := range chain {
		if err := o.open(); err != nil {
			return nil, err
		}
		for _, run := range o.journal.Summary().Program.Heads {
			runs = append(runs, target.Part{Start: run.Off, Len: run.Len})
		}
	}
	return runs, nil
}
