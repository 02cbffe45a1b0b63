package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// This file names what is in the way of a partition that moves or grows.

// behind is what begins, or what ends, at the end of a free run, as a clause that goes on: "p2 starts".
func (m moving) behind(end geometry.Sector) string {
	if m.part.Role == model.Logical {
		if q, ok := m.next(); ok {
			if q.Span.Start > end {
				return "the boot record of " + q.Ref() + " starts"
			}
			return q.Ref() + " starts"
		}
		return "the extended partition ends"
	}
	for q := range m.disk.Each() {
		if q.Role != model.Logical && q.ID != m.part.ID && q.Span.Start == end {
			return q.Ref() + " starts"
		}
	}
	return "the disk ends"
}

// next and previous are the partitions of the same kind on both sides.
func (m moving) next() (best model.Partition, ok bool) {
	for q := range m.disk.Each() {
		if q.ID != m.part.ID && (q.Role == model.Logical) == (m.part.Role == model.Logical) && q.Span.Start >= m.part.Span.End &&
			(!ok || q.Span.Start < best.Span.Start) {
			best, ok = q, true
		}
	}
	return best, ok
}

func (m moving) previous() (best model.Partition, ok bool) {
	for q := range m.disk.Each() {
		if q.ID != m.part.ID && (q.Role == model.Logical) == (m.part.Role == model.Logical) && q.Span.End <= m.part.Span.Start &&
			(!ok || q.Span.End > best.Span.End) {
			best, ok = q, true
		}
	}
	return best, ok
}

// bounding is the partition that would be met on the way from the nearest place, or from where it lies if that is -1, to where it
// was asked for.
func (m moving) bounding(at geometry.Sector) (model.Partition, bool) {
	room, right := m.limits.Room, m.to.Start > m.part.Span.Start || m.to.Start == m.part.Span.Start && m.to.End > m.part.Span.End
	if at >= 0 && m.part.Role != model.Logical && m.limits.Keep.Empty() {
		if from := m.part.Span.Start; m.to.Start < from && at < m.to.Start || m.to.Start > from && at > m.to.Start {
			return m.met() // it would be beyond
		}
		right = m.to.Start > at
		for _, run := range m.runs() {
			if run.Contains(at) {
				room = run
			}
		}
		for q := range m.disk.Each() {
			if q.Role == model.Logical || q.ID == m.part.ID {
				continue
			}
			if right && q.Span.Start == room.End && m.to.End > q.Span.Start || !right && q.Span.End == room.Start && m.to.Start < q.Span.End {
				return q, true
			}
		}
		return model.Partition{}, false
	}
	if right {
		q, ok := m.next()
		return q, ok && m.to.End > q.Span.Start
	}
	q, ok := m.previous()
	return q, ok && m.to.Start < q.Span.End
}

// met is a partition that lies where this one should.
func (m moving) met() (model.Partition, bool) {
	for q := range m.disk.Each() {
		if q.ID != m.part.ID && (q.Role == model.Logical) == (m.part.Role == model.Logical) && m.to.Overlaps(q.Span) {
			return q, true
		}
	}
	return model.Partition{}, false
}

// inTheWay is why the partition cannot lie where it was asked for, if the nearest place begins at the given sector, -1 for
// none. What keeps it from going farther is named, not what it would meet behind that.
func (m moving) inTheWay(at geometry.Sector) model.Reason {
	q, ok := m.bounding(at)
	switch {
	case !ok:
	case m.part.Role == model.Logical && !m.to.Overlaps(q.Span):
		return model.Because("logical partitions keep their order and %s is in between", q.Ref())
	default:
		return model.Because("%s is in the way", q.Ref())
	}
	within, name := m.disk.Table.Usable, "the disk"
	if ext, ok := m.disk.Extended(); ok && m.part.Role == model.Logical {
		within, name = ext.Span, "the extended partition"
	}
	if q, ok := m.met(); ok {
		return model.Because("%s is in the way", q.Ref())
	}
	switch {
	case m.to.Start < within.Start:
		return model.Because("it would begin before the first usable sector of %s, %d", name, within.Start)
	case m.to.End > within.End:
		return model.Because("it would end %s behind the last usable sector of %s", exactAmount(m.to.End-within.End, m.disk.SectorSize), name)
	}
	return "the boot record of a logical partition needs a free sector there"
}
