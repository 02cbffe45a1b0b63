// Package scan builds the model of a disk from its bytes: Scan takes the partition table from model/table and
// adds what Probe finds in each partition. Probe knows file systems, and what else lies in partitions, by
// their superblocks. It may import geometry, model and model/table; it reads through an io.ReaderAt and
// never writes.
//
// Invariants: nothing on a disk can make a scan fail, panic or take more than a bounded amount of memory and
// time, only a disk that cannot be read where the table lies is an error; what is doubtful is said in the
// model, never guessed away.
package scan

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/table"
)

// maxProbed is how many partitions are looked into. Linux shows 256 of a disk at most; a table of 4 MiB can list 32768, all
// of which can lie over the same slow file system.
const maxProbed = 1024

// Scan is the disk on r, size bytes long with sectors of size z: its table, and in each partition but the
// extended one the file system that Probe finds. A disk without a table gets what covers it as a whole.
// The error is table.Read's; a partition that cannot be read tells so in its file system.
func Scan(r io.ReaderAt, size int64, z geometry.SectorSize) (model.Disk, error) {
	return Telling(r, size, z, func(string) {})
}

// Telling is Scan that tells what it is about to read, in words for people: a medium in trouble can take minutes.
func Telling(r io.ReaderAt, size int64, z geometry.SectorSize, tell func(what string)) (model.Disk, error) {
	tell("reading the partition table")
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
			parts[i].FS = model.Filesystem{Trait: model.Unread, Notes: fmt.Sprintf("not looked at: it is beyond the first %d partitions", maxProbed)}
			continue
		}
		// A table that is wrong can name sectors the disk does not have; they hold nothing.
		span := p.Span.Intersect(d.Span())
		if !span.Empty() {
			tell(fmt.Sprintf("looking into %s, %d of %d", p.Ref(), i+1, len(parts)))
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
