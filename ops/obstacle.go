package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// This file finds the obstacles of a partition that moves or grows.

// behind returns the start of a sentence about what begins or ends at the end of a free run: "p2 starts".
func (m relocation) behind(end geometry.Sector) string {
	next, ok := m.next()
	switch {
	case m.part.Role != model.Logical:
		for q := range m.peers() {
			if q.Span.Start == end {
				return q.Ref() + " starts"
			}
		}
		return "the disk ends"
	case !ok:
		return "the extended partition ends"
	case next.Span.Start > end:
		return "the boot record of " + next.Ref() + " starts"
	}
	return next.Ref() + " starts"
}

// next returns the first of its peers behind it. previous returns the last one before it.
func (m relocation) next() (best model.Partition, ok bool) {
	for q := range m.peers() {
		if q.Span.Start >= m.part.Span.End && (!ok || q.Span.Start < best.Span.Start) {
			best, ok = q, true
		}
	}
	return best, ok
}

func (m relocation) previous() (best model.Partition, ok bool) {
	for q := range m.peers() {
		if q.Span.End <= m.part.Span.Start && (!ok || q.Span.End > best.Span.End) {
			best, ok = q, true
		}
	}
	return best, ok
}

// bounding returns the partition that it would meet first on the way to its new place. The way begins at at, the nearest
// free place, or at its present place if at is -1.
func (m relocation) bounding(at geometry.Sector) (model.Partition, bool) {
	from := m.part.Span.Start
	if at < 0 || m.part.Role == model.Logical || !m.limits.Keep.Empty() {
		if m.to.Start > from || m.to.Start == from && m.to.End > m.part.Span.End {
			q, ok := m.next()
			return q, ok && m.to.End > q.Span.Start
		}
		q, ok := m.previous()
		return q, ok && m.to.Start < q.Span.End
	}
	if m.to.Start < from && at < m.to.Start || m.to.Start > from && at > m.to.Start {
		return m.met() // the nearest place is beyond the new one
	}
	room, right := m.limits.Room, m.to.Start > at
	for _, run := range m.runs() {
		if run.Contains(at) {
			room = run
		}
	}
	for q := range m.peers() {
		if right && q.Span.Start == room.End && m.to.End > q.Span.Start || !right && q.Span.End == room.Start &&
			m.to.Start < q.Span.End {
			return q, true
		}
	}
	return model.Partition{}, false
}

// met returns a partition at its new place.
func (m relocation) met() (model.Partition, bool) {
	for q := range m.peers() {
		if m.to.Overlaps(q.Span) {
			return q, true
		}
	}
	return model.Partition{}, false
}

// claimed returns a cut partition whose file system goes on at the new place.
func (m relocation) claimed() (model.Partition, bool) {
	for q, over := range m.disk.Cut() {
		if q.ID != m.part.ID && !encloses(m.part, q) && m.to.Overlaps(over) {
			return q, true
		}
	}
	return model.Partition{}, false
}

// inTheWay returns the reason why the partition cannot have its new place: the first obstacle. at is the start of the
// nearest free place, or -1 if there is none.
func (m relocation) inTheWay(at geometry.Sector) model.Reason {
	q, ok := m.bounding(at)
	if ok && m.part.Role == model.Logical && !m.to.Overlaps(q.Span) {
		return model.Because("logical partitions keep their order and %s is in between", q.Ref())
	}
	if !ok {
		q, ok = m.met()
	}
	within, name := bounds(m.disk, m.part.Role)
	claimer, claimed := m.claimed()
	switch {
	case claimed && !ok:
		return goesOn(claimer)
	case ok:
		return model.Because("%s is in the way", q.Ref())
	case m.to.Start < within.Start:
		return model.Because("it would begin before the first usable sector of %s, %s", name, within.Start)
	case m.to.End > within.End:
		return beyondBounds(m.disk, m.part.Role, m.to.End)
	}
	return "the boot record of a logical partition needs a free sector there"
}

// bounds returns the range for partitions of a role, and a name for what it belongs to.
func bounds(d model.Disk, role model.Role) (within geometry.Span, name string) {
	if ext, ok := d.Extended(); ok && role == model.Logical {
		return ext.Span, "the extended partition"
	}
	return d.Table.Usable, "the disk"
}

func beyondBounds(d model.Disk, role model.Role, end geometry.Sector) model.Reason {
	within, name := bounds(d, role)
	return model.Because("it would end %s behind the last usable sector of %s", exactAmount(end-within.End,
		d.SectorSize), name)
}
