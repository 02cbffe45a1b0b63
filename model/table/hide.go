package table

import (
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"shunt/model"
)

// Hide lists the writes that take the partitions with the given identities out of the table on r, which Read
// showed as d, so that nobody can use them while their data is on the move. On a GPT their entries are
// zeroed in every copy that is whole, the backup's first, and so are entries of a hybrid MBR that mirror
// them. On an MBR their slots are zeroed; for a logical partition it is the slot of the extended one, and
// boot records are not touched. Nothing is relocated or repaired. It is an error if d has no such partition
// or r does not hold d.
func Hide(r io.ReaderAt, d model.Disk, ids []model.PartID) ([]Patch, error) {
	var parts []model.Partition
	for _, id := range ids {
		p, ok := d.Partition(id)
		if !ok {
			return nil, fmt.Errorf("hide partitions: there is none with the identity %d", id)
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	src := source{r: padded{r}, z: d.SectorSize, sectors: d.Sectors}
	held, err := Read(src.r, int64(d.Size()), d.SectorSize)
	if err != nil {
		return nil, fmt.Errorf("hide partitions: %w", err)
	}
	if diff := difference(held, d); diff != "" {
		return nil, fmt.Errorf("hide partitions: the disk does not hold the table that was scanned: %s", diff)
	}
	first, err := src.sector(0)
	if err != nil {
		return nil, fmt.Errorf("hide partitions: %w", err)
	}
	var list []Patch
	if d.Table.Kind == model.TableGPT {
		list, err = hideGPT(src, first, parts)
	} else {
		list, err = hideMBR(first, d, parts), nil
	}
	if err == nil {
		list, err = changed(src.r, list, src.z)
	}
	if err != nil {
		return nil, fmt.Errorf("hide partitions: %w", err)
	}
	return list, nil
}

func hideMBR(first []byte, d model.Disk, parts []model.Partition) []Patch {
	out := slices.Clone(first)
	ext, _ := d.Extended()
	for _, p := range parts {
		if p.Role == model.Logical {
			p = ext
		}
		clear(slotOf(out, p.Number-1))
	}
	return []Patch{{Off: 0, Data: out, What: "MBR without the partitions that move"}}
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
		list = append(list,
			Patch{Off: int64(src.z.Bytes(span.Start)), Data: sectors, What: c.name + " GPT entries without the partitions that move"},
			Patch{Off: int64(src.z.Bytes(c.at)), Data: h.sealed(c.raw), What: c.name + " GPT header"})
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
