package txn

import (
	"context"
	"errors"
	"fmt"
	"io"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// Copies that share blocks cost nothing, and reading them all for the seal would cost more than the commit did. If most
// of the copied data shares blocks and the host records the times of changes, the seal covers only samples of it. An undo
// may rely on samples only while those times say that nothing has changed.
const (
	sampled    = 32 << 20 // bytes in all samples together
	sampleSize = 64 << 10 // bytes in each sample
)

// keep turns a transaction with all units done into one that can be undone. If kept is false, the transaction is not
// complete yet; if err is then an *AfterError, the caller must complete it without an undo.
func (tx *Transaction) keep(ctx context.Context, watch Watch) (kept bool, err error) {
	mark, old, err := tx.seal(ctx, watch)
	if errors.Is(err, ErrStopped) {
		return false, err
	}
	if err != nil {
		err = located(err, tx.program)
		return false, &AfterError{fmt.Errorf("the transaction cannot be undone later: %w", err)}
	}
	if err := tx.journal.Keep(mark); err != nil {
		return true, &AfterError{err}
	}
	if err := removeUnneeded(tx.store, old...); err != nil {
		return true, &AfterError{fmt.Errorf("files that are no longer needed could not be removed: %w", err)}
	}
	return true, nil
}

// create writes the journal of a transaction with one unit, after which the target is in use at once, whatever becomes of the
// journal. So it says beforehand how that unit will leave the target, by probes. from holds their content already, but for
// what the unit itself writes. Nobody else's writes can get into the seal that way.
func (tx *Transaction) create(ctx context.Context, from io.ReaderAt, probes []journal.Probe) (err error) {
	var mark journal.SealMark
	if tx.program.Options.Has(journal.KeepUndo) {
		op := tx.program.Units[0].Ops[0]
		for i := range probes {
			p := &probes[i]
			if ctx.Err() != nil {
				return ErrStopped
			}
			if op.Kind == journal.OpPlace && p.Off == op.Off && p.Len == op.Len {
				p.Sum = op.Sum
			} else if p.Sum, err = sumAt(from, p.Off, p.Len); err != nil {
				return tried.Errorf("read what was written: %w", err)
			}
		}
		mark, err = journal.WriteSeal(tx.store, journal.Seal{Size: tx.program.SizeAfter, Probes: probes})
		if err != nil {
			return err
		}
	}
	if tx.journal, err = journal.Create(tx.store, tx.program); err != nil {
		return err
	}
	tx.journal.Expect(mark)
	return nil
}

// asExpected returns the seal of the present state, which must be the one that the transaction said it would lead to. If somebody
// else has written to the target meanwhile, the error is a *ChangedError.
func (tx *Transaction) asExpected(ctx context.Context, watch Watch) (journal.Seal, error) {
	now, err := tx.dev.State()
	if err != nil {
		return journal.Seal{}, err
	}
	seal, err := journal.ReadSeal(tx.store, tx.journal.Record().Seal)
	if err != nil {
		return seal, err
	}
	if err := compareSealed(ctx, tx.dev, tx.program, seal.Probes, true, watch); err != nil {
		return seal, err
	}
	return journal.Seal{
		Modified: now.Modified, Changed: now.Changed, Born: now.Born, Inode: now.Inode, Size: tx.dev.Size(), Probes: seal.Probes,
	}, nil
}

// seal writes the seal of the present state. old is the name of another one that is no longer needed after that, if there is one.
func (tx *Transaction) seal(ctx context.Context, watch Watch) (mark journal.SealMark, old []string, err error) {
	if tx.journal.Record().Seal == (journal.SealMark{}) {
		s, err := takeSeal(ctx, tx.dev, tx.program, watch)
		if err != nil {
			return mark, nil, err
		}
		mark, err = journal.WriteSeal(tx.store, s)
		return mark, nil, err
	}
	s, err := tx.asExpected(ctx, watch)
	if err != nil {
		return mark, nil, err
	}
	mark, name, err := tx.journal.NextSeal(tx.store, s)
	return mark, []string{name}, err
}

// removeUnneeded removes the files that an undo does not need, and others by their names.
func removeUnneeded(store journal.Store, more ...string) error {
	for _, name := range append(more, journal.SpillName, journal.StageName) {
		if err := store.Remove(name); err != nil {
			return err
		}
	}
	return store.SyncDir()
}

// takeSeal records the state of the target, so that an undo can tell whether it has changed. All writes must be durable.
func takeSeal(ctx context.Context, dev Device, p journal.Program, watch Watch) (journal.Seal, error) {
	before, err := dev.State()
	if err != nil {
		return journal.Seal{}, err
	}
	list := sealed(p, before.Known() && 2*dev.Shared() >= probedLen(moved(p)))
	err = readProbes(ctx, dev, list, journal.StageKeep, watch, func(probe *journal.Probe, sum uint32) error {
		probe.Sum = sum
		return nil
	})
	if err != nil {
		return journal.Seal{}, err
	}
	return journal.Seal{
		Modified: before.Modified, Changed: before.Changed, Born: before.Born, Inode: before.Inode, Size: dev.Size(), Probes: list,
	}, nil
}

// sealed lists the parts of the target that an undo compares, without their checksums: the first bytes of the changed
// partitions, the table, new content, copied data, and blocks that were left alone. With samples set, only samples of the
// copied data are listed if there is much of it.
func sealed(p journal.Program, samples bool) []journal.Probe {
	var list []journal.Probe
	for _, h := range p.Heads {
		list = appendProbes(list, h.Off, h.Len)
	}
	for _, probe := range append(placed(p), p.Probes...) {
		list = appendProbes(list, probe.Off, probe.Len)
	}
	copies := moved(p)
	total := probedLen(copies)
	if !samples || total <= sampled {
		for _, probe := range copies {
			list = appendProbes(list, probe.Off, probe.Len)
		}
		return list
	}
	// One sample at every stride, as if all copies lay one behind the other.
	stride := (total + sampled/sampleSize - 1) / (sampled / sampleSize)
	next := int64(0)
	for _, probe := range copies {
		for next < probe.Len {
			list = append(list, journal.Probe{Off: probe.Off + next, Len: min(sampleSize, probe.Len-next)})
			next += stride
		}
		next -= probe.Len
	}
	return list
}

// appendProbes adds n bytes from off on, in blocks.
func appendProbes(list []journal.Probe, off, n int64) []journal.Probe {
	for at := int64(0); at < n; at += block {
		list = append(list, journal.Probe{Off: off + at, Len: min(block, n-at)})
	}
	return list
}
