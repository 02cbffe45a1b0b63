// Package inspect describes a target and the contents of its partitions without changing anything. It collects facts from
// the scan, runs the file systems' own tools, and lists files by name, size and date. The information page, `shunt info`
// and `shunt ls` show the results.
//
// Invariants: bytes are read through an io.ReaderAt, and tools cannot change the target through the path that they get.
// No bytes on a disk make this package fail, panic or use unbounded memory or time. Every text in a sheet is printable.
// Values from a superblock are shown as they are, never corrected.
package inspect

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

// Partition returns the sheet of one partition of d, which was scanned from r. It runs no tools.
func Partition(r io.ReaderAt, d model.Disk, p model.Partition, name string) report.Sheet {
	span, z := p.Span.Intersect(d.Span()), d.SectorSize
	s := report.PartitionSheet(d, p, name, report.Exact)
	return withStart(s, io.NewSectionReader(r, int64(z.Bytes(span.Start)), int64(z.Bytes(span.Len()))), p.FS)
}

// Target returns the sheet of a whole target. d was scanned from r, and f holds the target's facts.
func Target(r io.ReaderAt, d model.Disk, name string, f report.Facts) report.Sheet {
	return withStart(report.TargetSheet(d, f, name, report.Exact), io.NewSectionReader(r, 0, int64(d.Size())), d.Whole)
}

// withStart adds the position of the partition according to the file system in the last section, if that stores it.
func withStart(s report.Sheet, r *io.SectionReader, fs model.Filesystem) report.Sheet {
	if start, ok := fsys.StoredStart(r, fs.Kind); ok && fs.Known() {
		s.Sections[len(s.Sections)-1].Add("Stored start", fmt.Sprintf("sector %s (according to the file system)", geometry.Sector(start)))
	}
	return s
}
