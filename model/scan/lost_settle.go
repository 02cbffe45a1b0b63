package scan

import (
	"cmp"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// settle decides what the finds are to each other: the same thing, one inside another, or in each other's way. The result is
// in the order of their positions.
func (s *sweep) settle(found []model.Lost) []model.Lost {
	found = joined(withoutCopies(found), s.old)
	slices.SortStableFunc(found, byPlace)
	found = slices.CompactFunc(found, func(a, b model.Lost) bool { return a.Span.Start == b.Span.Start })
	found = slices.DeleteFunc(found, s.present)
	for i := range found {
		s.bound(found, i)
	}
	for i := range found {
		s.confirm(&found[i])
	}
	found = slices.DeleteFunc(found, func(l model.Lost) bool { return l.Span.Empty() || l.Listed == model.TableNone && !l.FS.Known() })
	for i := range found {
		nest(found, i)
	}
	for i := range found {
		s.conflict(found, i)
	}
	return found
}

// byPlace orders by position. Of those that begin together the best comes first.
func byPlace(a, b model.Lost) int {
	return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(b.Trust, a.Trust), cmp.Compare(b.Listed, a.Listed),
		cmp.Compare(b.Span.End, a.Span.End))
}

// withoutCopies leaves out what only repeats another find: a superblock in a journal, or a copy that was taken for a first
// one. A copy has the UUID and lies inside.
func withoutCopies(found []model.Lost) []model.Lost {
	return slices.DeleteFunc(slices.Clone(found), func(l model.Lost) bool {
		return slices.ContainsFunc(found, func(of model.Lost) bool {
			same := of.FS.Kind == l.FS.Kind && of.FS.UUID == l.FS.UUID && l.FS.UUID != ""
			return same && of.Span.Start < l.Span.Start && l.Span.Start < of.Span.End && of.Trust >= l.Trust
		})
	})
}

// joined adds the entries of old tables. An entry and contents that begin together are one find.
func joined(found, old []model.Lost) []model.Lost {
	for _, entry := range old {
		at := -1
		for i, l := range found {
			if l.Span.Start == entry.Span.Start && (l.Open || entry.Span.Encloses(l.Span)) && (at < 0 || l.Trust > found[at].Trust) {
				at = i
			}
		}
		if at < 0 {
			found = append(found, entry)
			continue
		}
		l := &found[at]
		if l.Listed != model.TableNone {
			continue // by a newer table
		}
		l.Span, l.Entry, l.Listed, l.Open = entry.Span, entry.Entry, entry.Listed, false
		l.Why, l.Trust = append(l.Why, entry.Why...), max(l.Trust, model.Sure)
	}
	return found
}

// present reports whether a find is what a partition of the table holds.
func (s *sweep) present(l model.Lost) bool {
	for p := range s.d.Each() {
		if p.Role != model.Extended && p.Span.Start == l.Span.Start {
			return true
		}
	}
	return s.d.Whole.Known() && l.Span.Start == 0
}

// bound completes the length of a find: to where something else begins if nothing tells it, and to the end of the MiB if that
// is free, because partitions end there and file systems leave out what they cannot use.
func (s *sweep) bound(found []model.Lost, i int) {
	l, z := &found[i], s.d.SectorSize
	limit := s.d.Sectors
	if t := s.d.Table; t.Kind != model.TableNone && !t.Usable.Empty() {
		limit = t.Usable.End
	}
	for _, t := range s.taken {
		if t.Start > l.Span.Start {
			limit = min(limit, t.Start)
		}
	}
	for _, other := range found[i+1:] {
		if other.Span.Start >= l.Span.End {
			limit = min(limit, begins(other))
		}
	}
	switch {
	case l.Open:
		l.Span.End = max(l.Span.Start, limit)
		if end := geometry.AlignMiB.Down(limit, z); end > l.Span.Start {
			l.Span.End = end
		}
		l.Why = append(l.Why, "its length is not known: it is taken to reach to where something else begins")
	case l.Listed == model.TableNone && geometry.AlignMiB.Down(l.Span.Start, z) == l.Span.Start:
		if end := geometry.AlignMiB.Up(l.Span.End, z); end <= limit && end > l.Span.End {
			l.Span.End = end
		}
	}
}

// begins returns the first sector that belongs to a find.
func begins(l model.Lost) geometry.Sector {
	if l.Entry.EBR > 0 {
		return l.Entry.EBR
	}
	return l.Span.Start
}

// confirm has all that is known of contents looked for in the place that was found. What is recognised there as something else
// was overwritten.
func (s *sweep) confirm(l *model.Lost) {
	off, n := int64(s.d.SectorSize.Bytes(l.Span.Start)), int64(s.d.SectorSize.Bytes(l.Span.Len()))
	fs := Contents(s.r, off, n)
	switch {
	case l.Headless && !fs.Known(), fs.Kind == l.FS.Kind && fs.Size == 0:
	case l.FS.Known() && fs.Kind != l.FS.Kind:
		l.Trust, l.Headless = model.Doubtful, false
		if fs.Known() {
			l.Why = append(l.Why, fmt.Sprintf("there are signatures of %s too, which is newer", fs.Kind))
			l.Span.End = l.Span.Start // that is a find of its own
		}
	default:
		l.FS, l.Headless = fs, false
		if l.ESP = bootsFirmware(newWindow(s.r, off, n)); l.ESP {
			l.Why = append(l.Why, "it has boot loaders in the directory EFI: it is an EFI system partition")
		}
	}
}

// nest records inside which other find one lies. What only an old table lists, and what is doubtful, holds nothing.
func nest(found []model.Lost, i int) {
	for j, other := range found {
		holds := other.FS.Known() && other.Trust >= model.Likely && other.Trust >= found[i].Trust ||
			other.FS.Known() && other.Trust == model.Sure
		if i != j && holds && other.Inside == 0 && other.Span.Encloses(found[i].Span) && other.Span != found[i].Span {
			found[i].Inside = j + 1
			return
		}
	}
}

// conflict says what is in the way of a find: a partition, or another find that is better, or comes first.
func (s *sweep) conflict(found []model.Lost, i int) {
	l := &found[i]
	for p := range s.d.Each() {
		if p.Role != model.Extended && p.Span.Overlaps(l.Span) && l.Stays.OK() {
			l.Stays = model.Because("%s lies at %s, in a part of it", p.Ref(), p.Span.Named())
		}
	}
	for j, other := range found {
		if i == j || !l.Stays.OK() || l.Inside != 0 || other.Inside != 0 || !other.Stays.OK() || !other.Span.Overlaps(l.Span) {
			continue
		}
		if worth(other) > worth(*l) || worth(other) == worth(*l) && j < i {
			l.Stays = model.Because("lost%d lies in a part of it", j+1)
		}
	}
}

// worth orders finds that are in each other's way.
func worth(l model.Lost) int {
	n := 2 * int(l.Trust)
	if l.FS.Known() {
		n++
	}
	return n
}
