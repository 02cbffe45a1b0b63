package ops

import (
	"fmt"
	"iter"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// relocation is a partition with its wanted place and length. Its methods refuse what is impossible. They name the
// obstacle and the nearest place or length that is possible.
type relocation struct {
	disk   model.Disk
	limits Limits
	part   model.Partition
	to     geometry.Span
}

// ability refuses a change that the contents do not allow at all.
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

// logicals refuses to move an extended partition away from its logical ones.
func (m relocation) logicals() *Refusal {
	keep := m.limits.Keep
	if keep.Empty() || m.to.Encloses(keep) && m.to.Len() != m.part.Span.Len() {
		return nil
	}
	if m.to.Len() == m.part.Span.Len() {
		return refusedFor("the logical partitions in it do not move along").near(
			"resize it at its ends, or delete the logical partitions first")
	}
	r := refusedFor("it must go on enclosing the logical partitions in it")
	// The other end stays as requested, as far as that is possible.
	start, end := max(min(m.to.Start, keep.Start), m.limits.Room.Start), min(max(m.to.End, keep.End), m.limits.Room.End)
	if !m.resizes(start, end) {
		return r
	}
	text, z := fmt.Sprintf("its end can go down to sector %s", end), m.disk.SectorSize
	switch {
	case m.to.Start == m.part.Span.Start:
		text = fmt.Sprintf("it can shrink by at most %s to %s", AtMost(m.part.Span.End-end, z), AtLeast(end-start, z))
	case m.to.Start > keep.Start && m.to.End < keep.End:
		text = fmt.Sprintf("its start can go up to sector %s and its end down to sector %s", start, end)
	case m.to.Start > keep.Start:
		text = fmt.Sprintf("its start can go up to sector %s", start)
	}
	return r.near(text, Bound{Start, start}, Bound{End, end})
}

// resizes reports whether the span from start to end is a resize that the smallest length allows.
func (m relocation) resizes(start, end geometry.Sector) bool {
	return end-start >= m.limits.MinLen && end-start != m.part.Span.Len()
}

// length refuses a length that the contents or the table do not allow at any place.
func (m relocation) length() *Refusal {
	l, z, now, want := m.limits, m.disk.SectorSize, m.part.Span.Len(), m.to.Len()
	claim := m.disk.Reach(m.part).Len()
	switch {
	case claim > now && want < claim:
		r := refusedFor(model.Because("its %s is longer than that", contents(m.part)))
		return r.near("it can be "+AtLeast(claim, z)+" or more", Bound{Length, claim})
	case want < now && want < l.MinLen:
		r := refusedFor(model.Reason(l.WhyMin.String()))
		if l.MinLen < now && m.free(geometry.SpanOf(m.to.Start, l.MinLen)) {
			return r.near(fmt.Sprintf("it can shrink by at most %s to %s", AtMost(now-l.MinLen, z), AtLeast(l.MinLen, z)),
				Bound{Length, l.MinLen})
		}
		return r
	case want > now && want < l.Resizable:
		r := refusedFor(l.WhyResizable)
		if l.Resizable <= l.Longest && m.free(geometry.SpanOf(m.to.Start, l.Resizable)) {
			return r.near("it can grow to "+AtLeast(l.Resizable, z)+" or more", Bound{Length, l.Resizable})
		}
		return r
	case want > now && want > l.Longest:
		longest := max(now, l.Longest)
		if run, ok := m.run(); ok && run.End-m.to.Start < longest {
			return m.tooLong(run) // the next partition is the nearer limit
		}
		r := refusedFor("it cannot be that large")
		if fs := m.part.FS; fs.Max > 0 && z.Down(fs.Max) <= longest {
			r.Reason = model.Because("with blocks of %s its %s cannot be that large", geometry.FormatBytes(fs.BlockSize), fs.Kind)
		}
		if longest > now && m.free(geometry.SpanOf(m.to.Start, longest)) {
			return r.near(fmt.Sprintf("it can grow by at most %s to %s", AtMost(longest-now, z), AtMost(longest, z)),
				Bound{Length, longest})
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
	r, end := refusedFor(m.inTheWay(at)), m.disk.Table.Usable.End
	if at < 0 {
		if m.to.End > end && m.part.Role != model.Logical && !m.disk.Fixed && m.limits.Room.End == end {
			r.Nearest = "grow the image first"
		}
		return r
	}
	most := "at most "
	if farther {
		most = "up to "
	}
	text := fmt.Sprintf("it can begin at sector %s", at)
	switch from := m.part.Span.Start; {
	case !m.limits.Room.Encloses(geometry.SpanOf(at, m.to.Len())): // it would pass another partition
		text = fmt.Sprintf("the nearest place it fits into begins at sector %s", at)
	case at > from && m.to.Start > from:
		text = "it can move right by " + most + AtMost(at-from, m.disk.SectorSize)
	case at < from && m.to.Start < from:
		text = "it can move left by " + most + AtMost(from-at, m.disk.SectorSize)
	}
	return r.near(text, Bound{Start, at})
}

// beyond refuses to let a non-empty extended partition extend over its neighbours.
func (m relocation) beyond() *Refusal {
	room := m.limits.Room
	if m.to.Start == m.part.Span.Start {
		return m.tooLong(room)
	}
	r := refusedFor(m.inTheWay(room.Start))
	start, end := max(m.to.Start, room.Start), min(m.to.End, room.End)
	text := fmt.Sprintf("its start can go down to sector %s and its end up to sector %s", start, end)
	switch {
	case !m.resizes(start, end):
		return r
	case start == m.to.Start:
		text = fmt.Sprintf("its end can go up to sector %s", end)
	case end == m.to.End:
		text = fmt.Sprintf("its start can go down to sector %s", start)
	}
	return r.near(text, Bound{Start, start}, Bound{End, end})
}

// tooLong refuses an end beyond the free run in which the partition begins.
func (m relocation) tooLong(run geometry.Span) *Refusal {
	l, z, now := m.limits, m.disk.SectorSize, m.part.Span
	most := min(run.End-m.to.Start, max(l.Longest, now.Len()))
	if m.to.Start == now.Start {
		end, free := m.behind(run.End), run.End-now.End
		if free <= 0 {
			return refusedFor(model.Because("%s right behind it", end))
		}
		r := refusedFor(model.Because("%s %s behind it", end, rounded(free, z, 0)))
		if most > now.Len() {
			return r.near("it can grow by at most "+AtMost(most-now.Len(), z), Bound{Length, most})
		}
		return r
	}
	r := refusedFor(model.Because("%s %s behind its new start", m.behind(run.End), rounded(run.End-m.to.Start, z, 0)))
	if most < now.Len() && (!l.Shrink.OK() || most < l.MinLen) {
		return r
	}
	return r.near("it can be at most "+AtMost(most, z)+" long there", Bound{Length, most})
}

// runs returns the spans in which the partition can be. A logical partition has only one, because logical partitions keep
// their order.
func (m relocation) runs() []geometry.Span {
	if m.part.Role == model.Logical {
		return []geometry.Span{m.limits.Room}
	}
	var used []geometry.Span
	for q := range m.peers() {
		used = append(used, q.Span)
	}
	for q, over := range m.disk.Cut() {
		if q.ID != m.part.ID && !encloses(m.part, q) {
			used = append(used, over)
		}
	}
	return geometry.Gaps(m.disk.Table.Usable, used)
}

// peers iterates over the partitions that could be in its way.
func (m relocation) peers() iter.Seq[model.Partition] {
	return func(yield func(model.Partition) bool) {
		for q := range m.disk.Each() {
			if q.ID != m.part.ID && (q.Role == model.Logical) == (m.part.Role == model.Logical) && !yield(q) {
				return
			}
		}
	}
}

// run returns the free run that contains the new start.
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

// nearest returns the possible start nearest to the wanted one for the new length, or -1 if there is none in the
// direction of the move. farther reports whether there is also a possible start beyond the wanted one.
func (m relocation) nearest() (at geometry.Sector, farther bool) {
	const far = geometry.Sector(1) << 61 // small enough to add to without overflow
	from, want, n := m.part.Span.Start, min(max(m.to.Start, -far), far), m.to.Len()
	right := want > from
	step := geometry.Sector(0)
	if n == m.part.Span.Len() {
		step = 1 // its place must change
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
