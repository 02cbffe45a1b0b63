// Package model holds the in-memory disk that a partition editor shows and operations edit. It never touches a file.
//
// Invariants: values are immutable. Every edit returns a new Disk, and slices are cloned on the way in and out. Positions
// are in the target's logical sectors. Check returns everything that is broken in a Disk.
package model

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"shunt/geometry"
)

// TableKind is the kind of partition table on a disk.
type TableKind int

// The partition tables that shunt reads and writes.
const (
	TableNone TableKind = iota // unpartitioned: blank, or a file system over the whole disk
	TableMBR
	TableGPT
)

func (k TableKind) String() string { return word(k, "none", "MBR", "GPT") }

// TableKindByName returns the kind of table with a name, in any case. Other programs call an MBR "msdos" or "dos".
func TableKindByName(name string) (kind TableKind, ok bool) {
	switch strings.ToLower(name) {
	case "gpt":
		return TableGPT, true
	case "mbr", "msdos", "dos":
		return TableMBR, true
	}
	return TableNone, false
}

// word returns the word for an enumerated value.
func word[T ~int](value T, words ...string) string {
	if value < 0 || int(value) >= len(words) {
		return "unknown"
	}
	return words[value]
}

// Table is the part of a partition table that concerns the whole disk.
type Table struct {
	Kind TableKind
	// Usable is the range in which partitions may be. GPT: first to last usable LBA. MBR: from sector 1, or from the end of
	// a partition that begins with sector 0, to the end of the disk, but at most 2^32 sectors. No table: empty.
	Usable geometry.Span
	// Slots is the number of entries in the table: 4 for an MBR, the entry count for a GPT.
	Slots int
	// EntrySize is the length of one GPT entry in bytes; 0 means the usual 128.
	EntrySize int
	// Array is the first sector of the entries in the first copy of a GPT; 0 if the table is not written yet and takes the
	// usual place.
	Array geometry.Sector
	// Boot is the active flag of the protective MBR of a GPT, without which some BIOS do not start from the disk.
	Boot bool
	// Strays is the number of entries in sector 0 of a GPT that neither protect it nor repeat a partition.
	Strays int
	// ID is the disk signature ("0x1234abcd") or the disk GUID.
	ID string
	// Foreign is the name of a table that shunt knows and leaves alone ("Sun disklabel"), or "". Kind is then TableNone.
	Foreign string
}

// String returns the name of the table: "GPT", "Sun disklabel", "none".
func (t Table) String() string { return cmp.Or(t.Foreign, t.Kind.String()) }

// Severity says how a Problem affects editing.
type Severity int

// The severities of a Problem, in ascending order.
const (
	Note    Severity = iota // normal or harmless (backup GPT not at the end of a grown disk)
	Warning                 // editing is possible, something is odd
	Fatal                   // the disk is shown read-only
)

// Problem is one fault of a disk.
type Problem struct {
	Severity Severity
	Text     string // the fault and its place: "primary GPT header at LBA 1: checksum does not match"
	// Plain says the same in sentences without terms of the format, or is "" if Text has none.
	Plain string
	// Advice says what to do, or is "". In commands, {target} stands for the path of the target, which the model does not
	// know, and {recover} for the command that ends an interrupted transaction.
	Advice string
	// InTable says that all of the damage is in the partition table: another table cures it.
	InTable bool
	// Sound says that nothing is damaged all the same: shunt leaves the disk alone, or other programs may mistake it.
	Sound bool
	// Needs is the number of sectors with which the disk would not have the problem, or 0 if a longer disk does not help.
	Needs geometry.Sector
}

// Disk is the layout of one target at one moment. The zero Disk is not valid; use New.
type Disk struct {
	SectorSize geometry.SectorSize
	Sectors    geometry.Sector // whole logical sectors of the target
	// Fixed says that the size of the target cannot change, because it is a block device.
	Fixed bool
	// Image is the state of the image's own format.
	Image ImageState
	Table Table
	// Loader is the boot loader that the boot code in sector 0 loads from a fixed place.
	Loader Loader
	// Whole is the file system on a disk without a partition table, or the ISO image around an MBR that has no entry for it.
	// Its kind is zero if there is none.
	Whole    Filesystem
	parts    []Partition // sorted by position on the disk, then by number
	inner    []Slice     // of all partitions
	problems []Problem
}

// New returns a disk with the given partitions and problems. It clones the slices.
func New(d Disk, parts []Partition, problems []Problem) Disk {
	d.problems = slices.Clone(problems)
	return d.WithPartitions(parts)
}

// Partitions returns the partitions by position on the disk. An extended partition comes before its logical ones.
func (d Disk) Partitions() []Partition { return slices.Clone(d.parts) }

// Each iterates over the same partitions as Partitions, without cloning them.
func (d Disk) Each() iter.Seq[Partition] { return slices.Values(d.parts) }

// Problems returns the faults that the scan found, and one for each file system that does not fit its partition.
func (d Disk) Problems() []Problem { return append(slices.Clone(d.problems), d.misfits()...) }

