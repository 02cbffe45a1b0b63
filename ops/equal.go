package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// equal reports whether two queues over the same disk certainly lead to the same preview, down to the identities of
// partitions, and to the same contents of each partition. Free space may differ.
func equal(a, b Queue) bool {
	if !a.Preview().Equal(b.Preview()) || a.least() != b.least() {
		return false
	}
	inA, inB := a.holdings(), b.holdings()
	// UUIDs that are made on the way have no value yet: which of them are one and the same has to agree.
	to, back := map[int]int{0: 0}, map[int]int{0: 0}
	for _, p := range a.Preview().Partitions() {
		ha, hb := inA[p.ID], inB[p.ID]
		other, known := to[ha.uuid]
		mirror, taken := back[hb.uuid]
		if known != taken || known && (other != hb.uuid || mirror != ha.uuid) {
			return false
		}
		to[ha.uuid], back[hb.uuid] = hb.uuid, ha.uuid
		ha.uuid, hb.uuid = 0, 0
		if ha != hb {
			return false
		}
	}
	return true
}

// least is the smallest size the image has on the way: what lies behind that is lost.
func (q Queue) least() geometry.Sector {
	n := q.initial.Sectors
	for _, d := range q.disks {
		n = min(n, d.Sectors)
	}
	return n
}

// holding is what the model does not know of the contents of a partition.
type holding struct {
	// from is where its files come from: a scanned partition, one of another target, or the tool that made it empty.
	from string
	// checked says that a check with repair was staged since then.
	checked bool
	// uuid numbers the UUIDs that were made, 0 for the scanned one; half says that only half of it was made.
	uuid int
	half bool
	// bytes is what was done to contents of no known kind. Every byte of those counts.
	bytes string
}

// ledger follows through a queue what each partition holds.
type ledger struct {
	held   map[model.PartID]holding
	writes []Step // that partitions of unknown contents may come to lie over
	uuids  int
}

// holdings is what each partition holds after the queue.
func (q Queue) holdings() map[model.PartID]holding {
	l := ledger{held: map[model.PartID]holding{}}
	for _, p := range q.initial.Partitions() {
		l.held[p.ID] = holding{from: fmt.Sprintf("p%d", p.ID)}
		if p.FS.Kind.MadeAnew() {
			l.held[p.ID] = holding{from: madeAs(p.FS.Kind)} // it is made anew wherever it goes
		}
	}
	for i, op := range q.ops {
		l.follow(op, q.Before(i), q.Before(i+1), q.steps(i))
	}
	return l.held
}

// follow enters one operation.
func (l *ledger) follow(op Operation, before, after model.Disk, steps []Step) {
	for _, p := range before.Partitions() {
		q, stays := after.Partition(p.ID)
		if !stays {
			delete(l.held, p.ID)
			continue
		}
		if !p.FS.Known() && p.Span.Len() != q.Span.Len() {
			l.stretched(q, p.Span.Len())
		}
	}
	if after.Sectors < before.Sectors {
		l.writes = append(l.writes, Step{Kind: StepWipe, Window: geometry.Span{Start: after.Sectors, End: before.Sectors}})
	}
	if _, there := before.Partition(op.Part()); !there && op.Part() != 0 {
		p, _ := after.Partition(op.Part())
		l.stretched(p, 0)
	}
	for _, s := range steps {
		l.step(op, s)
	}
	if _, ok := op.(Check); ok {
		h := l.held[op.Part()]
		h.checked = true
		l.held[op.Part()] = h
	}
}

// stretched enters a new length of contents of unknown kind: behind the first n sectors they are what lay there.
func (l *ledger) stretched(p model.Partition, n geometry.Sector) {
	if p.Role == model.Extended {
		return // it is nothing but its entry in the table
	}
	h := l.held[p.ID]
	h.bytes += fmt.Sprintf("%d sectors", p.Span.Len())
	tail := geometry.Span{Start: min(p.Span.Start+n, p.Span.End), End: p.Span.End}
	for _, s := range l.writes {
		if s.Window.Overlaps(tail) {
			h.bytes += fmt.Sprintf(", %v", s)
		}
	}
	h.bytes += fmt.Sprintf(" from %d\n", tail.Start)
	l.held[p.ID] = h
}

// step enters one step.
func (l *ledger) step(op Operation, s Step) {
	h := l.held[s.Part]
	switch s.Kind {
	case StepWipe:
		h.bytes += fmt.Sprintf("wiped %v\n", s.Window)
	case StepMakeFS:
		h = holding{from: madeAs(s.FS)}
		if s.UUID == "" {
			l.uuids++
			h.uuid = l.uuids
		}
	case StepCopy:
		wiped := h.bytes
		h = l.copied(op)
		if s.FS == model.Unformatted && s.Window.Len() > s.From.Len() {
			h.bytes += wiped
		}
	case StepUUIDFS:
		l.uuids++
		h.half = s.Half && (h.uuid == 0 || h.half)
		h.uuid = l.uuids
	case StepResizeImage, StepCheckFS, StepVerifyFS, StepResizeFS, StepRemap, StepMoved, StepWipeDisk, StepLabelFS,
		StepWriteTable, StepGrowMounted:
	}
	if s.Part != 0 {
		l.held[s.Part] = h
	}
	if !s.Window.Empty() && s.Kind != StepCheckFS && s.Kind != StepVerifyFS {
		l.writes = append(l.writes, s)
	}
}

// madeAs is where the files of an empty file system come from.
func madeAs(kind model.FSKind) string { return "empty " + string(kind) }

// copied is what the partition holds that op copies.
func (l *ledger) copied(op Operation) holding {
	from, source := copiedFrom(op)
	if source != nil {
		return holding{from: fmt.Sprintf("p%d of %s", source.Part.ID, source.Path)}
	}
	return l.held[from]
}
