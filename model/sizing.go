package model

import (
	"cmp"
	"slices"

	"shunt/geometry"
)

// MBRSectors is the number of sectors that an MBR can address: its fields have 32 bits.
const MBRSectors geometry.Sector = 1 << 32

// defaultEntrySize is the size of a GPT entry in the tables of all common tools.
const defaultEntrySize = 128

// ArraySectors returns the number of sectors that the entries of a GPT need.
func (t Table) ArraySectors(z geometry.SectorSize) geometry.Sector {
	return z.Up(geometry.Bytes(t.Slots) * geometry.Bytes(cmp.Or(t.EntrySize, defaultEntrySize)))
}

// UsualArray is the sector in which the entries of a GPT begin in the tables of all common tools.
const UsualArray geometry.Sector = 2

// ArraySpan returns the sectors with the entries of the first copy of a GPT.
func (t Table) ArraySpan(z geometry.SectorSize) geometry.Span {
	return geometry.SpanOf(cmp.Or(t.Array, UsualArray), t.ArraySectors(z))
}

// Tail returns the number of sectors at the end of the disk that the table reserves: the backup entry array and header of
// a GPT, or 0 for other tables.
func (d Disk) Tail() geometry.Sector {
	if d.Table.Kind != TableGPT {
		return 0
	}
	least := d.Table.ArraySectors(d.SectorSize) + 1
	// A table may reserve a little more than it needs, and keeps that. A much larger reserve means that the disk has
	// grown, and the backup will move to the new end when the table is written.
	present := d.Sectors - d.Table.Usable.End
	if present > least && present <= least+geometry.AlignMiB.Grain(d.SectorSize) {
		return present
	}
	return least
}

// WithSectors returns d on a disk of n sectors and adapts the range in which partitions may be. Partitions stay as they
// are; Check reports those that are outside. Problems that this size cures are gone.
func (d Disk) WithSectors(n geometry.Sector) Disk {
	tail := d.Tail()
	d.problems = slices.DeleteFunc(slices.Clone(d.problems), func(p Problem) bool { return p.Needs > 0 && p.Needs <= n })
	d.Sectors = n
	switch d.Table.Kind {
	case TableGPT:
		d.Table.Usable.End = n - tail
	case TableMBR:
		d.Table.Usable.End = min(n, MBRSectors)
	case TableNone:
	}
	return d
}

// The number of entries in new tables.
const (
	mbrSlots = 4
	gptSlots = 128
)

// FreshTable returns a new table of this kind for a disk of n sectors. The table has no ID yet. Usable is empty if the
// disk is too small.
func FreshTable(kind TableKind, n geometry.Sector, z geometry.SectorSize) Table {
	switch kind {
	case TableMBR:
		return Table{Kind: kind, Slots: mbrSlots, Usable: geometry.Span{Start: 1, End: max(1, min(n, MBRSectors))}}
	case TableGPT:
		t := Table{Kind: kind, Slots: gptSlots, EntrySize: defaultEntrySize}
		array := t.ArraySectors(z)
		t.Usable = geometry.Span{Start: 2 + array, End: n - 1 - array}
		t.Usable.End = max(t.Usable.Start, t.Usable.End)
		return t
	case TableNone:
	}
	return Table{}
}
