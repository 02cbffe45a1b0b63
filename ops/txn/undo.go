package txn

import "shunt/ops/journal"

// undoUnits is the way back from a transaction of which the forward units before from are done and unit from
// is in doubt. Each unit can be done again like a forward one.
//
// Unit from itself is not reversed: it leaves its own sources whole, so what it may have written is put right
// by what follows. The copies before it are reversed in the opposite order, then everything that was
// overwritten without being preserved by a copy comes back from the file before, and the table last.
func undoUnits(p journal.Program, from int) []journal.Unit {
	var units []journal.Unit
	add := func(stage journal.Stage, ops ...journal.Op) {
		if len(ops) > 0 {
			units = append(units, journal.Unit{Stage: stage, Ops: ops})
		}
	}
	add(journal.StageFence, p.Refence...)
	size := journal.Op{Kind: journal.OpSize, Len: p.SizeBefore}
	if p.SizeAfter < p.SizeBefore {
		add(journal.StageExtend, size)
	}
	for i := min(from, len(p.Units)) - 1; i >= 0; i-- {
		if p.Units[i].Stage == journal.StageCopy {
			add(journal.StageCopy, reversed(p.Units[i].Ops)...)
		}
	}
	add(journal.StagePlace, p.RestoreData...)
	if p.SizeAfter > p.SizeBefore {
		add(journal.StageShrink, size)
	}
	for _, op := range p.RestoreTable {
		add(journal.StageTable, op)
	}
	return units
}

func reversed(ops []journal.Op) []journal.Op {
	back := make([]journal.Op, 0, len(ops))
	for _, op := range ops {
		op.Off, op.Src = op.Src, op.Off
		switch op.Kind {
		case journal.OpStage:
			op.Kind = journal.OpUnstage
		case journal.OpUnstage:
			op.Kind = journal.OpStage
		case journal.OpCopy, journal.OpPlace, journal.OpZero, journal.OpSize, journal.OpRestore:
		}
		back = append(back, op)
	}
	return back
}
