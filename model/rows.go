package model

import (
	"shunt/geometry"
)

// Gap is a run of sectors that no partition uses but that one could.
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

// RowKind tells what a Row shows.
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
// followed by what lies in it. A disk without a partition table is a single RowWhole.
func Rows(d Disk, detail Detail) []Row {
	if d.Table.Kind == TableNone {
		return []Row{{Kind: RowWhole, Span: d.Span(), FS: d.Whole}}
	}
	parts, gaps := d.parts, Gaps(d, detail)
	rows := make([]Row, 0, len(parts)+len(gaps))
	for len(parts) > 0 || len(gaps) > 0 {
		if len(parts) == 0 || (len(gaps) > 0 && gaps[0].Span.Start < parts[0].Span.Start) {
			rows = append(rows, gapRow(gaps[0]))
			gaps = gaps[1:]
			continue
		}
		p := parts[0]
		parts = parts[1:]
		rows = append(rows, Row{Kind: RowPartition, Span: p.Span, Partition: p, FS: p.FS, Nested: p.Role == Logical})
	}
	return rows
}

func gapRow(g Gap) Row {
	return Row{Kind: RowGap, Span: g.Span, Gap: g, Nested: g.Role == Logical}
}

// Gaps lists the free runs of a disk in order. A disk without a partition table has none. A gap before a
// logical partition includes the sector of that partition's boot record, which can be moved within it.
func Gaps(d Disk, detail Detail) []Gap {
	if d.Table.Kind == TableNone {
		return nil
	}
	grain := geometry.AlignMiB.Grain(d.SectorSize)
	var gaps []Gap
	for _, g := range geometry.Gaps(d.Table.Usable, d.spans(func(p Partition) bool { return p.Role != Logical })) {
		if detail == Everything || g.Len() >= grain {
			gaps = append(gaps, Gap{Span: g, Role: Primary})
		}
	}
	ext, ok := d.Extended()
	if !ok {
		return gaps
	}
	// The free runs inside the extended partition come right after the top-level gaps before it.
	at := 0
	for at < len(gaps) && gaps[at].Span.Start < ext.Span.Start {
		at++
	}
	inside := make([]Gap, 0, len(gaps)+1)
	inside = append(inside, gaps[:at]...)
	for _, g := range geometry.Gaps(ext.Span, d.spans(func(p Partition) bool { return p.Role == Logical })) {
		least := grain
		if g.End < ext.Span.End {
			least = grain + 1
		}
		if detail == Everything || g.Len() >= least {
			inside = append(inside, Gap{Span: g, Role: Logical})
		}
	}
	return append(inside, gaps[at:]...)
}

func (d Disk) spans(of func(Partition) bool) []geometry.Span {
	var spans []geometry.Span
	for _, p := range d.parts {
		if of(p) {
			spans = append(spans, p.Span)
		}
	}
	return spans
}
