package txn

import (
	"cmp"
	"slices"
	"sort"

	"shunt/ops/journal"
)

// tuning holds the limits of the copy stage, in bytes.
type tuning struct {
	// direct is the shortest distance over which data is copied straight to its place. A piece must not be longer than its
	// distance, and needs a sync before the next. Below this limit those syncs would cost more than copying the data
	// through the stage file.
	direct int64
	// piece is the longest run that is copied at once.
	piece int64
	// batch is how much is copied between two syncs.
	batch int64
	// saves is how many bytes of old content of free blocks are saved, so that earlier undos find them.
	saves int64
	// alter damages the program, to test that the crash tests notice it; nil outside tests.
	alter func(*journal.Program)
}

var defaultTuning = tuning{direct: 8 << 20, piece: 64 << 20, batch: 256 << 20}

// stageBatch is how many bytes go through the stage file between two syncs.
const stageBatch = 64 << 20

func (s segment) distance() int64 { return max(s.dst-s.src, s.src-s.dst) }

// A piece is a segment with its place in the dependency graph. A piece must be read before any other piece is written
// over its source.
type piece struct {
	segment
	staged   bool  // goes through the stage file because its distance is short
	blockers int   // how many other pieces must be read before this one is written
	held     bool  // already read into the stage file, at slot, to break a cycle
	slot     int64 // offset in the stage file
	ticket   uint32
	done     bool
}

// schedule orders the copies so that none reads what another has overwritten, and groups them into units. Each unit can
// be repeated after a crash in its middle.
//
// This is the in-place reconstruction problem (Burns, Long and Stockmeyer, "In-place reconstruction of version
// differences", IEEE TKDE 2003). A graph has an edge from the reader to the writer of each byte and is walked in
// topological order. Where only cycles remain, one piece of a cycle goes to the stage file first.
//
// Destinations must be disjoint, and so must sources.
func schedule(segments []segment, t tuning) (units []journal.Unit, stageLen int64) {
	s := newScheduler(segments, t)
	for s.left > 0 {
		if s.directBatch() || s.stagedBatch() {
			continue
		}
		s.breakCycle()
	}
	return s.units, s.stageLen
}

type scheduler struct {
	tuning
	pieces   []piece
	bySrc    []int // indexes of pieces by source
	byDst    []int // indexes of pieces by destination
	ready    []int // pieces without blockers, not done; a stack
	cycle    int   // position in byDst from which breakCycle searches
	left     int
	units    []journal.Unit
	heldLen  int64 // bytes of the stage file held by broken cycles
	freeHeld []byteRange
	stageLen int64
	tickets  uint32 // numbers the runs that go through the stage file
}

func newScheduler(segments []segment, t tuning) *scheduler {
	s := &scheduler{tuning: t}
	for _, seg := range segments {
		s.split(seg)
	}
	n := len(s.pieces)
	s.left = n
	s.bySrc, s.byDst = make([]int, n), make([]int, n)
	for i := range n {
		s.bySrc[i], s.byDst[i] = i, i
	}
	slices.SortFunc(s.bySrc, func(a, b int) int { return cmp.Compare(s.pieces[a].src, s.pieces[b].src) })
	slices.SortFunc(s.byDst, func(a, b int) int { return cmp.Compare(s.pieces[a].dst, s.pieces[b].dst) })
	for i := range s.pieces {
		p := &s.pieces[i]
		for _, j := range s.readersOf(p.dst, p.dst+p.len) {
			if j != i {
				p.blockers++
			}
		}
		if p.blockers == 0 {
			s.ready = append(s.ready, i)
		}
	}
	return s
}

// split cuts a segment into pieces, each short enough to be copied at once.
func (s *scheduler) split(seg segment) {
	d := seg.distance()
	staged := d < s.direct
	limit := min(s.piece, d)
	if staged {
		limit = min(s.piece, stageBatch)
	}
	for off := int64(0); off < seg.len; off += limit {
		n := min(limit, seg.len-off)
		s.pieces = append(s.pieces, piece{segment: segment{dst: seg.dst + off, src: seg.src + off, len: n}, staged: staged})
	}
}

// readersOf lists the pieces whose source overlaps [off, end).
func (s *scheduler) readersOf(off, end int64) []int {
	return s.overlapping(s.bySrc, segment.from, off, end)
}

// writersOf lists the pieces whose destination overlaps [off, end).
func (s *scheduler) writersOf(off, end int64) []int {
	return s.overlapping(s.byDst, segment.to, off, end)
}

// overlapping lists the pieces whose run overlaps [off, end). The runs are disjoint and in ascending order.
func (s *scheduler) overlapping(ascending []int, run func(segment) byteRange, off, end int64) []int {
	runOf := func(i int) byteRange { return run(s.pieces[ascending[i]].segment) }
	i := sort.Search(len(ascending), func(i int) bool { return runOf(i).end > off })
	j := i
	for j < len(ascending) && runOf(j).off < end {
		j++
	}
	return ascending[i:j]
}

