// Package scan builds the model of a disk from its bytes. Scan takes the partition table from model/table and adds what
// Probe finds in each partition. Probe recognises file systems and other contents by their superblocks.
//
// Invariants: Scan writes nothing. No bytes on a disk make it panic or use unbounded memory or time. It fails only if the
// partition table cannot be read. The model states every doubt.
package scan

import (
	"fmt"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/bootcode"
	"shunt/model/table"
)

// maxProbed limits how many partitions are probed. Linux shows at most 256 partitions of a disk, but a table of 4 MiB can
// list 32768, all of them perhaps over the same slow file system.
const maxProbed = 1024

// Scan returns the disk on r, which is size bytes long with sectors of size z. It reads the partition table and probes
// each partition except an extended one; a disk without a table is probed as a whole. The error comes from table.Read.
// The file system of a partition that cannot be read says so.
func Scan(r io.ReaderAt, size int64, z geometry.SectorSize) (model.Disk, error) {
	return WithProgress(r, size, z, func(string) {})
}

// WithProgress is like Scan and announces, in words for people, each thing that it is about to read. A failing medium can
// take minutes.
func WithProgress(r io.ReaderAt, size int64, z geometry.SectorSize, announce func(what string)) (model.Disk, error) {
	announce("reading the partition table")
	d, err := table.Read(r, size, z)
	if err != nil {
		return model.Disk{}, fmt.Errorf("scan: %w", err)
	}
	if d.Table.Kind == model.TableNone {
		d.Whole = newBlankness(r).of(Probe(r, 0, size), 0, size)
		return d, nil
	}
	d.Loader = bootcode.Find(r, z)
	parts, blank, inside := d.Partitions(), newBlankness(r), []model.Slice(nil)
	for i, p := range parts {
		if p.Role == model.Extended {
			continue
		}
		if i >= maxProbed {
			parts[i].FS = unread("was not looked at: it is beyond the first %d partitions", maxProbed)
			continue
		}
		// A wrong table can name sectors beyond the end of the disk. They hold nothing.
		span := p.Span.Intersect(d.Span())
		if !span.Empty() {
			announce(fmt.Sprintf("looking into %s, %d of %d", p.Ref(), i+1, len(parts)))
			off, n := int64(z.Bytes(span.Start)), int64(z.Bytes(span.Len()))
			parts[i].FS = blank.of(Probe(r, off, n), off, n)
			if t, ok := innerTable(newWindow(r, off, n), z, p); ok && d.Table.Kind == model.TableMBR {
				parts[i].FS = t.mark(parts[i].FS)
				inside = append(inside, t.slices(blank, z, p)...)
			}
		}
	}
	d = d.WithPartitions(pinned(r, d, parts)).WithSlices(inside)
	if first, _ := d.Partition(1); d.Table.Kind == model.TableMBR && d.Table.Usable.Start > 1 && first.Span.Start > 0 {
		d.Whole = Probe(r, 0, size)
	}
	if first, last := otherSectors(r, d), memberDisk(r, d); len(first)+len(last) > 0 {
		d = model.New(d, d.Partitions(), slices.Concat(first, d.Problems(), last))
	}
	if len(parts) > 0 {
		return d, nil
	}
	if whole := Probe(r, 0, int64(d.Size())); whole.Known() {
		problems := append(d.Problems(), model.Problem{
			Severity: model.Warning,
			Text:     fmt.Sprintf("the partition table is empty, but %s covers the disk from sector 0", whole.Kind),
			Advice:   "a partition made here may overwrite it; look at it with `blkid --probe {target}` first",
		})
		d = model.New(d, nil, problems)
	}
	return d, nil
}

// Contents returns what lies in n bytes of r from off on, as Scan says it of a partition there. Nothing there is a table.
func Contents(r io.ReaderAt, off, n int64) model.Filesystem {
	return newBlankness(r).of(Probe(r, off, n), off, n)
}

// pinned marks the partitions of an image for CDs and sticks: those that lie before the usable range, and those of an ISO
// that has a superblock both for the disk as a whole and for one of its partitions.
func pinned(r io.ReaderAt, d model.Disk, parts []model.Partition) []model.Partition {
	end := geometry.Sector(0)
	for _, p := range parts {
		if p.FS.Kind == model.ISO9660 && p.Span.Start > 0 && p.Span.Start < geometry.AlignMiB.Grain(d.SectorSize) {
			if whole := Probe(r, 0, int64(d.Size())); whole.Kind == model.ISO9660 {
				end = d.SectorSize.Up(whole.Size)
			}
		}
	}
	for i, p := range parts {
		parts[i].Pinned = d.Beneath(p) || p.Span.Start < end
	}
	return parts
}
