// Package model is the in-memory disk that a partition editor shows and that operations edit. It never touches a file.
//
// Invariants: values are immutable (every edit returns a new Disk, slices are cloned in and out);
// positions are in the target's logical sectors; Check lists everything that is broken in a Disk.
package model

import (
	"iter"
	"slices"

	"shunt/geometry"
)

// TableKind is the kind of partition table a disk carries.
type TableKind int

// The partition tables shunt reads and writes.
const (
	TableNone TableKind = iota // unpartitioned: blank, or a file system over the whole disk
	TableMBR
	TableGPT
)

func (k TableKind) String() string { return word(k, "none", "MBR", "GPT") }

// word returns the word for an enumerated value.
func word[T ~int](value T, words ...string) string {
	if value < 0 || int(value) >= len(words) {
		return "unknown"
	}
	return words[value]
}

// Table is the disk-wide part of a partition table.
type Table struct {
	Kind TableKind
	// Usable is where partitions may lie. GPT: first to last usable LBA. MBR: sector 1 to the end of the
	// disk, cut at 2^32 sectors; if a partition begins with sector 0, from its end on. None: empty.
	Usable geometry.Span
	// Slots is how many entries the table can hold: 4 primaries for MBR, the entry count for GPT.
	Slots int
	// EntrySize is the length of one GPT entry in bytes; 0 means the usual 128.
	EntrySize int
	// ID is the disk signature ("0x1234abcd") or the disk GUID.
	ID string
}

// Severity says what a Problem means for editing.
type Severity int

// The severities of a Problem.
const (
	Note    Severity = iota // normal or harmless (backup GPT not at the end of a grown disk)
	Warning                 // editing is possible, something is odd
	Fatal                   // the disk is shown read-only
)

// Problem is one thing that is wrong with a disk.
type Problem struct {
	Severity Severity
	Text     string // what is wrong and where: "primary GPT header at LBA 1: checksum does not match"
	// Advice is what to do, "" for nothing. The model does not know what the target is called, so {target} stands for it in
	// commands, and {recover} stands for the command that ends an interrupted transaction.
	Advice string
}

// Disk is one target's layout at one moment. The zero Disk is not valid; use New.
type Disk struct {
	SectorSize geometry.SectorSize
	Sectors    geometry.Sector // whole logical sectors of the target
	// Fixed says that the target cannot change its size (a block device).
	Fixed bool
	Table Table
	// Whole is the file system that covers the unpartitioned disk (Table.Kind none), zero Kind if there is none.
	Whole    Filesystem
	parts    []Partition // by position on the disk, then by number
	problems []Problem
}

// New is a disk with the given partitions; the slices are cloned.
func New(d Disk, parts []Partition, problems []Problem) Disk {
	d.problems = slices.Clone(problems)
	return d.WithPartitions(parts)
}

// Partitions lists the partitions by position on the disk; an extended partition comes before its logicals.
func (d Disk) Partitions() []Partition { return slices.Clone(d.parts) }

// Each yields what Partitions lists, without cloning the list.
func (d Disk) Each() iter.Seq[Partition] { return slices.Values(d.parts) }

// Problems lists what the scan found wrong.
func (d Disk) Problems() []Problem { return slices.Clone(d.problems) }

// Fatal returns the first fatal problem, if there is one.
func (d Disk) Fatal() (Problem, bool) {
	return find(d.problems, func(p Problem) bool { return p.Severity == Fatal })
}

// find returns the first element that is as wanted, if there is one.
func find[T any](list []T, wanted func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, wanted); i >= 0 {
		return list[i], true
	}
	return found, false
}

// ReadOnly returns why the disk must not be edited: its first fatal problem.
func (d Disk) ReadOnly() Reason {
	p, _ := d.Fatal()
	return Reason(p.Text)
}

// Span is the whole disk.
func (d Disk) Span() geometry.Span { return geometry.Span{End: d.Sectors} }

// Beneath reports whether p lies before the usable range of an MBR. That begins behind a partition that covers the table in
// sector 0, as ISO images for sticks have one, so p is that partition or lies in it. It is never changed.
func (d Disk) Beneath(p Partition) bool {
	const first = 1 // where the range begins if no partition covers the table
	usable := d.Table.Usable.Start
	return d.Table.Kind == TableMBR && usable > first && p.Role == Primary && p.Span.Start >= 0 && p.Span.Start < usable
}

// Size is the size of the disk's whole sectors in bytes.
func (d Disk) Size() geometry.Bytes { return d.SectorSize.Bytes(d.Sectors) }

// Equal reports whether two disks are the same in everything.
func (d Disk) Equal(other Disk) bool {
	return d.SectorSize == other.SectorSize && d.Sectors == other.Sectors && d.Fixed == other.Fixed &&
		d.Table == other.Table && d.Whole == other.Whole &&
		slices.Equal(d.parts, other.parts) && slices.Equal(d.problems, other.problems)
}

// Partition finds a partition by its identity.
func (d Disk) Partition(id PartID) (Partition, bool) {
	return find(d.parts, func(p Partition) bool { return p.ID == id })
}

// ByNumber finds a partition by the number that a user sees.
func (d Disk) ByNumber(n int) (Partition, bool) {
	return find(d.parts, func(p Partition) bool { return p.Number == n })
}

// WithPartitions returns d with exactly these partitions.
func (d Disk) WithPartitions(parts []Partition) Disk { return d.owning(slices.Clone(parts)) }

// owning is WithPartitions for a slice that no other code holds. It takes the slice.
func (d Disk) owning(parts []Partition) Disk {
	d.parts = parts
	slices.SortStableFunc(d.parts, byPosition)
	return d
}

// With returns d with partition p in place of the one that has its ID, or added if there is none.
func (d Disk) With(p Partition) Disk {
	parts := d.Partitions()
	i := slices.IndexFunc(parts, func(old Partition) bool { return old.ID == p.ID })
	if i < 0 {
		return d.owning(append(parts, p))
	}
	parts[i] = p
	return d.owning(parts)
}

// Without returns d less the partition with this identity. The numbers of the others stay as they are.
func (d Disk) Without(id PartID) Disk {
	return d.owning(slices.DeleteFunc(d.Partitions(), func(p Partition) bool { return p.ID == id }))
}
