package model

import (
	"cmp"
	"fmt"
	"slices"

	"shunt/geometry"
)

// FirstLogical is the number of the first logical partition.
const FirstLogical = 5

// Extended is the disk's extended partition, the one with the lowest number if a broken disk has several.
func (d Disk) Extended() (Partition, bool) {
	var ext Partition
	found := false
	for _, p := range d.parts {
		if p.Role == Extended && (!found || p.Number < ext.Number) {
			ext, found = p, true
		}
	}
	return ext, found
}

// Logicals lists the logical partitions in the order of their chain, which is that of their numbers.
func (d Disk) Logicals() []Partition {
	var list []Partition
	for _, p := range d.parts {
		if p.Role == Logical {
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b Partition) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// Rechain is d with the boot records (EBRs) and numbers of its logical partitions put right after an edit.
//
// The chain order is that of the numbers, which become 5, 6, … without holes. The first logical's EBR is
// the first sector of the extended partition, as every reader starts there. Each other EBR must lie in
// the free run right before its partition: it stays where it is if it still does, else it goes 1 MiB
// before the partition, or as far as there is room. It is an error, and d is not to be used, if some
// logical partition has no free sector before it or lies outside the extended partition.
func Rechain(d Disk) (Disk, error) {
	chain := d.Logicals()
	if len(chain) == 0 {
		return d, nil
	}
	ext, ok := d.Extended()
	if !ok {
		return d, fmt.Errorf("rechain: %s is logical but there is no extended partition", chain[0].Ref())
	}
	for i, p := range chain {
		room := geometry.Span{Start: ext.Span.Start, End: p.Span.Start}
		if !ext.Span.Encloses(p.Span) {
			return d, fmt.Errorf("rechain: %s is not inside the extended partition", p.Ref())
		}
		if i > 0 {
			room.Start = ebrRoom(ext, chain, i)
		}
		if room.Empty() {
			return d, fmt.Errorf("rechain: %s has no free sector before it for its boot record", p.Ref())
		}
		switch {
		case i == 0:
			p.EBR = ext.Span.Start
		case !room.Contains(p.EBR):
			p.EBR = p.Span.Start - min(geometry.AlignMiB.Grain(d.SectorSize), room.Len())
		}
		p.Number = FirstLogical + i
		d = d.With(p)
	}
	return d, nil
}

// ebrRoom is the first sector after everything that lies before chain[i] inside the extended partition.
// The extended's own first sector belongs to the first EBR.
func ebrRoom(ext Partition, chain []Partition, i int) geometry.Sector {
	start := ext.Span.Start + 1
	for j, other := range chain {
		if j != i && other.Span.Start <= chain[i].Span.Start {
			start = max(start, other.Span.End)
		}
	}
	return start
}