// Fatal returns the first fatal problem, if there is one.
func (d Disk) Fatal() (Problem, bool) {
	return find(d.problems, func(p Problem) bool { return p.Severity == Fatal })
}

// find returns the first element for which wanted is true, if there is one.
func find[T any](list []T, wanted func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, wanted); i >= 0 {
		return list[i], true
	}
	return found, false
}

// ReadOnly returns the reason why the disk must not be edited: its first fatal problem.
func (d Disk) ReadOnly() Reason {
	p, _ := d.Fatal()
	return Reason(p.Text)
}

// Incurable returns the reason why not even another partition table makes the disk one that can be edited: its first fatal
// problem that is not in the table alone.
func (d Disk) Incurable() Reason {
	p, _ := find(d.problems, func(p Problem) bool { return p.Severity == Fatal && !p.InTable })
	return Reason(p.Text)
}

// TableGone reports whether nothing of the table can be read, so that only a new table makes this a disk that can be
// edited.
func (d Disk) TableGone() bool {
	return d.Table.Kind != TableNone && !d.ReadOnly().OK() && d.Incurable().OK() && d.Table.Usable.Empty() && len(d.parts) == 0
}

// CuredBy reports whether the table of d is damaged and that of after, which follows from it, is not.
func (d Disk) CuredBy(after Disk) bool {
	damaged := func(p Problem) bool { return p.InTable }
	return slices.ContainsFunc(d.problems, damaged) && !slices.ContainsFunc(after.problems, damaged)
}

// Needs returns how many sectors a disk that was cut off must have to be edited. It is 0 if more than the size is wrong.
func (d Disk) Needs() geometry.Sector {
	n := geometry.Sector(0)
	for _, p := range d.problems {
		if p.Severity == Fatal {
			if p.Needs == 0 {
				return 0
			}
			n = max(n, p.Needs)
		}
	}
	return n
}

// Span returns the whole disk as a span.
func (d Disk) Span() geometry.Span { return geometry.Span{End: d.Sectors} }

// Beneath reports whether p begins before the usable range of an MBR. ISO images for USB sticks have a partition that covers
// the table in sector 0, and the usable range begins behind it. p is that partition or is inside it, and never changes.
func (d Disk) Beneath(p Partition) bool {
	const first = 1 // where the range begins if no partition covers the table
	usable := d.Table.Usable.Start
	return d.Table.Kind == TableMBR && usable > first && p.Role == Primary && p.Span.Start >= 0 && p.Span.Start < usable
}

// Size returns the size of the disk in bytes, counting whole sectors only.
func (d Disk) Size() geometry.Bytes { return d.SectorSize.Bytes(d.Sectors) }

// Equal reports whether the two disks are equal in every respect.
func (d Disk) Equal(other Disk) bool {
	return d.SectorSize == other.SectorSize && d.Sectors == other.Sectors && d.Fixed == other.Fixed && d.Image == other.Image &&
		d.Table == other.Table && d.Loader == other.Loader && d.Whole == other.Whole &&
		slices.Equal(d.parts, other.parts) && slices.Equal(d.inner, other.inner) &&
		slices.Equal(d.problems, other.problems)
}

// Partition returns the partition with this identity. Identity 0 is the file system that covers a disk without a table.
func (d Disk) Partition(id PartID) (Partition, bool) {
	if id == 0 {
		known := d.Table.Kind == TableNone && d.Whole.Known()
		if !known {
			return Partition{}, false
		}
		return Partition{Span: d.Span(), FS: d.Whole}, true
	}
	return find(d.parts, func(p Partition) bool { return p.ID == id })
}

// ByNumber returns the partition with this number, as users see it.
func (d Disk) ByNumber(n int) (Partition, bool) {
	return find(d.parts, func(p Partition) bool { return p.Number == n })
}

// WithPartitions returns d with these partitions instead of its own.
func (d Disk) WithPartitions(parts []Partition) Disk { return d.owning(slices.Clone(parts)) }

// owning is like WithPartitions, but keeps the slice, which no other code may hold.
func (d Disk) owning(parts []Partition) Disk {
	d.parts = parts
	slices.SortStableFunc(d.parts, byPosition)
	return d
}

// With returns d with p instead of the partition that has the same ID. If there is none, p is added.
func (d Disk) With(p Partition) Disk {
	if p.ID == 0 && d.Table.Kind == TableNone {
		d.Whole = p.FS
		return d
	}
	parts := d.Partitions()
	i := slices.IndexFunc(parts, func(old Partition) bool { return old.ID == p.ID })
	if i < 0 {
		return d.owning(append(parts, p))
	}
	parts[i] = p
	return d.owning(parts)
}

// Without returns d without the partition that has this identity. The others keep their numbers.
func (d Disk) Without(id PartID) Disk {
	return d.owning(slices.DeleteFunc(d.Partitions(), func(p Partition) bool { return p.ID == id }))
}
