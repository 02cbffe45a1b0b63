package txn

import "shunt/ops/journal"

// undoUnits returns the units that roll a transaction back when the forward units before from are done and unit from
// may be half done. Like forward units, each can be repeated after a crash.
//
// Unit from itself is not reversed: it leaves its own sources whole, so the units below overwrite what it may have
// written. The copies before it are reversed in the opposite order. Then the journal's file "before" gives back the old
// content that no copy preserved, and the table comes last.
func undoUnits(p journal.Program, from int) []journal.Unit {
	var units []journal.Unit
	add := func(stage journal.Stage, ops ...journal.Op) {
		if len(ops) > 0 {
			units = append(units, journal.Unit{Stage: stage, Ops: ops})
		}
	}
	if tableTouched(p, from) {
		for _, op := range p.Refence { // one by one: boot records that stay in force lead to each other
			add(journal.StageFence, op)
		}
	}
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

// undoSteps returns the stages of undoUnits and how many units each has. It needs only a summary of the program.
func undoSteps(s journal.Summary, from int) []journal.Steps {
	var list []journal.Steps
	add := func(stage journal.Stage, n int) {
		if n > 0 {
			list = append(list, journal.Steps{Stage: stage, N: n})
		}
	}
	p := s.Program
	copies, fence, before := 0, true, 0
	for _, run := range s.Stages {
		fence = fence && (run.Stage == journal.StageFence || before > from)
		if run.Stage == journal.StageCopy {
			copies += max(0, min(run.N, from-before))
		}
		before += run.N
	}
	if !fence || tableTouched(p, from) {
		add(journal.StageFence, len(p.Refence))
	}
	if p.SizeAfter < p.SizeBefore {
		add(journal.StageExtend, 1)
	}
	add(journal.StageCopy, copies)
	add(journal.StagePlace, min(1, s.RestoreData))
	if p.SizeAfter > p.SizeBefore {
		add(journal.StageShrink, 1)
	}
	add(journal.StageTable, s.RestoreTable)
	return list
}

// tableTouched reports whether the primary table may differ from the one before the transaction. If the fence has only
// reached the backup table, the primary one must not be written: it is the only whole one.
func tableTouched(p journal.Program, from int) bool {
	for _, u := range p.Units[:min(from+1, len(p.Units))] {
		if u.Stage != journal.StageFence {
			return true
		}
		for _, op := range u.Ops {
			for _, r := range p.Refence {
				if op.Off < r.Off+r.Len && r.Off < op.Off+op.Len {
					return true
				}
			}
		}
	}
	return false
}

// reversed returns the copies that undo ops.
func reversed(ops []journal.Op) []journal.Op {
	back := make([]journal.Op, 0, len(ops))
	for _, op := range ops {
		op.Off, op.Src = op.Src, op.Off
		switch op.Kind {
		case journal.OpStage:
			op.Kind = journal.OpUnstage
		case journal.OpUnstage:
			op.Kind = journal.OpStage
		case journal.OpCopy, journal.OpPlace, journal.OpZero, journal.OpSize, journal.OpRestore, journal.OpReserve, journal.OpExchange:
		}
		back = append(back, op)
	}
	return back
}
