package txn

import (
	"cmp"
	"slices"

	"shunt/model/table"
	"shunt/model/tried"
	"shunt/ops/journal"
)

// tables holds the table writes of a transaction, each list in the order in which it must be written.
type tables struct {
	fence   []table.Patch // hides the partitions that are about to change
	refence []table.Patch // the fence of a roll back, which needs only the primary structures
	final   []table.Patch // the table of the planned disk
	before  ranges        // where the present table's structures lie
	sector  int64         // the length of a sector
	primary int64         // the primary structures lie before this byte; backup copies and boot records lie behind it
	chained bool          // boot records stay in force during the commit, since a logical partition is in use
}

// build turns changes into a program that makes them and can roll them back. It writes the content that the program
// needs to the journal's files, and only reads the target.
func build(
	dev Device, changed changes, t tables, c contents, header journal.Program, tune tuning,
) (journal.Program, error) {
	header.SizeBefore, header.SizeAfter = changed.sizeBefore, changed.sizeAfter
	data, err := dataRanges(dev)
	if err != nil {
		return header, tried.Errorf("find the holes of the target: %w", err)
	}
	changed = changed.withoutHoles(data)
	spillLen, err := c.spill.Size()
	if err != nil {
		return header, tried.Errorf("read spill file: %w", err)
	}
	b := &builder{dev: dev, spill: appender{c.spill, spillLen}, before: appender{c.before, 0}, p: header}

	b.addEach(journal.StageFence, b.storeEach(&b.spill, journal.OpPlace, t.fence))
	if changed.sizeAfter > changed.sizeBefore {
		b.addEach(journal.StageExtend, []journal.Op{{Kind: journal.OpSize, Len: changed.sizeAfter}})
		for _, r := range changed.reserve {
			b.addEach(journal.StageExtend, []journal.Op{{Kind: journal.OpReserve, Off: r.off, Len: r.len()}})
		}
	}
	copies, stageLen := schedule(changed.moves, tune)
	if header.Options.Has(journal.Verify) {
		b.check(copies)
	}
	b.p.Units = append(b.p.Units, copies...)
	b.p.StageLen = stageLen
	b.addBatches(journal.StagePlace, b.places(changed.places, newRanges(spans(t.final))), tune.batch)
	b.addBatches(journal.StagePlace, zeroes(changed.clear), tune.batch)
	b.addEach(journal.StageTable, b.storeEach(&b.spill, journal.OpPlace, t.unfenced(b.unfence(t, changed))))
	if changed.sizeAfter < changed.sizeBefore {
		b.addEach(journal.StageShrink, []journal.Op{{Kind: journal.OpSize, Len: changed.sizeAfter}})
	}
	b.p.Refence = b.storeEach(&b.before, journal.OpRestore, t.refence)

	writes := newRanges(changed.writes(), spans(t.final), spans(t.fence))
	// Free blocks that hold data are not worth saving. Those that are holes or zero cost nothing to restore.
	lost := writes.minus(changed.sources()).within(0, b.p.SizeBefore)
	unsaved := lost.intersect(changed.unused).intersect(data)
	zero := zeroIn(dev, unsaved)
	if unsaved = unsaved.minus(zero); unsaved.size() <= tune.saves {
		unsaved = nil // an earlier undo may need them
	}
	if len(unsaved) > 0 {
		b.p.Options |= journal.LosesUnused
	}
	b.preserve(lost.minus(unsaved), data.minus(zero).minus(changed.zeros), t.before)
	b.probe(data.minus(writes).minus(changed.busy))
	for _, r := range changed.heads {
		b.p.Heads = append(b.p.Heads, journal.Run{Off: r.off, Len: r.len()})
	}
	return b.p, b.err
}

// A builder collects a program. After the first error it neither reads nor writes.
type builder struct {
	dev           Device
	spill, before appender
	p             journal.Program
	buf           []byte
	err           error
}

