package txn

import (
	"context"
	"errors"
	"fmt"

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
		return true, &AfterError{fmt.Errorf("files that are no longer needed could not be removed: %w", err)}
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
