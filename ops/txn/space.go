package txn

import (
	"shunt/model/tried"
	"shunt/ops/journal"
)

// reserveStage allocates the blocks of the stage file. If the journal's file system filled up in the middle of a commit,
// a roll back would be stuck too, since it needs the stage file as well.
func reserveStage(stage journal.File, p journal.Program) error {
	r, ok := stage.(journal.Reserver)
	if !ok || p.StageLen == 0 {
		return nil
	}
	tickets := int64(0)
	for _, op := range p.Writes() {
		if op.Kind == journal.OpStage {
			tickets = max(tickets, int64(op.Sum)+1)
		}
	}
	if err := r.Reserve(p.StageLen + 8*tickets); err != nil {
		return tried.Errorf("reserve space for the stage file: %w", err)
	}
	return nil
}

// NewSpace returns how many bytes the target will newly take on its file system: holes that the commit writes to, and what
// it adds at the end. Copies are counted apart, since a target that can share blocks needs no space for them.
func (tx *Transaction) NewSpace() (copies, rest int64, err error) {
	if tx.switching != nil {
		return 0, tx.cost.Longer, nil
	}
	if tx.replace != nil {
		return 0, 0, nil // the rehearsal has made sure of it
	}
	data, err := dataRanges(tx.dev)
	if err != nil {
		return 0, 0, tried.Errorf("find the holes of the target: %w", err)
	}
	var copied, written []byteRange
	for _, op := range tx.program.Writes() {
		switch op.Kind {
		case journal.OpCopy:
			copied = append(copied, run(op.Off, op.Len))
		case journal.OpUnstage, journal.OpPlace, journal.OpRestore:
			written = append(written, run(op.Off, op.Len))
		case journal.OpReserve:
			written = append(written, run(op.Off, op.Len))
		case journal.OpStage, journal.OpZero, journal.OpSize, journal.OpExchange:
		}
	}
	other := newRanges(written).minus(data)
	return newRanges(copied).minus(data).minus(other).size(), other.size(), nil
}