// An appender is a file of the journal with the offset at which its content ends.
type appender struct {
	file journal.File
	end  int64
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// read returns n bytes of the target, at most a block. They are valid until the next call.
func (b *builder) read(off, n int64) []byte {
	if int64(len(b.buf)) < n {
		b.buf = make([]byte, n)
	}
	buf := b.buf[:n]
	if b.err == nil {
		if _, err := b.dev.ReadAt(buf, off); err != nil {
			b.fail(readFault(b.dev, off, n, err))
		}
	}
	return buf
}

// store appends content to a file of the journal and returns the write that puts it on the target.
func (b *builder) store(to *appender, kind journal.OpKind, off int64, content []byte) journal.Op {
	op := journal.Op{Kind: kind, Off: off, Len: int64(len(content)), Src: to.end, Sum: journal.Sum(content)}
	if b.err == nil {
		if _, err := to.file.WriteAt(content, to.end); err != nil {
			b.fail(tried.Errorf("write the journal's content: %w", err))
		}
	}
	to.end += op.Len
	return op
}

func (b *builder) storeEach(to *appender, kind journal.OpKind, writes []table.Patch) []journal.Op {
	ops := make([]journal.Op, 0, len(writes))
	for _, w := range writes {
		ops = append(ops, b.store(to, kind, w.Off, w.Data))
	}
	return ops
}

func spans(writes []table.Patch) []byteRange {
	return runsOf(writes, func(w table.Patch) byteRange { return run(w.Off, int64(len(w.Data))) })
}

// unfence returns the writes that restore what the fence overwrote and nothing else writes. An example is the old backup
// table in the middle of an image that grew: it is not part of the planned table.
func (b *builder) unfence(t tables, changed changes) []table.Patch {
	var writes []table.Patch
	for _, r := range newRanges(spans(t.fence)).minus(newRanges(spans(t.final), changed.writes())) {
		writes = append(writes, table.Patch{Off: r.off, Data: slices.Clone(b.read(r.off, r.len()))})
	}
	return writes
}

// unfenced merges the writes in rest, from unfence, into those of the final table. Backup copies come first, then primary
// structures, and sector 0 last: as long as it is fenced, no chain of boot records can be seen.
func (t tables) unfenced(rest []table.Patch) []table.Patch {
	var copies, first, last, zero []table.Patch
	for _, w := range rest {
		if w.Off == 0 {
			zero = append(zero, table.Patch{Data: w.Data[:min(int64(len(w.Data)), t.sector)]})
			w = table.Patch{Off: t.sector, Data: w.Data[min(int64(len(w.Data)), t.sector):]}
		}
		switch {
		case len(w.Data) == 0:
		case t.chained:
			last = append(last, w) // boot records that the final table keeps as they are or no longer uses
		case w.Off < t.primary:
			first = append(first, w)
		default:
			copies = append(copies, w)
		}
	}
	at := slices.IndexFunc(t.final, func(w table.Patch) bool { return w.Off < t.primary })
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

// addBatches adds writes in units of at most limit bytes, so that a progress display moves on in small steps.
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

// check notes the checksums of everything that the copies will move. In either direction a copy moves bytes that are on
// the target now, since no copy reads what another wrote.
func (b *builder) check(copies []journal.Unit) {
	tickets := map[uint32]uint32{}
	for _, u := range copies {
		for i := range u.Ops {
			op := &u.Ops[i]
			switch op.Kind {
			case journal.OpCopy, journal.OpStage:
				sum, err := sumOf(b.dev, op.Src, op.Len)
				if err != nil {
					b.fail(err)
					return
				}
				op.Check = sum
				if op.Kind == journal.OpStage {
					tickets[op.Sum] = sum
				}
			case journal.OpUnstage:
				op.Check = tickets[op.Sum]
			case journal.OpPlace, journal.OpZero, journal.OpSize, journal.OpRestore, journal.OpReserve, journal.OpExchange:
			}
		}
	}
}

// places returns the writes of new content, except what the table stage writes itself.
func (b *builder) places(list []segment, tableWrites ranges) []journal.Op {
	var ops []journal.Op
	for _, p := range list {
		for _, r := range tableWrites.outside(p.dst, p.dst+p.len) {
			for off := r.off; off < r.end; off += block {
				q := p.clip(run(off, min(block, r.end-off)))
				sum, err := sumAt(b.spill.file, q.src, q.len)
				if err != nil {
					b.fail(tried.Errorf("read spill file: %w", err))
				}
				ops = append(ops, journal.Op{Kind: journal.OpPlace, Off: q.dst, Len: q.len, Src: q.src, Sum: sum})
			}
		}
	}
	return ops
}

func zeroes(set ranges) []journal.Op {
	ops := make([]journal.Op, 0, len(set))
	for _, r := range set {
		ops = append(ops, journal.Op{Kind: journal.OpZero, Off: r.off, Len: r.len()})
	}
	return ops
}

// preserve saves the bytes that units overwrite and no copy keeps, so that a roll back can restore them. Holes need no
// saving: they are punched again. Structures of the table have a list of their own, from the end of the target to its
// start, so that the backup copies are whole before the primary structures are written.
func (b *builder) preserve(lost, data, table ranges) {
	lost = lost.within(0, b.p.SizeBefore)
	save := func(set ranges) []journal.Op {
		ops := zeroes(set.minus(data))
		for _, r := range set.intersect(data) {
			for off := r.off; off < r.end; off += block {
				ops = append(ops, b.store(&b.before, journal.OpRestore, off, b.read(off, min(block, r.end-off))))
			}
		}
		return ops
	}
	b.p.RestoreData = save(lost.minus(table))
	b.p.RestoreTable = save(lost.intersect(table))
	slices.SortFunc(b.p.RestoreTable, func(x, y journal.Op) int { return cmp.Compare(y.Off, x.Off) })
}

// zeroIn returns the parts of set that are zero, as far as it looks: it reads little, and stops at the first byte that is
// not zero.
func zeroIn(dev Device, set ranges) (zero ranges) {
	const most = 64 << 20
	left, buf := int64(most), []byte(nil)
	for _, r := range set {
		for off := r.off; off < r.end; off += block {
			n := min(block, r.end-off)
			if n > int64(len(buf)) {
				buf = make([]byte, n)
			}
			piece := buf[:n]
			if left -= int64(len(piece)); left < 0 {
				return newRanges(zero)
			}
			if _, err := dev.ReadAt(piece, off); err != nil || !allZero(piece) {
				return newRanges(zero) // what cannot be read need not be restored
			}
			zero = append(zero, run(off, int64(len(piece))))
		}
	}
	return newRanges(zero)
}

// probe picks blocks that the transaction leaves alone, spread over the target. Recovery recognises the target by them.
func (b *builder) probe(untouched ranges) {
	const size = 4096
	stride := max(1, len(untouched)/journal.MaxProbes)
	for i := 0; i < len(untouched) && len(b.p.Probes) < journal.MaxProbes; i += stride {
		r := untouched[i]
		n := min(size, r.len())
		b.p.Probes = append(b.p.Probes, journal.Probe{Off: r.off, Len: n, Sum: journal.Sum(b.read(r.off, n))})
	}
}
