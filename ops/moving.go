package ops

import (
	"fmt"
	"iter"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// relocation is a partition that is to get another place, another length or both. Its methods refuse what is impossible; they
// name what is in the way and the nearest place or length that works.
type relocation struct {
	disk   model.Disk
	limits Limits
	part   model.Partition
	to     geometry.Span
}

// ability refuses what the contents do not allow at all.
func (m relocation) ability() *Refusal {
	l, from := m.limits, m.part.Span
	switch {
	case m.to.Start != from.Start && !l.Move.OK():
		return refusedFor(l.Move)
	case m.to.Len() > from.Len():
		return refusedFor(l.Grow)
	case m.to.Len() < from.Len():
		return refusedFor(l.Shrink)
	}
	return nil
}

// logicals refuses to move an extended partition away from what lies in it.
func (m relocation) logicals() *Refusal {
	keep := m.limits.Keep
	if keep.Empty() || m.to.Encloses(keep) && m.to.Len() != m.part.Span.Len() {
		return nil
	}
	if m.to.Len() == m.part.Span.Len() {
		return &Refusal{
			Reason:  "the logical partitions in it do not move along",
			Nearest: "resize it at its ends, or delete the logical partitions first",
		}
	}
	r := &Refusal{Reason: "it must go on enclosing the logical partitions in it"}
	// What is asked for at the other end stays, as far as that can be.
	start, end := min(m.to.Start, keep.Start), max(m.to.End, keep.End)
	start, end = max(start, m.limits.Room.Start), min(end, m.limits.Room.End)
	if end-start < m.limits.MinLen || start == m.part.Span.Start && end == m.part.Span.End || end-start == m.part.Span.Len() {
		return r
	}
	switch {
	case m.to.Start > keep.Start && m.to.End < keep.End:
		r.Nearest = fmt.Sprintf("its start can go up to sector %d and its end down to sector %d", start, end)
	case m.to.Start > keep.Start:
		r.Nearest = fmt.Sprintf("its start can go up to sector %d", start)
	default:
		r.Nearest = fmt.Sprintf("its end can go down to sector %d", end)
	}
	if m.to.Start == m.part.Span.Start {
		free := m.part.Span.End - end
		r.Nearest = fmt.Sprintf("it can shrink by at most %s to %s", AtMost(free, m.disk.SectorSize), AtLeast(end-start, m.disk.SectorSize))
	}
	r.Bounds = []Bound{{Start, start}, {End, end}}
	return r
}

// length refuses lengths that the contents or the table do not allow, wherever the partition lies.
func (m relocation) length() *Refusal {
	l, z, now, want := m.limits, m.disk.SectorSize, m.part.Span.Len(), m.to.Len()
	switch {
	case want < now && want < l.MinLen:
		r := &Refusal{Reason: model.Reason(l.WhyMin.String())}
		if l.MinLen < now && m.free(geometry.SpanOf(m.to.Start, l.MinLen)) {
			r.Nearest = fmt.Sprintf("it can shrink by at most %s to %s", AtMost(now-l.MinLen, z), AtLeast(l.MinLen, z))
			r.Bounds = []Bound{{Length, l.MinLen}}
		}
		return r
	case want > now && want > l.Longest:
		longest, reason := max(now, l.Longest), model.Reason("it cannot be that large")
		if p := m.part; p.FS.Max > 0 && z.Down(p.FS.Max) <= longest {
			reason = model.Because("with blocks of %s its %s cannot be that large", geometry.FormatBytes(p.FS.BlockSize), p.FS.Kind)
		}
		if run, ok := m.run(); ok && run.End-m.to.Start < longest {
			return m.tooLong(run) // what lies behind is nearer
		}
		r := &Refusal{Reason: reason}
		if longest > now && m.free(geometry.SpanOf(m.to.Start, longest)) {
			r.Nearest = fmt.Sprintf("it can grow by at most %s to %s", AtMost(longest-now, z), AtMost(longest, z))
			r.Bounds = []Bound{{Length, longest}}
		}
		return r
	}
	return nil
}

// place refuses a place that is not free.
func (m relocation) place() *Refusal {
	if m.free(m.to) {
		return nil
	}
	if !m.limits.Keep.Empty() {
		return m.beyond()
	}
	if run, ok := m.run(); ok && m.to.Len() != m.part.Span.Len() {
		if r := m.tooLong(run); len(r.Bounds) > 0 || m.to.Start == m.part.Span.Start {
			return r
		}
	}
	at, farther := m.nearest()
	r := &Refusal{Reason: m.inTheWay(at)}
	if at < 0 {
		if m.to.End > m.disk.Table.Usable.End && m.part.Role != model.Logical && !m.disk.Fixed && m.limits.Room.End == m.disk.Table.Usable.End {
			r.Nearest = "grow the image first"
		}
		return r
	}
	r.Bounds = []Bound{{Start, at}}
	most := "at most "
	if farther {
		most = "up to "
	}
	switch from := m.part.Span.Start; {
	case !m.beside(at):
		r.Nearest = fmt.Sprintf("the nearest place it fits into begins at sector %d", at)
	case at > from && m.to.Start > from:
		r.Nearest = "it can move right by " + most + AtMost(at-from, m.disk.SectorSize)
	case at < from && m.to.Start < from:
		r.Nearest = "it can move left by " + most + AtMost(from-at, m.disk.SectorSize)
	default:
		r.Nearest = fmt.Sprintf("it can begin at sector %d", at)
	}
	return r
}

// beyond is the refusal to let an extended partition with others in it reach over what lies beside it.
func (m relocation) beyond() *Refusal {
	room, from := m.limits.Room, m.part.Span
	if m.to.Start == from.Start {
		return m.tooLong(room)
	}
	r := &Refusal{Reason: m.inTheWay(room.Start)}
	start, end := max(m.to.Start, room.Start), min(m.to.End, room.End)
	if end-start == from.Len() || end-start < m.limits.MinLen {
		return r
	}
	switch {
	case start == m.to.Start:
		r.Nearest = fmt.Sprintf("its end can go up to sector %d", end)
	case end == m.to.End:
		r.Nearest = fmt.Sprintf("its start can go down to sector %d", start)
	default:
		r.Nearest = fmt.Sprintf("its start can go down to sector %d and its end up to sector %d", start, end)
	}
	r.Bounds = []Bound{{Start, start}, {End, end}}
	return r
}

// tooLong is the refusal to reach beyond the free run that the partition begins in.
func (m relocation) tooLong(run geometry.Span) *Refusal {
	l, z, now := m.limits, m.disk.SectorSize, m.part.Span
	most := min(run.End-m.to.Start, max(l.Longest, now.Len()))
	if m.to.Start == now.Start {
		end, free := m.behind(run.End), run.End-now.End
		if free <= 0 {
			return &Refusal{Reason: model.Because("%s right behind it", end)}
		}
		r := &Refusal{Reason: model.Because("%s %s behind it", end, rounded(free, z, 0))}
		if most > now.Len() {
			r.Nearest, r.Bounds = "it can grow by at most "+AtMost(most-now.Len(), z), []Bound{{Length, most}}
		}
		return r
	}
	r := &Refusal{Reason: model.Because("%s %s behind its new start", m.behind(run.End), rounded(run.End-m.to.Start, z, 0))}
	if most < now.Len() && (!l.Shrink.OK() || most < l.MinLen) {
		return r
	}
	r.Nearest, r.Bounds = "it can be at most "+AtMost(most, z)+" long there", []Bound{{Length, most}}
	return r
}

// runs are the spans that the partition can lie in. Logical partitions keep their order, so they have one.
func (m relocation) runs() []geometry.Span {
	if m.part.Role == model.Logical {
		return []geometry.Span{m.limits.Room}
	}
	var used []geometry.Span
	for q := range m.peers() {
		used = append(used, q.Span)
	}
	return geometry.Gaps(m.disk.Table.Usable, used)
}

// peers are the partitions that it could meet.
func (m relocation) peers() iter.Seq[model.Partition] {
	return func(yield func(model.Partition) bool) {
		for q := range m.disk.Each() {
			if q.ID != m.part.ID && (q.Role == model.Logical) == (m.part.Role == model.Logical) && !yield(q) {
				return
			}
		}
	}
}

// run is the free run that the new start lies in.
func (m relocation) run() (geometry.Span, bool) {
	runs := m.runs()
	i := slices.IndexFunc(runs, func(run geometry.Span) bool { return run.Contains(m.to.Start) })
	if i < 0 {
		return geometry.Span{}, false
	}
	return runs[i], true
}

func (m relocation) free(span geometry.Span) bool {
	return slices.ContainsFunc(m.runs(), func(run geometry.Span) bool { return run.Encloses(span) })
}

// nearest is the start nearest to the new one at which the new length fits, -1 if there is none in the direction of the
// move. farther says that it could also start beyond the new one.
func (m relocation) nearest() (at geometry.Sector, farther bool) {
	const far = geometry.Sector(1) << 61 // distances stay countable
	from, want, n := m.part.Span.Start, min(max(m.to.Start, -far), far), m.to.Len()
	right := want > from
	step := geometry.Sector(0)
	if n == m.part.Span.Len() {
		step = 1 // it has to move
	}
	at = -1
	for _, run := range m.runs() {
		low, high := run.Start, run.End-n
		if right {
			low = max(low, from+step)
		} else {
			high = min(high, from-step)
		}
		if low > high {
			continue
		}
		near := min(max(want, low), high)
		farther = farther || right && near > want || !right && near < want
		if at < 0 || max(near-want, want-near) < max(at-want, want-at) {
			at = near
		}
	}
	return at, farther
}

// beside reports whether the partition gets to a start without passing another one.
func (m relocation) beside(at geometry.Sector) bool {
	return m.limits.Room.Encloses(geometry.SpanOf(at, m.to.Len()))
}
