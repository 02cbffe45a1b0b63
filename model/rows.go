package model

import (
	"cmp"
	"slices"

	"shunt/geometry"
)

// Gap is a run of free sectors that a partition could use.
type Gap struct {
	Span geometry.Span
	// Role is the role of a partition that is made there: Logical inside the extended partition, else Primary.
	Role Role
}

// Detail selects which gaps Rows and Gaps return.
type Detail int

// The values of Detail.
const (
	// Readable leaves out gaps smaller than 1 MiB, and gaps of up to 1 MiB that hold a logical partition's boot record.
	// Nearly every disk has such gaps, and nothing useful fits in them.
	Readable Detail = iota
	// Everything includes every gap, down to one sector.
	Everything
)

// RowKind says what a Row shows.
type RowKind int

// What a Row can show.
const (
	RowPartition RowKind = iota
	RowGap
	RowWhole // the contents of a disk without a partition table
	RowRest  // what a partition's file system claims of the free space behind it, because the partition was cut
)

// Row is one line of the partition table on the screen, and one segment of the bar.
type Row struct {
	Kind      RowKind
	Span      geometry.Span
	Partition Partition  // RowPartition and RowRest
	Gap       Gap        // RowGap only
	FS        Filesystem // RowPartition, RowRest and RowWhole
	// Nested says that the row is inside the extended partition, whose own row comes before it.
	Nested bool
}

// Rows returns partitions and gaps by position on the disk. The contents of an extended partition follow it. A disk
// without a partition table is a single RowWhole.
func Rows(d Disk, detail Detail) []Row {
	if d.Table.Kind == TableNone {
		return []Row{{Kind: RowWhole, Span: d.Span(), FS: d.Whole}}
	}
	gaps := Gaps(d, detail)
	rows := make([]Row, 0, len(d.parts)+len(gaps))
	for _, p := range d.parts {
		rows = append(rows, Row{Kind: RowPartition, Span: p.Span, Partition: p, FS: p.FS, Nested: p.Role == Logical})
	}
	for _, g := range gaps {
		rows = append(rows, Row{Kind: RowGap, Span: g.Span, Gap: g, Nested: g.Role == Logical})
	}
	rows = append(rows, d.rests()...)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return rows
}

// rests returns a row for each free run that the file system of a cut partition claims.
func (d Disk) rests() []Row {
	var rows []Row
	for p, over := range d.Cut() {
		for _, g := range d.gaps(Everything, nil) {
			if rest := g.Span.Intersect(over); !rest.Empty() {
				fs := Filesystem{Kind: p.FS.Kind, Used: -1} // all else is in the partition's own row
				rows = append(rows, Row{Kind: RowRest, Span: rest, Partition: p, FS: fs, Nested: g.Role == Logical})
			}
		}
	}
	return rows
}

// Gaps returns the free runs of a disk in order. A disk without a partition table has none. A gap before a logical
// partition includes the sector of that partition's boot record, because the record can move within the gap. What the file
// system of a cut partition claims is not free.
func Gaps(d Disk, detail Detail) []Gap {
	var claimed []geometry.Span
	for _, over := range d.Cut() {
		claimed = append(claimed, over)
	}
	return d.gaps(detail, claimed)
}

func (d Disk) gaps(detail Detail, claimed []geometry.Span) []Gap {
	if d.Table.Kind == TableNone {
		return nil
	}
	var gaps []Gap
	add := func(within geometry.Span, role Role, uses func(Partition) bool) {
		used := slices.Clone(claimed)
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
