package table

import (
	"bytes"
	"io"

	"github.com/diskfs/go-diskfs/partition/gpt"

	"shunt/geometry"
	"shunt/model"
)

// OldRecord reads a sector as a boot record of a logical partition, which may belong to a chain that is gone. ok is false
// if it is none, or if its partition does not lie on the disk of that many sectors.
func OldRecord(sector []byte, at, sectors geometry.Sector) (p model.Partition, ok bool) {
	if len(sector) < mbrSize || !hasSignature(sector) || !goodStatus(sector) {
		return p, false
	}
	e := slots(sector)
	data, link := e[0], e[1]
	empty := len(bytes.Trim(sector[mbrEntries+2*mbrEntrySize:510], "\x00")) == 0
	p = model.Partition{
		Role: model.Logical, Span: data.span(at), Type: data.partType(), Active: data.active, EBR: at,
	}
	switch {
	case !empty || !data.used() || data.extended() || data.protective() || data.kind == 0:
		return p, false
	case link.used() && !link.extended() || !link.used() && link != (mbrEntry{}):
		return p, false
	}
	return p, data.start > 0 && p.Span.End <= sectors
}

// OldGPT returns the partitions of a copy of a GPT whose header is at the sector at of the disk on r, which has that many
// sectors of size z. The copy may belong to a table that is gone. Entries beyond the end of the disk are left out. ok is false
// if there is no whole copy.
func OldGPT(r io.ReaderAt, z geometry.SectorSize, sectors, at geometry.Sector) (parts []model.Partition, ok bool) {
	src := source{r: r, z: z, sectors: sectors}
	c, err := readCopy(src, "old", at)
	if err != nil || c.fault != nil {
		return nil, false
	}
	entries, err := entriesOf(c)
	if err != nil {
		return nil, false
	}
	var problems report
	g := gptDisk{source: src, primary: c}
	inside := make([]*gpt.Partition, 0, len(entries))
	for _, e := range entries {
		if e.Start >= 1 && e.Start <= e.End && e.End < uint64(sectors) && len(inside) < maxPartitions {
			inside = append(inside, e)
		}
	}
	return gptPartitions(&g, c.header.usable(), inside, &problems), true
}
