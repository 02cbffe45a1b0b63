package model

import "shunt/geometry"

// MBRSectors is how many sectors an MBR can address: its fields are 32 bits wide.
const MBRSectors geometry.Sector = 1 << 32

// defaultEntrySize is the size of a GPT entry in every table that tools in the field make.
const defaultEntrySize = 128

// Tail is the number of sectors at the end of the disk that the table keeps for itself: the backup
// entry array and header of a GPT, 0 for the others.
func (d Disk) Tail() geometry.Sector {
	if d.Table.Kind != TableGPT {
		return 0
	}
	entry := geometry.Bytes(d.Table.EntrySize)
	if entry == 0 {
		entry = defaultEntrySize
	}
	least := d.SectorSize.Up(geometry.Bytes(d.Table.Slots)*entry) + 1
	// A table may reserve somewhat more than it needs, and that is kept. Much more means that the disk
	// grew behind the table's back, and the backup will move to the real end when the table is written.
	present := d.Sectors - d.Table.Usable.End
	if present > least && present <= least+geometry.AlignMiB.Grain(d.SectorSize) {
		return present
	}
	return least
}

// WithSectors is d on a disk of n sectors, with the range that partitions may use following its end.
// Partitions stay as they are; Check tells if some lie outside.
func (d Disk) WithSectors(n geometry.Sector) Disk {
	tail := d.Tail()
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

// Slots of new tables.
const (
	mbrSlots = 4
	gptSlots = 128
)

// FreshTable is a new table of this kind for a disk of n sectors. It has no ID yet. Usable is empty if the
// disk is too small for it. A GPT leaves the first MiB to boot loaders, if the disk has a few.
func FreshTable(kind TableKind, n geometry.Sector, z geometry.SectorSize) Table {
	switch kind {
	case TableMBR:
		return Table{Kind: kind, Slots: mbrSlots, Usable: geometry.Span{Start: 1, End: max(1, min(n, MBRSectors))}}
	case TableGPT:
		t := Table{Kind: kind, Slots: gptSlots, EntrySize: defaultEntrySize}
		array := z.Up(gptSlots * defaultEntrySize)
		t.Usable = geometry.Span{Start: 2 + array, End: n - 1 - array}
		if grain := geometry.AlignMiB.Grain(z); n > 4*grain {
			t.Usable.Start = grain
		}
		t.Usable.End = max(t.Usable.Start, t.Usable.End)
		return t
	case TableNone:
	}
	return Table{}
}
