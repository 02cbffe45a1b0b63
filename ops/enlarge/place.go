package enlarge

import (
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// A line is the root of a disk with what lies behind it. Positions change by whole grid lines, so that every partition keeps
// its place between two of them.
type line struct {
	disk  model.Disk
	align geometry.Alignment
	root  model.Partition
	inner []model.Partition // logical partitions behind a logical root
	ext   model.Partition   // the extended partition around them and the root; its ID is 0 for another root
	outer []model.Partition // partitions behind all that. An extended one stands for its logical ones too
}

// lineOf returns the line of the partition with this identity.
func lineOf(d model.Disk, id model.PartID, align geometry.Alignment) line {
	l := line{disk: d, align: align}
	l.root, _ = d.Partition(id)
	edge := l.root.Span.End
	if l.root.Role == model.Logical {
		l.ext, _ = d.Extended()
		edge = l.ext.Span.End
	}
	for p := range d.Each() {
		switch {
		case p.ID == l.root.ID:
		case p.Role != model.Logical && p.Span.Start >= edge:
			l.outer = append(l.outer, p)
		case p.Role == model.Logical && l.ext.ID != 0 && p.Span.Start >= l.root.Span.End:
			l.inner = append(l.inner, p)
		}
	}
	return l
}

// down and up return the distance of whole grid lines that is next to n and not greater or not less.
func (l line) down(n geometry.Sector) geometry.Sector { return l.align.Down(n, l.disk.SectorSize) }
func (l line) up(n geometry.Sector) geometry.Sector   { return l.align.Up(n, l.disk.SectorSize) }

// lead returns how many sectors must stay free before p: those from its boot record on, if that lies behind the root.
func (l line) lead(p model.Partition) geometry.Sector {
	const least = 2 // the boot record, and a sector that loaders use
	if p.Role != model.Logical || p.EBR < l.root.Span.End {
		return 0
	}
	return max(least, p.Span.Start-p.EBR)
}

// places are the new spans of the partitions of a line. Those that stay are not in it.
type places map[model.PartID]geometry.Span

// of returns the place of p.
func (at places) of(p model.Partition) geometry.Span {
	if span, moves := at[p.ID]; moves {
		return span
	}
	return p.Span
}

// pushed puts the partitions of a list, the last one first, where they end at or before limit. Each moves by the distance
// that choose picks of the largest one that is possible. It returns the limit for what lies in front of them.
func (l line) pushed(list []model.Partition, limit geometry.Sector, at places, choose func(most geometry.Sector) geometry.Sector) geometry.Sector {
	for _, p := range slices.Backward(list) {
		if by := choose(l.down(limit - p.Span.End)); by != 0 {
			at[p.ID] = p.Span.Shift(by)
		}
		limit = at.of(p).Start - l.lead(p)
	}
	return limit
}

// pulled puts the partitions of a list, the first one first, as near to front as possible. It returns the end of the last.
func (l line) pulled(list []model.Partition, front geometry.Sector, at places) geometry.Sector {
	for _, p := range list {
		if by := min(0, l.up(front+l.lead(p)-p.Span.Start)); by != 0 {
			at[p.ID] = p.Span.Shift(by)
		}
		front = at.of(p).End
	}
	return front
}

// against puts everything behind the root in front of limit. It returns where the root must end.
func (l line) against(limit geometry.Sector, at places, choose func(most geometry.Sector) geometry.Sector) geometry.Sector {
	limit = l.pushed(l.outer, limit, at, choose)
	if l.ext.ID == 0 {
		return limit
	}
	if by := choose(l.down(limit - l.ext.Span.End)); by != 0 {
		at[l.ext.ID] = geometry.Span{Start: l.ext.Span.Start, End: l.ext.Span.End + by}
	}
	return l.pushed(l.inner, at.of(l.ext).End, at, choose)
}

// behind puts everything behind the root as near to front, where the root ends, as possible. It returns the end of the last
// partition.
func (l line) behind(front geometry.Sector, at places) geometry.Sector {
	if l.ext.ID != 0 {
		front = l.pulled(l.inner, front, at)
		if by := min(0, l.up(front-l.ext.Span.End)); by != 0 {
			at[l.ext.ID] = geometry.Span{Start: l.ext.Span.Start, End: l.ext.Span.End + by}
		}
		front = at.of(l.ext).End
	}
	return l.pulled(l.outer, front, at)
}

// right stages the moves of a line to the right, from the last partition to the first.
func (s *stage) right(l line, at places) {
	for _, p := range slices.Backward(l.outer) {
		s.move(p, at)
	}
	s.place(l.ext, at)
	for _, p := range slices.Backward(l.inner) {
		s.move(p, at)
	}
}

// left stages the moves of a line to the left, from the first partition to the last.
func (s *stage) left(l line, at places) {
	for _, p := range l.inner {
		s.move(p, at)
	}
	s.place(l.ext, at)
	for _, p := range l.outer {
		s.move(p, at)
	}
}

// move stages the move of a partition. An extended one first gets longer, then its logical ones move, then it gets shorter.
func (s *stage) move(p model.Partition, at places) {
	to := at.of(p)
	if p.Role != model.Extended {
		s.place(p, at)
		return
	}
	if to == p.Span {
		return
	}
	inside := slices.DeleteFunc(s.queue.Preview().Partitions(), func(q model.Partition) bool { return q.Role != model.Logical })
	if len(inside) == 0 {
		s.place(p, at)
		return
	}
	by := to.Start - p.Span.Start
	if by > 0 {
		slices.Reverse(inside)
	}
	s.place(p, places{p.ID: {Start: min(p.Span.Start, to.Start), End: max(p.Span.End, to.End)}})
	for _, q := range inside {
		s.place(q, places{q.ID: q.Span.Shift(by)})
	}
	s.place(p, at)
}

// place stages a move or a resize of one partition to its place, if it is not there.
func (s *stage) place(p model.Partition, at places) {
	now, ok := s.queue.Preview().Partition(p.ID)
	if to, moves := at[p.ID]; ok && p.ID != 0 && moves && to != now.Span {
		s.add(ops.MoveResizeTo(s.queue.Preview(), p.ID, to))
	}
}
