// Package scan builds the model of a disk from its bytes. Scan takes the partition table from model/table and adds what
// Probe finds in each partition. Probe recognises file systems and other contents by their superblocks.
//
// Invariants: nothing is written. Nothing on a disk can make a scan panic or use more than a bounded amount of memory and
// time. Only a disk that cannot be read where its table lies makes a scan fail. Doubts are stated in the model.
package scan

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/table"
)

// maxProbed is how many partitions are probed. Linux shows at most 256 of a disk. A table of 4 MiB can list 32768, which
// may all lie over the same slow file system.
const maxProbed = 1024

// Scan returns the disk on r, which is size bytes long with sectors of size z: its table, and in each partition but the
// extended one the file system that Probe finds. A disk without a table gets what covers it as a whole.
// The error is table.Read's. A partition that cannot be read says so in its file system.
func Scan(r io.ReaderAt, size int64, z geometry.SectorSize) (model.Disk, error) {
	return WithProgress(r, size, z, func(string) {})
}

// WithProgress is Scan that announces each thing it is about to read, in words for people. A failing medium can take
// minutes.
func WithProgress(r io.ReaderAt, size int64, z geometry.SectorSize, announce func(what string)) (model.Disk, error) {
	announce("reading the partition table")
	d, err := table.Read(r, size, z)
	if err != nil {
		return model.Disk{}, fmt.Errorf("scan: %w", err)
	}
	if d.Table.Kind == model.TableNone {
		d.Whole = Probe(r, 0, int64(d.Size()))
		return d, nil
	}
	parts := d.Partitions()
	for i, p := range parts {
		if p.Role == model.Extended {
			continue
		}
		if i >= maxProbed {
			notes := fmt.Sprintf("not looked at: it is beyond the first %d partitions", maxProbed)
			parts[i].FS = model.Filesystem{Trait: model.Unread, Notes: notes}
			continue
		}
		// A wrong table can name sectors that the disk does not have. They hold nothing.
		span := p.Span.Intersect(d.Span())
		if !span.Empty() {
			announce(fmt.Sprintf("looking into %s, %d of %d", p.Ref(), i+1, len(parts)))
			parts[i].FS = Probe(r, int64(z.Bytes(span.Start)), int64(z.Bytes(span.Len())))
		}
	}
	d = d.WithPartitions(parts)
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
