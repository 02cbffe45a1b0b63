// Package inspect looks at a target and at what lies in its partitions without changing anything. It collects facts from
// the scan, asks the file systems' own tools, and lists files by name, size and date. The information page, `shunt info`
// and `shunt ls` show the results.
//
// Invariants: bytes are read through an io.ReaderAt, and tools get a path whose bytes they cannot change on the target.
// Nothing on a disk can make this package fail, panic or use more than a bounded amount of memory and time. Every text in
// a sheet is printable. What a superblock says is shown as it is, never corrected.
package inspect

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

// Partition returns the sheet of one partition of d, which was scanned from r. It runs no tools.
func Partition(r io.ReaderAt, d model.Disk, p model.Partition, name string) report.Sheet {
	s := report.Sheet{Title: safetext.Printable(p.Ref() + " of " + name)}
	s = s.With(entry(d, p))
	if p.Role == model.Extended {
		return s.With(inside(d, p))
	}
	span, z := p.Span.Intersect(d.Span()), d.SectorSize
	return s.With(contents(io.NewSectionReader(r, int64(z.Bytes(span.Start)), int64(z.Bytes(span.Len()))), p.FS))
}

// entry returns what the table says about a partition.
func entry(d model.Disk, p model.Partition) report.SheetSection {
	z := d.SectorSize
	s := report.SheetSection{Title: "Partition"}
	s.Add("Number", fmt.Sprint(p.Number))
	if d.Table.Kind == model.TableMBR {
		s.Add("Role", p.Role.String())
	}
	s.Add("Start", position(p.Span.Start, z))
	s.Add("End", position(p.Span.End-1, z))
	s.Add("Size", sizeText(p.Span.Len(), z))
	text, look := alignment(p.Span.Start, z)
	s.Warn("Alignment", text, look)
	s.Add("Type", typeText(d.Table.Kind, p.Type))
	s.Add("Name", p.Name)
	s.Add("PARTUUID", p.UUID)
	s.Add("Flags", strings.Join(model.Flags(d.Table.Kind, p), ", "))
	if d.Table.Kind == model.TableGPT {
		s.Add("Attributes", fmt.Sprintf("0x%016x", p.Attributes))
	}
	if p.Role == model.Logical {
		s.Add("Boot record", fmt.Sprintf("sector %d, %d before the partition", p.EBR, p.Span.Start-p.EBR))
	}
	if over := p.Span.End - d.Sectors; over > 0 {
		s.Warn("Outside", fmt.Sprintf("%d sectors lie behind the end of the disk", over), report.Wrong)
	}
	return s
}

// inside lists the logical partitions in an extended one.
func inside(d model.Disk, p model.Partition) report.SheetSection {
	s := report.SheetSection{Title: "Contents"}
	var refs []string
	for _, q := range d.Partitions() {
		if q.Role == model.Logical && p.Span.Start <= q.Span.Start && q.Span.End <= p.Span.End {
			refs = append(refs, q.Ref())
		}
	}
	s.Add("Holds", cmp.Or(strings.Join(refs, ", "), "no logical partition"))
	return s
}

// sizeText formats a length.
func sizeText(n geometry.Sector, z geometry.SectorSize) string {
	return fmt.Sprintf("%s (%d sectors, %d bytes)", geometry.FormatBytes(z.Bytes(n)), n, z.Bytes(n))
}

// position formats a position in sectors and bytes, and in MiB if it is a whole number of them.
func position(at geometry.Sector, z geometry.SectorSize) string {
	b := z.Bytes(at)
	text := fmt.Sprintf("sector %d (byte %d", at, b)
	if b > 0 && b%geometry.MiB == 0 {
		text += fmt.Sprintf(", %d MiB", b/geometry.MiB)
	}
	return text + ")"
}

// alignment judges where a partition starts. If it starts inside a physical block of 4 KiB, many writes cost a read as
// well. That does no other harm.
func alignment(start geometry.Sector, z geometry.SectorSize) (string, report.Attention) {
	b := z.Bytes(start)
	switch {
	case b%geometry.MiB == 0:
		return "whole MiB", report.Plain
	case b%(4*geometry.KiB) != 0:
		return "not on a multiple of 4 KiB: slow on most disks made since 2010, harmless otherwise", report.Odd
	}
	return fmt.Sprintf("multiple of %s, not of 1 MiB", geometry.FormatBytes(b&-b)), report.Plain
}

// typeText formats a partition type as its name and its code.
func typeText(kind model.TableKind, t model.PartType) string {
	name := model.TypeName(kind, t)
	if name == string(t) {
		return string(t)
	}
	return fmt.Sprintf("%s (%s)", name, t)
}

// contents describes the file system that the scan found in a partition, or on a disk without a table.
func contents(r *io.SectionReader, fs model.Filesystem) report.SheetSection {
	s := report.SheetSection{Title: "File system"}
	if !fs.Known() {
		s.Add("Contents", "nothing that shunt knows")
		s.Add("Notes", fs.Notes)
		return s
	}
	s.Add("Kind", string(fs.Kind))
	s.Add("Label", fs.Label)
	s.Add("UUID", fs.UUID)
	if fs.Size > 0 {
		s.Add("Size", report.ExactBytes(fs.Size))
		switch rest := geometry.Bytes(r.Size()) - fs.Size; {
		case rest < 0:
			s.Warn("Too large", report.ExactBytes(-rest)+" longer than its partition, as it says", report.Wrong)
		case rest >= geometry.MiB:
			s.Warn("Not used", fmt.Sprintf("%s behind its end: grow it to use them", report.ExactBytes(rest)), report.Odd)
		}
	}
	if fs.Used >= 0 {
		s.Add("Used", report.ExactBytes(fs.Used))
	}
	if free := fs.Unused(); free >= 0 {
		s.Add("Unused", report.ExactBytes(free))
	}
	if fs.Min > 0 {
		s.Add("Smallest", "about "+report.ExactBytes(fs.Min))
	}
	if fs.BlockSize > 0 {
		s.Add("Block size", fmt.Sprintf("%d bytes", fs.BlockSize))
	}
	if fs.Dirty.OK() {
		s.Add("State", "nothing wrong is known")
	} else {
		s.Warn("State", string(fs.Dirty), report.Odd)
	}
	if start, ok := fsys.StoredStart(r, fs.Kind); ok {
		s.Add("Stored start", fmt.Sprintf("sector %d (where its partition starts, as the file system says)", start))
	}
	s.Warn("Elsewhere", fs.Elsewhere.String(), report.Odd)
	s.Add("Notes", fs.Notes)
	return s
}
