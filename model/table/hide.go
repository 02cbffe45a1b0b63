package table

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Hide returns the writes that remove partitions from the table on r, so that nobody can use them while their data moves.
// r must hold the table of d, and d must have the partitions; otherwise Hide fails.
//
// On a GPT it zeroes their entries in every whole copy, the backup first, and the entries of a hybrid MBR that mirror
// them. On an MBR it zeroes their slots. For a logical partition it zeroes the slot of the extended partition and leaves
// the boot records alone. But if a logical partition is in use, it must stay visible under its number. Then Hide cuts the
// chain behind the last one in use, and gives hidden partitions before it entries of one sector. Nothing is relocated or
// repaired.
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

// Hidden returns all structures that Hide changes in their hidden form, even those that r already holds in that form.
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
	src, err := holding(padded{r}, d)
	if err != nil {
		return nil, err
	}
	if d.Table.Kind == model.TableGPT {
		return hideGPT(src, parts)
	}
	return hideMBR(src, d, parts)
}

func hideMBR(src source, d model.Disk, parts []model.Partition) ([]Patch, error) {
	out := slices.Clone(src.first)
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
	if !bytes.Equal(out, src.first) { // otherwise the chain alone hides them
		mbrMark.put(out)
	}
	return append(list, src.patch(0, out, "MBR without the partitions that move")), nil
}

// hideLogicals returns the chain of d up to the last logical partition in use, with some partitions hidden and the last
// boot record first.
func hideLogicals(src source, d model.Disk, parts []model.Partition) ([]Patch, error) {
	ext, _ := d.Extended()
	chain, err := readChain(src, ext.Span, &report{})
	if err != nil {
		return nil, err
	}
	last := 0 // the last boot record that must stay
	for i := range chain {
		for _, p := range d.Logicals() {
			if p.Use.Busy() && recordOf(chain, p) == &chain[i] {
				last = i
			}
		}
	}
	for i := range chain {
		for _, p := range parts {
			switch {
			case recordOf(chain, p) != &chain[i]:
			case i < last:
				place(slotOf(chain[i].sector, chain[i].data), geometry.Sector(chain[i].slots[chain[i].data].start), 1)
			case chain[last].next >= 0:
				clear(slotOf(chain[last].sector, chain[last].next))
			}
		}
	}
	return rawChain(src, chain[:min(len(chain), last+1)]), nil
}

func hideGPT(src source, parts []model.Partition) ([]Patch, error) {
	g, err := loadGPT(src)
	if err != nil {
		return nil, err
	}
	var list []Patch
	for _, c := range g.copies() {
		if c.fault != nil {
			continue
		}
		span := c.header.arraySpan(src.z)
		sectors, err := src.run(span)
		if err != nil {
			return nil, err
		}
		entries, size := sectors[:len(c.array)], int(c.header.EntrySize)
		for _, p := range parts {
			if at := (p.Number - 1) * size; at < len(entries) {
				clear(entries[at : at+size])
			}
		}
		c.header.ArraySum = crc32.ChecksumIEEE(entries)
		header := slices.Clone(c.raw)
		gptMark.put(header)
		list = append(list,
			src.patch(span.Start, sectors, c.name+" GPT entries without the partitions that move"),
			src.patch(c.at, c.header.sealed(header), c.name+" GPT header"))
	}
	out := slices.Clone(src.first)
	for i, e := range slots(src.first) {
		mirrored := func(p model.Partition) bool { return p.Span == e.span(0) }
		if e.used() && !e.protective() && slices.ContainsFunc(parts, mirrored) {
			clear(slotOf(out, i))
		}
	}
	return append(list, src.patch(0, out, "hybrid MBR without the partitions that move")), nil
}
