package ops

import (
	"cmp"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// equal reports whether two queues over the same disk certainly give the same preview, including the identities of
// partitions, and the same contents of every partition, and wipe the same places and give back the
// same ones. Free space may differ otherwise.
func equal(a, b Queue) bool {
	switch {
	case !a.Preview().Equal(b.Preview()), a.least() != b.least(), !slices.Equal(a.preallocated(), b.preallocated()):
		return false
	case !slices.Equal(a.treated(StepErase), b.treated(StepErase)), !slices.Equal(a.treated(StepFindSpare), b.treated(StepFindSpare)):
		return false
	}
	inA, inB := a.holdings(), b.holdings()
	// New UUIDs have no value yet. Compare which of them are the same one instead.
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

// leavesNoMark reports whether an operation does something that the disk after it does not show.
func leavesNoMark(op Operation) bool {
	switch op.(type) {
	case Wipe, Sparsify:
		return true
	}
	return false
}

// A treatment is a place that is wiped, or searched for room to give back.
type treatment struct {
	span   geometry.Span
	random bool // see Step
}

// treated returns the places of the steps of a kind that leave no mark, in order and without neighbours that could be one. The
// last step at a place counts.
func (q Queue) treated(kind StepKind) (list []treatment) {
	for i, op := range q.ops {
		if !leavesNoMark(op) {
			continue
		}
		for _, s := range q.steps(i) {
			if s.Kind != kind {
				continue
			}
			var left []treatment
			for _, e := range list {
				for _, rest := range geometry.Gaps(e.span, []geometry.Span{s.Window}) {
					left = append(left, treatment{rest, e.random})
				}
			}
			list = append(left, treatment{s.Window, s.Random})
		}
	}
	slices.SortFunc(list, func(a, b treatment) int { return cmp.Compare(a.span.Start, b.span.Start) })
	var joined []treatment
	for _, e := range list {
		if n := len(joined); n > 0 && joined[n-1].random == e.random && joined[n-1].span.End == e.span.Start {
			joined[n-1].span.End = e.span.End
		} else {
			joined = append(joined, e)
		}
	}
	return joined
}

// least returns the smallest size that the image has during the queue. Everything behind it is lost.
func (q Queue) least() geometry.Sector {
	n := q.initial.Sectors
	for _, d := range q.disks {
		n = min(n, d.Sectors)
	}
	return n
}

// preallocation is what the queue asks to allocate for a part of the disk.
type preallocation struct {
	span geometry.Span
	how  model.Prealloc
}

// preallocated returns what the queue asks to allocate, in order and without neighbours that could be one.
func (q Queue) preallocated() (list []preallocation) {
	now := q.initial.Sectors
	for _, op := range q.ops {
		size, ok := op.(ImageSize)
		if !ok {
			continue
		}
		list = slices.DeleteFunc(list, func(p preallocation) bool { return p.span.Start >= size.Sectors })
		if n := len(list); n > 0 {
			list[n-1].span.End = min(list[n-1].span.End, size.Sectors)
		}
		if added := (geometry.Span{Start: now, End: size.Sectors}); size.Sectors > now && size.Prealloc != "" {
			if n := len(list); n > 0 && list[n-1].how == size.Prealloc && list[n-1].span.End == now {
				list[n-1].span.End = size.Sectors
			} else {
				list = append(list, preallocation{added, size.Prealloc})
			}
		}
		now = size.Sectors
	}
	return list
}

// holding describes the contents of a partition, as far as the model does not.
type holding struct {
	// from is the origin of the files: a scanned partition, one of another target, or the tool that made the file system.
	from string
	// checked says that a check with repair was staged after that.
	checked bool
	// uuid numbers the new UUIDs; 0 is the scanned one. half says that only half of the UUID is new.
	uuid int
	half bool
	// bytes describes every edit of contents of unknown kind, because each of their bytes counts.
	bytes string
}

// ledger records what each partition holds while it follows a queue.
type ledger struct {
	held   map[model.PartID]holding
	writes []Step // writes where a partition with unknown contents may be later
	uuids  int
}

// holdings returns what each partition holds after the queue.
func (q Queue) holdings() map[model.PartID]holding {
	l := ledger{held: map[model.PartID]holding{}}
	for _, p := range q.initial.Partitions() {
		l.held[p.ID] = holding{from: fmt.Sprintf("p%d", p.ID)}
		if p.FS.Kind.MadeAnew() {
			l.held[p.ID] = holding{from: madeAs(p.FS.Kind)} // moving it makes it anew
		}
	}
	for i, op := range q.ops {
		l.follow(op, q.Before(i), q.Before(i+1), q.steps(i))
	}
	return l.held
}

// follow records one operation.
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
	for _, p := range after.Partitions() {
		if _, there := before.Partition(p.ID); !there {
			l.stretched(p, 0)
		}
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

// stretched records a new length of a partition with unknown contents. Behind its first n sectors it now holds what was
// there before.
func (l *ledger) stretched(p model.Partition, n geometry.Sector) {
	if p.Role == model.Extended {
		return // it is only an entry in the table
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

// step records one step.
func (l *ledger) step(op Operation, s Step) {
	h := l.held[s.Part]
	switch s.Kind {
	case StepWipe:
		h.bytes += fmt.Sprintf("wiped %v\n", s.Window)
	case StepErase:
		h = holding{from: with(s.Random)}
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
	case StepResizeImage, StepCheckFS, StepRepairFS, StepVerifyFS, StepResizeFS, StepRemap, StepMoved, StepMoveLoader, StepWipeDisk,
		StepLabelFS, StepRepairImage, StepDropBitmaps, StepFindSpare, StepGiveBack, StepSnapshot, StepApplySnapshot, StepDeleteSnapshot, StepFlatten,
		StepRebase, StepCommit, StepWriteTable, StepGrowMounted:
	}
	if s.Part != 0 {
		l.held[s.Part] = h
	}
	if !s.Window.Empty() && s.Kind != StepCheckFS && s.Kind != StepFindSpare && s.Kind != StepRepairFS && s.Kind != StepVerifyFS {
		l.writes = append(l.writes, s)
	}
}

// madeAs returns the origin of the files in an empty file system.
func madeAs(kind model.FSKind) string { return "empty " + string(kind) }

// copied returns what the partition holds that op copies.
func (l *ledger) copied(op Operation) holding {
	from, source := copiedFrom(op)
	if source != nil {
		return holding{from: fmt.Sprintf("p%d of %s", source.Part.ID, source.Path)}
	}
	return l.held[from]
}
