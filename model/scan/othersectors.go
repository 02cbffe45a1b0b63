package scan

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
)

// otherSectors returns a problem if the entries of an MBR make sense only for sectors of the other size. A GPT says which it is
// for (table.Read); an MBR has plain numbers. Read with the wrong size its partitions lie elsewhere, in the middle of others.
//
// The proof is contents that begin where an entry says with the other size, that fit there, and that are longer than the entry
// would be if the sectors were smaller; while no entry leads to contents as it is read.
func otherSectors(r io.ReaderAt, d model.Disk) []model.Problem {
	other := geometry.Sector4096
	if d.SectorSize == other {
		other = geometry.Sector512
	}
	if d.Table.Kind != model.TableMBR {
		return nil
	}
	for p := range d.Each() {
		if p.FS.Known() {
			return nil
		}
	}
	const ratio = geometry.Bytes(geometry.Sector4096 / geometry.Sector512)
	for p := range d.Each() {
		n := other.Bytes(p.Span.Len())
		if p.Role != model.Primary {
			continue
		}
		if fs := Probe(r, int64(other.Bytes(p.Span.Start)), int64(n)); fs.Known() && fs.Size <= n && fs.Size > n/ratio {
			return []model.Problem{{
				Severity: model.Fatal, InTable: true,
				Text: fmt.Sprintf("the partition table is for sectors of %d bytes, and the disk was opened with %d: with %[1]d, %[3]s begins where its %[4]s does, "+
					"and with %[2]d no partition has known contents", other, d.SectorSize, p.Ref(), fs.Kind),
				Plain:  fmt.Sprintf("The partition table is for sectors of %d bytes: open the disk with --sector-size %[1]d.", other),
				Advice: fmt.Sprintf("open it with --sector-size %d", other),
			}}
		}
	}
	return nil
}
