package txn

import (
	"context"
	"errors"
	"slices"

	"shunt/ops/journal"
)

// Unaltered compares what the commit will overwrite, and blocks that it leaves alone, with what was there when the transaction
// was prepared. It reads about as much as the journal holds. Data that only moves is not compared: the commit takes it as it is
// then. Nor are free blocks of file systems whose content is not kept. If something differs, the error is a *ChangedError.
func (tx *Transaction) Unaltered(ctx context.Context, watch Watch) error {
	p := tx.program
	probes := slices.Clone(p.Probes)
	for _, op := range slices.Concat(p.RestoreData, p.RestoreTable) {
		if op.Kind == journal.OpRestore {
			probes = append(probes, journal.Probe{Off: op.Off, Len: op.Len, Sum: op.Sum})
			continue
		}
		if err := readsAsZero(tx.dev, run(op.Off, op.Len)); errors.As(err, new(*MismatchError)) {
			return changedAt(op.Off, op.Len, "were empty")
		} else if err != nil {
			return located(err, p)
		}
	}
	return compareSealed(ctx, tx.dev, p, probes, true, watch)
}
