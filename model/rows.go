package model

import (
	"cmp"
	"slices"

	"shunt/geometry"
)

// Gap is a run of sectors that no partition uses and that one could use.
type Gap struct {
	Span geometry.Span
	// Role is what a partition made there would be: Logical inside the extended partition, else Primary.
	Role Role
}

// Detail says how much of a disk Rows and Gaps show.
type Detail int

// The details that can be asked for.
const (
	// Readable leaves out gaps smaller than 1 MiB, and those of up to 1 MiB that only hold a logical
	// partition's boot record: they exist on nearly every disk and nothing useful fits in them.
	Readable Detail = iota
	// Everything shows every gap down to one sector.
	Everything
)

// RowKind says what a Row shows.
type RowKind int

// The kinds of rows.
const (
	RowPartition RowKind = iota
	RowGap
	RowWhole // the contents of a disk without a partition table
)

// Row is one line of the partition table as people see it, and one segment of the bar.
type Row struct {
	Kind      RowKind
	Span      geometry.Span
	Partition Partition  // RowPartition only
	Gap       Gap        // RowGap only
	FS        Filesystem // RowPartition and RowWhole
	// Nested says that the row lies inside the extended partition, whose own row came before it.
	Nested bool
}

// Rows lists partitions and gaps in the order of their place on the disk; an extended partition is
// followed by its contents. A disk without a partition table is a single RowWhole.
func Rows(d Disk, detail Detail) []Row {
	if d.Table.Kind == TableNone {
		return []Row{{Kind: RowWhole, Span: d.Span(), FS: d.Whole}}
	}
	var rows []Row
	for _, p := range d.parts {
		rows = append(rows, Row{Kind: RowPartition, Span: p.Span, Partition: p, FS: p.FS, Nested: p.Role == Logical})
	}
	for _, g := range Gaps(d, detail) {
		rows = append(rows, Row{Kind: RowGap, Span: g.Span, Gap: g, Nested: g.Role == Logical})
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return rows
}

// Gaps lists the free runs of a disk in order. A disk without a partition table has none. A gap before a
// logical partition includes the sector of that partition's boot record, which can be moved within it.
func Gaps(d Disk, detail Detail) []Gap {
	if d.Table.Kind == TableNone {
		return nil
	}
	var gaps []Gap
	add := func(within geometry.Span, role Role, uses func(Partition) bool) {
		var used []geometry.Span
		for _, p := range d.parts {
			if uses(p) {
				used = append(used, p.Span)
			}
		}
		for _, g := range geometry.Gaps(within, used) {
			least := geometry.AlignMiB.Grain(d.SectorSize)
			if role == Logical && g.End < within.End {
				least++
			}
			if detail == Everything || g.Len() >= least {
				gaps = append(gaps, Gap{Span: g, Role: role})
			}
		}
	}
	add(d.Table.Usable, Primary, func(p Partition) bool { return p.Role != Logical })
	if ext, ok := d.Extended(); ok {
		add(ext.Span, Logical, func(p Partition) bool { return p.Role == Logical })
	}
	slices.SortStableFunc(gaps, func(a, b Gap) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return gaps
}
