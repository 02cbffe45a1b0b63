package model

import (
	"cmp"
	"fmt"
	"slices"

	"shunt/geometry"
)

// FirstLogical is the number of the first logical partition.
const FirstLogical = 5

// Extended returns the disk's extended partition. If a damaged disk has several, it returns the one with the lowest
// number.
func (d Disk) Extended() (ext Partition, ok bool) {
	for _, p := range d.parts {
		if p.Role == Extended && (!ok || p.Number < ext.Number) {
			ext, ok = p, true
		}
	}
	return ext, ok
}

// Logicals returns the logical partitions in the order of their chain, which is also the order of their numbers.
func (d Disk) Logicals() []Partition {
	list := slices.DeleteFunc(d.Partitions(), func(p Partition) bool { return p.Role != Logical })
	slices.SortStableFunc(list, func(a, b Partition) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// Rechain returns d with new boot records (EBRs) and numbers for its logical partitions where an edit made that
// necessary.
//
// The numbers become 5, 6, … without holes, in their present order, and the chain follows them. The first EBR is the
// first sector of the extended partition, where every reader starts. Any other EBR must be in the free run before its
// partition. It stays where it is if that is true. Otherwise it moves to 1 MiB before the partition, or as far before as
// the run allows. Rechain fails if a logical partition has no free sector before it or is outside the extended partition;
// d must not be used then. The text of the error is a Reason.
func Rechain(d Disk) (Disk, error) {
	chain := d.Logicals()
	if len(chain) == 0 {
		return d, nil
	}
	ext, ok := d.Extended()
	if !ok {
		return d, fmt.Errorf("%s is a logical partition, and there is no extended one around it", chain[0].Ref())
	}
	for i, p := range chain {
		free := geometry.Span{Start: ext.Span.Start, End: p.Span.Start}
		if !ext.Span.Encloses(p.Span) {
			return d, fmt.Errorf("%s is a logical partition, and does not lie inside %s, the extended one", p.Ref(), ext.Ref())
		}
		if i > 0 {
			free.Start = freeBefore(ext, chain, i)
		}
		if free.Empty() {
			return d, fmt.Errorf("%s has no free sector in front of it for its boot record: %s", p.Ref(), inFront(ext, chain, i))
		}
		switch {
		case i == 0:
			p.EBR = ext.Span.Start
		case !free.Contains(p.EBR):
			p.EBR = p.Span.Start - min(geometry.AlignMiB.Grain(d.SectorSize), free.Len())
		}
		p.Number = FirstLogical + i
		d = d.With(p)
	}
	return d, nil
}

// inFront says what lies right in front of chain[i].
func inFront(ext Partition, chain []Partition, i int) string {
	for j, other := range chain {
		if j != i && other.Span.Start <= chain[i].Span.Start && other.Span.End >= chain[i].Span.Start {
			return other.Ref() + " reaches up to it"
		}
	}
	return ext.Ref() + ", the extended partition, begins there"
}

// freeBefore returns the first free sector of the run before chain[i], inside the extended partition. The first sector of
// the extended partition is never free: it holds the first EBR.
func freeBefore(ext Partition, chain []Partition, i int) geometry.Sector {
	start := ext.Span.Start + 1
	for j, other := range chain {
		if j != i && other.Span.Start <= chain[i].Span.Start {
			start = max(start, other.Span.End)
		}
	}
	return start
}
