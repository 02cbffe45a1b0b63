package table

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"shunt/model"
)

// Hide lists the writes that take the partitions with the given identities out of the table on r, which Read showed as d,
// so that nobody can use them while their data is on the move. On a GPT their entries are zeroed in every copy that is
// whole, the backup's first, and so are entries of a hybrid MBR that mirror them. On an MBR their slots are zeroed; for a
// logical partition it is the slot of the extended one, and boot records are not touched. Where a logical partition is in
// use, which must stay in sight under its number, the chain is cut behind the last one of these, and what has to be hidden
// before it gets entries of one sector. Nothing is relocated or repaired. It is an error if d has no such partition or r
// does not hold d.
func Hide(r io.ReaderAt, d model.Disk, ids []model.PartID) ([]Patch, error) {
	list, err := Hidden(r, d, ids)
	if err == nil {
		list, err = changed(padded{r}, list, d.SectorSize)
	}
	if err != nil {
		return nil, fmt.Errorf("hide partitions: %w", err)
	}
	return list, nil
}

// Hidden lists all structures that hide partitions as Hide does, those that r holds like that already included.
func Hidden(r io.ReaderAt, d model.Disk, ids []model.PartID) ([]Patch, error) {
	var parts []model.Partition
	for _, id := range ids {
		p, ok := d.Partition(id)
		if !ok {
			return nil, fmt.Errorf("there is none with the identity %d", id)
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	src := source{r: padded{r}, z: d.SectorSize, sectors: d.Sectors}
	held, err := Read(src.r, int64(d.Size()), d.SectorSize)
	if err != nil {
		return nil, err
	}
	if diff := difference(held, d); diff != "" {
		return nil, fmt.Errorf("the disk does not hold the table that was scanned: %s", diff)
	}
	first, err := src.sector(0)
	if err != nil {
		return nil, err
	}
	if d.Table.Kind == model.TableGPT {
		return hideGPT(src, first, parts)
	}
	return hideMBR(src, first, d, parts)
}

func hideMBR(src source, first []byte, d model.Disk, parts []model.Partition) ([]Patch, error) {
	out := slices.Clone(first)
	ext, _ := d.Extended()
	var list []Patch
	inUse := slices.ContainsFunc(d.Logicals(), func(p model.Partition) bool { return p.Use.Busy() })
	if inUse {
		var err error
		if list, err = hideLogicals(src, d, parts); err != nil {
			return nil, err
		}
	}
	for _, p := range parts {
		switch {
		case p.Role != model.Logical:
			clear(slotOf(out, p.Number-1))
		case !inUse:
			clear(slotOf(out, ext.Number-1))
		}
	}
	if !bytes.Equal(out, first) { // else all that is hidden is hidden in the chain, and those in use are in sight
		markMBR(out)
	}
	return append(list, Patch{Off: 0, Data: out, What: "MBR without the partitions that move"}), nil
}

// hideLogicals is the chain of d up to the last logical partition in use, the last boot record first, with some partitions
// hidden.
func hideLogicals(src source, d model.Disk, parts []model.Partition) ([]Patch, error) {
	ext, _ := d.Extended()
	chain, err := readChain(src, ext.Span, &report{})
	if err != nil {
		return nil, err
	}
	last := 0 // the last boot record that must stay in force
	for i := range chain {
		for _, p := range d.Logicals() {
			if p.Use.Busy() && recordOf(chain, p) == &chain[i] {
				last = i
			}
		}
	}
	const count = 12 // where a slot has the number of sectors
	for i := range chain {
		for _, p := range parts {
			switch {
			case recordOf(chain, p) != &chain[i]:
			case i < last:
				le.PutUint32(slotOf(chain[i].sector, chain[i].data)[count:], 1)
			case chain[last].next >= 0:
				clear(slotOf(chain[last].sector, chain[last].next))
			}
		}
	}
	return rawChain(src.z, chain[:min(len(chain), last+1)]), nil
}

func hideGPT(src source, first []byte, parts []model.Partition) ([]Patch, error) {
	g, err := loadGPT(src, first)
	if err != nil {
		return nil, err
	}
	var list []Patch
	for _, c := range []struct {
		name string
		gptCopy
	}{{"backup", g.backup}, {"primary", g.primary}} {
		if c.fault != nil {
			continue
		}
		span := c.header.arraySpan(src.z)
		sectors, err := src.run(span.Start, span.Len())
		if err != nil {
			return nil, err
		}
		entries := sectors[:len(c.array)]
		for _, p := range parts {
			if at := (p.Number - 1) * c.header.entrySize; at < len(entries) {
				clear(entries[at : at+c.header.entrySize])
			}
		}
		h := c.header
		h.arrayCRC = crc32.ChecksumIEEE(entries)
		header := slices.Clone(c.raw)
		markGPT(header)
		list = append(list,
			Patch{Off: int64(src.z.Bytes(span.Start)), Data: sectors, What: c.name + " GPT entries without the partitions that move"},
			Patch{Off: int64(src.z.Bytes(c.at)), Data: h.sealed(header), What: c.name + " GPT header"})
	}
	return append(list, Patch{Off: 0, Data: hideMirrors(first, parts), What: "hybrid MBR without the partitions that move"}), nil
}

func hideMirrors(first []byte, parts []model.Partition) []byte {
	out := slices.Clone(first)
	for _, i := range mirrors(first) {
		span := parseMBREntry(slotOf(first, i)).span(0)
		if slices.ContainsFunc(parts, func(p model.Partition) bool { return p.Span == span }) {
			clear(slotOf(out, i))
		}
	}
	return out
}
