package txn

import (
	"cmp"
	"errors"
	"slices"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// Write is one whole-sector write of a table structure.
type Write struct {
	Off  int64
	Data []byte
}

// tables are the table writes of a transaction, each list in the order it must be written.
type tables struct {
	fence   []Write // hides the partitions that are about to change
	refence []Write // the same where a roll back needs it: the primary structures only
	final   []Write // the table of the planned disk
	before  ranges  // where the present table's structures lie
	sector  int64   // the length of a sector
	primary int64   // structures before this byte are what readers look at first; behind it lie copies and boot records
	chained bool    // boot records stay in force during the commit, since a logical partition is in use
}

// build turns a changes into the program that gets the target there and back, and writes the content the
// program needs to the journal's files. The target is only read.
func build(dev Device, l changes, t tables, c contents, spillLen int64, options journal.Options, tune tuning) (journal.Program, error) {
	data, err := dataRanges(dev)
	if err != nil {
		return journal.Program{}, tried.Errorf("find the holes of the target: %w", err)
	}
	l = l.withoutHoles(data)
	b := &builder{dev: dev, c: c, spillEnd: spillLen, p: journal.Program{SizeBefore: l.sizeBefore, SizeAfter: l.sizeAfter, Options: options}}

	tableWrites := newRanges(append(spans(t.final), spans(t.fence)...))
	b.addEach(journal.StageFence, b.patches(t.fence))
	if l.sizeAfter > l.sizeBefore {
		b.addEach(journal.StageExtend, []journal.Op{{Kind: journal.OpSize, Len: l.sizeAfter}})
	}
	copies, stageLen := schedule(l.moves, tune)
	if options.Has(journal.Verify) {
		b.check(copies)
	}
	b.p.Units = append(b.p.Units, copies...)
	b.p.StageLen = stageLen
	b.addBatches(journal.StagePlace, b.places(l.places, newRanges(spans(t.final))), tune.batch)
	b.addBatches(journal.StagePlace, zeroes(l.clear), tune.batch)
	b.addEach(journal.StageTable, b.patches(t.unfenced(b.unfence(t, l))))
	if l.sizeAfter < l.sizeBefore {
		b.addEach(journal.StageShrink, []journal.Op{{Kind: journal.OpSize, Len: l.sizeAfter}})
	}
	b.p.Refence = b.keptPatches(t.refence)

	writes := newRanges(append(l.writes(), tableWrites...))
	// Free blocks that hold something are not worth saving; those that are holes cost nothing to restore.
	b.preserve(writes.minus(l.sources()).minus(l.unused.intersect(data)), data, t.before)
	b.probe(data.minus(writes).minus(l.busy))
	for _, r := range l.heads {
		b.p.Heads = append(b.p.Heads, journal.Run{Off: r.off, Len: r.end - r.off})
	}
	return b.p, b.err
}

type builder struct {
	dev       Device
	c         contents
	spillEnd  int64 // where the spill file has room for more
	beforeEnd int64
	p         journal.Program
	err       error
}

func spans(writes []Write) []byteRange {
	runs := make([]byteRange, 0, len(writes))
	for _, w := range writes {
		runs = append(runs, byteRange{w.Off, w.Off + int64(len(w.Data))})
	}
	return runs
}

// unfence are the writes that give back what the fence covered and nothing else writes: a backup table that
// stays behind in the middle of an image that grew is not part of the planned table.
func (b *builder) unfence(t tables, l changes) []Write {
	written := newRanges(append(spans(t.final), l.writes()...))
	var writes []Write
	for _, r := range newRanges(spans(t.fence)).minus(written) {
		w := Write{Off: r.off, Data: make([]byte, r.end-r.off)}
		if _, err := b.dev.ReadAt(w.Data, r.off); err != nil {
			b.err = errors.Join(b.err, readFault(b.dev, r.off, r.end-r.off, err))
		}
		writes = append(writes, w)
	}
	return writes
}

// unfenced is the final table with the writes that take away the rest of the fence where they belong: the copies at the
// end, then the structures that readers look at first, and sector 0, which alone can hide a chain of boot records, last.
func (t tables) unfenced(rest []Write) []Write {
	var copies, first, last, zero []Write
	for _, w := range rest {
		if w.Off == 0 {
			zero = append(zero, Write{Data: w.Data[:min(int64(len(w.Data)), t.sector)]})
			w = Write{Off: t.sector, Data: w.Data[min(int64(len(w.Data)), t.sector):]}
		}
		switch {
		case len(w.Data) == 0:
		case t.chained:
			last = append(last, w) // boot records that the final table leaves as they were, or leaves behind
		case w.Off < t.primary:
			first = append(first, w)
		default:
			copies = append(copies, w)
		}
	}
	at := slices.IndexFunc(t.final, func(w Write) bool { return w.Off < t.primary })
	if at < 0 {
		at = len(t.final)
	}
	return slices.Concat(copies, t.final[:at], first, t.final[at:], last, zero)
}

func (b *builder) addEach(stage journal.Stage, ops []journal.Op) {
	for _, op := range ops {
		b.p.Units = append(b.p.Units, journal.Unit{Stage: stage, Ops: []journal.Op{op}})
	}
}

// addBatches adds writes in units of at most limit bytes, which are what a progress display counts.
func (b *builder) addBatches(stage journal.Stage, ops []journal.Op, limit int64) {
	for len(ops) > 0 {
		var size int64
		n := 0
		for n < len(ops) && (n == 0 || size+ops[n].Len <= limit) {
			size += ops[n].Len
			n++
		}
		b.p.Units = append(b.p.Units, journal.Unit{Stage: stage, Ops: ops[:n:n]})
		ops = ops[n:]
	}
}

// patches stores table writes behind the overlay's content in the spill file.
func (b *builder) patches(writes []Write) []journal.Op {
	ops := make([]journal.Op, 0, len(writes))
	for _, w := range writes {
		op := journal.Op{Kind: journal.OpPlace, Off: w.Off, Len: int64(len(w.Data)), Src: b.spillEnd, Sum: journal.Sum(w.Data)}
		if _, err := b.c.spill.WriteAt(w.Data, b.spillEnd); err != nil {
			b.err = errors.Join(b.err, tried.Errorf("write spill file: %w", err))
		}
		b.spillEnd += op.Len
		ops = append(ops, op)
	}
	return ops
}

// keptPatches stores table writes in the file before, where a way back finds them when the spill file is gone.
func (b *builder) keptPatches(writes []Write) []journal.Op {
	ops := make([]journal.Op, 0, len(writes))
	for _, w := range writes {
		op := journal.Op{Kind: journal.OpRestore, Off: w.Off, Len: int64(len(w.Data)), Src: b.beforeEnd, Sum: journal.Sum(w.Data)}
		if _, err := b.c.before.WriteAt(w.Data, b.beforeEnd); err != nil {
			b.err = errors.Join(b.err, tried.Errorf("save old content: %w", err))
		}
		b.beforeEnd += op.Len
		ops = append(ops, op)
	}
	return ops
}

// check notes the checksums of everything that the copies will move. Whatever way it goes, a copy moves what is on
// the target now: none reads what another wrote.
func (b *builder) check(copies []journal.Unit) {
	tickets := map[uint32]uint32{}
	for _, u := range copies {
		for i := range u.Ops {
			op := &u.Ops[i]
			switch op.Kind {
			case journal.OpCopy, journal.OpStage:
				sum, err := sumOf(b.dev, op.Src, op.Len)
				b.err = errors.Join(b.err, err)
				op.Check = sum
				if op.Kind == journal.OpStage {
					tickets[op.Sum] = sum
				}
			case journal.OpUnstage:
				op.Check = tickets[op.Sum]
			case journal.OpPlace, journal.OpZero, journal.OpSize, journal.OpRestore:
			}
		}
	}
}

// places makes the writes of new content, less what the table stage writes itself.
func (b *builder) places(list []place, tableWrites ranges) []journal.Op {
	var ops []journal.Op
	for _, p := range list {
		for _, r := range tableWrites.outside(p.off, p.off+p.len) {
			for off := r.off; off < r.end; off += block {
				ops = append(ops, b.checked(journal.Op{
					Kind: journal.OpPlace, Off: off, Len: min(block, r.end-off), Src: p.src + off - p.off,
				}))
			}
		}
	}
	return ops
}

func (b *builder) checked(op journal.Op) journal.Op {
	err := eachBlock(op.Len, func(buf []byte, at int64) error {
		_, err := b.c.spill.ReadAt(buf, op.Src+at)
		op.Sum = journal.AddSum(op.Sum, buf)
		return err
	})
	if err != nil {
		b.err = errors.Join(b.err, tried.Errorf("read spill file: %w", err))
	}
	return op
}

func zeroes(set ranges) []journal.Op {
	ops := make([]journal.Op, 0, len(set))
	for _, r := range set {
		ops = append(ops, journal.Op{Kind: journal.OpZero, Off: r.off, Len: r.end - r.off})
	}
	return ops
}

// preserve saves what the units overwrite and no copy keeps, so that a roll back can put it back. Holes need
// no saving: they are punched again. Structures of the table come in a list of their own, from the end of the
// target to its start, so that the copies at the end are whole before the ones that readers look at first.
func (b *builder) preserve(lost, data, table ranges) {
	lost = newRanges(lost.within(0, b.p.SizeBefore))
	save := func(set ranges) []journal.Op {
		ops := zeroes(set.minus(data))
		for _, r := range set.intersect(data) {
			for off := r.off; off < r.end; off += block {
				ops = append(ops, b.saved(off, min(block, r.end-off)))
			}
		}
		return ops
	}
	b.p.RestoreData = save(lost.minus(table))
	b.p.RestoreTable = save(lost.intersect(table))
	slices.SortFunc(b.p.RestoreTable, func(x, y journal.Op) int { return cmp.Compare(y.Off, x.Off) })
}

func (b *builder) saved(off, n int64) journal.Op {
	op := journal.Op{Kind: journal.OpRestore, Off: off, Len: n, Src: b.beforeEnd}
	err := eachBlock(n, func(buf []byte, at int64) error {
		if _, err := b.dev.ReadAt(buf, off+at); err != nil {
			return readFault(b.dev, off+at, int64(len(buf)), err)
		}
		op.Sum = journal.AddSum(op.Sum, buf)
		if _, err := b.c.before.WriteAt(buf, op.Src+at); err != nil {
			return tried.Errorf("save old content: %w", err)
		}
		return nil
	})
	b.err = errors.Join(b.err, err)
	b.beforeEnd += n
	return op
}

// probe picks blocks that the transaction leaves alone, spread over the target, to know it by.
func (b *builder) probe(untouched ranges) {
	const size = 4096
	stride := max(1, len(untouched)/journal.MaxProbes)
	for i := 0; i < len(untouched) && len(b.p.Probes) < journal.MaxProbes; i += stride {
		r := untouched[i]
		n := min(size, r.end-r.off)
		buf := make([]byte, n)
		if _, err := b.dev.ReadAt(buf, r.off); err != nil {
			b.err = errors.Join(b.err, readFault(b.dev, r.off, n, err))
			return
		}
		b.p.Probes = append(b.p.Probes, journal.Probe{Off: r.off, Len: n, Sum: journal.Sum(buf)})
	}
}
