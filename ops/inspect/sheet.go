// Package inspect looks at a target and at what lies in its partitions without changing anything. It collects facts from
// the scan, asks the file systems' own tools, and lists files by name, size and date. The information page, `shunt info`
// and `shunt ls` show the results.
//
// Invariants: bytes are read through an io.ReaderAt, and tools get a path whose bytes they cannot change on the target.
// Nothing on a disk can make this package fail, panic or use more than a bounded amount of memory and time. Every text in
// a sheet is printable. What a superblock says is shown as it is, never corrected.
package inspect

import (
	"fmt"
	"io"

	"shunt/model"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

// Partition returns the sheet of one partition of d, which was scanned from r. It runs no tools.
func Partition(r io.ReaderAt, d model.Disk, p model.Partition, name string) report.Sheet {
	span, z := p.Span.Intersect(d.Span()), d.SectorSize
	s := report.PartitionSheet(d, p, name)
	return withStart(s, io.NewSectionReader(r, int64(z.Bytes(span.Start)), int64(z.Bytes(span.Len()))), p.FS)
}

// Target returns the sheet of a whole target: the disk d, which was scanned from r, and its facts.
func Target(r io.ReaderAt, d model.Disk, name string, f report.Facts) report.Sheet {
	return withStart(report.TargetSheet(d, f, name), io.NewSectionReader(r, 0, int64(d.Size())), d.Whole)
}

// withStart adds where its partition starts as the file system of the last section says, if it stores that.
func withStart(s report.Sheet, r *io.SectionReader, fs model.Filesystem) report.Sheet {
	if start, ok := fsys.StoredStart(r, fs.Kind); ok && fs.Known() {
		s.Sections[len(s.Sections)-1].Add("Stored start", fmt.Sprintf("sector %d (where its partition starts, as the file system says)", start))
	}
	return s
}
