package txn

import (
	"context"
	"errors"
	"fmt"

	"shunt/ops/journal"
)

// Copies that share blocks have cost nothing, and reading them all for the seal would cost more than the commit did. Where
// most of them did and the host keeps account of changes, only this much of the copied data is read, spread evenly in
// samples of this size, in bytes. An undo relies on samples as long as the account says that nothing has changed.
const (
	sampled    = 32 << 20
	sampleSize = 64 << 10
)

// keep turns a transaction with all units done into one that can be undone. With kept false the transaction is not
// complete; after an *AfterError it shall be completed without an undo.
func (tx *Transaction) keep(ctx context.Context, watch Watch) (kept bool, err error) {
	seal, err := takeSeal(ctx, tx.dev, tx.program, watch)
	if errors.Is(err, ErrStopped) {
		return false, err
	}
	var mark journal.SealMark
	if err == nil {
		mark, err = journal.WriteSeal(tx.store, seal)
	}
	if err != nil {
		err = located(err, journal.StageKeep, tx.program)
		return false, &AfterError{fmt.Errorf("the transaction cannot be undone later: %w", err)}
	}
	if err := tx.journal.Keep(mark); err != nil {
		return true, &AfterError{err}
	}
	if err := removeUnneeded(tx.store); err != nil {
		return true, &AfterError{fmt.Errorf("files that are of no use any more could not be removed: %w", err)}
	}
	return true, nil
}

// removeUnneeded removes the files that an undo does not need.
func removeUnneeded(store journal.Store) error {
	for _, name := range []string{journal.SpillName, journal.StageName} {
		if err := store.Remove(name); err != nil {
			return err
		}
	}
	return store.SyncDir()
}

// takeSeal notes the state of the target. All changes must be durable.
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
		Modified: before.Modified, Changed: before.Changed, Born: before.Born, Inode: before.Inode, Probes: list,
	}, nil
}

// sealed lists the parts of the target that show a change after the commit, without their checksums: the first
// bytes of the changed partitions, the table, what was placed, what was copied, and blocks that were left alone. With
// samples, only a part of what was copied is listed if that is much.
func sealed(p journal.Program, samples bool) []journal.Probe {
	var list []journal.Probe
	add := func(off, n, each int64) {
		for at := int64(0); at < n; at += each {
			list = append(list, journal.Probe{Off: off + at, Len: min(each, n-at)})
		}
	}
	for _, h := range p.Heads {
		add(h.Off, h.Len, block)
	}
	for _, probe := range append(placed(p), p.Probes...) {
		add(probe.Off, probe.Len, block)
	}
	copies := moved(p)
	total := probedLen(copies)
	if !samples || total <= sampled {
		for _, probe := range copies {
			add(probe.Off, probe.Len, block)
		}
		return list
	}
	// One sample at every stride, counted over all copies as if they lay one behind the other.
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