// release records that piece i has been read: each piece that waited only for that becomes ready.
func (s *scheduler) release(i int) {
	p := s.pieces[i]
	for _, j := range s.writersOf(p.src, p.src+p.len) {
		if j == i || s.pieces[j].done {
			continue
		}
		s.pieces[j].blockers--
		if s.pieces[j].blockers == 0 {
			s.ready = append(s.ready, j)
		}
	}
}

// takeReady removes pieces for which want returns true from the ready list, up to limit bytes but at least one.
func (s *scheduler) takeReady(limit int64, want func(piece) bool) []int {
	var taken, rest []int
	var size int64
	for n := len(s.ready) - 1; n >= 0; n-- {
		i := s.ready[n]
		if p := s.pieces[i]; want(p) && (len(taken) == 0 || size+p.len <= limit) {
			taken = append(taken, i)
			size += p.len
			continue
		}
		rest = append(rest, i)
	}
	slices.Reverse(rest)
	s.ready = rest
	return taken
}

// directBatch emits one unit that copies ready pieces straight to their places. It reports whether there were any.
func (s *scheduler) directBatch() bool {
	batch := s.takeReady(s.batch, func(p piece) bool { return p.held || !p.staged })
	if len(batch) == 0 {
		return false
	}
	var unit journal.Unit
	for _, i := range batch {
		p := &s.pieces[i]
		op := journal.Op{Kind: journal.OpCopy, Off: p.dst, Len: p.len, Src: p.src}
		if p.held {
			op.Kind, op.Src, op.Sum = journal.OpUnstage, p.slot, p.ticket
		}
		unit.Ops = append(unit.Ops, op)
		p.done = true
		s.left--
	}
	s.emit(unit)
	for _, i := range batch {
		if p := s.pieces[i]; p.held {
			s.freeHeld = append(s.freeHeld, run(p.slot, p.len))
		} else {
			s.release(i)
		}
	}
	return true
}

// stagedBatch emits two units: one reads pieces into the stage file, the other writes them to their places. A destination
// may cover a source of the same batch, so a piece can join once only members of the batch block it. It reports whether
// there were any.
func (s *scheduler) stagedBatch() bool {
	var batch []int
	var size int64
	for size < stageBatch {
		more := s.takeReady(stageBatch-size, func(p piece) bool { return p.staged && !p.held && size+p.len <= stageBatch })
		if len(more) == 0 {
			break
		}
		for _, i := range more {
			s.pieces[i].done = true
			size += s.pieces[i].len
			s.left--
		}
		batch = append(batch, more...)
		for _, i := range more {
			s.release(i)
		}
	}
	if len(batch) == 0 {
		return false
	}
	slices.SortFunc(batch, func(a, b int) int { return cmp.Compare(s.pieces[a].src, s.pieces[b].src) })
	var in, out journal.Unit
	at := s.heldLen
	for _, i := range batch {
		p := s.pieces[i]
		in.Ops = append(in.Ops, journal.Op{Kind: journal.OpStage, Off: at, Len: p.len, Src: p.src, Sum: s.tickets})
		out.Ops = append(out.Ops, journal.Op{Kind: journal.OpUnstage, Off: p.dst, Len: p.len, Src: at, Sum: s.tickets})
		s.tickets++
		at += p.len
	}
	s.stageLen = max(s.stageLen, at)
	s.emit(in)
	s.emit(out)
	return true
}

// breakCycle reads one piece into the stage file, where it waits until its destination is free. It is called when every
// piece that is left waits for another, so each lies on a cycle or behind one.
func (s *scheduler) breakCycle() {
	for s.pieces[s.byDst[s.cycle]].done || s.pieces[s.byDst[s.cycle]].held {
		s.cycle++
	}
	i := s.byDst[s.cycle]
	p := &s.pieces[i]
	p.slot = s.holdSlot(p.len)
	p.ticket = s.tickets
	s.tickets++
	s.emit(journal.Unit{Ops: []journal.Op{{Kind: journal.OpStage, Off: p.slot, Len: p.len, Src: p.src, Sum: p.ticket}}})
	p.held = true
	s.release(i)
}

// holdSlot returns the offset of a free part of the stage file for a held piece of n bytes. Held pieces lie before the
// part that staged batches use, so the two never overlap.
func (s *scheduler) holdSlot(n int64) int64 {
	for k, r := range s.freeHeld {
		if r.len() >= n {
			s.freeHeld[k].off += n
			return r.off
		}
	}
	slot := s.heldLen
	s.heldLen += n
	s.stageLen = max(s.stageLen, s.heldLen)
	return slot
}

func (s *scheduler) emit(u journal.Unit) {
	u.Stage = journal.StageCopy
	s.units = append(s.units, u)
}
