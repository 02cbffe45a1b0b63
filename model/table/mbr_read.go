package table

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// readMBR is the model of the MBR in sector 0 and of its chain, and what is wrong with them.
func readMBR(src source, first []byte) (model.Table, []model.Partition, []model.Problem, error) {
	var problems report
	entries, signature := mbrSlotsOf(first, &problems)
	if mbrMarked(first) {
		problems.unfinished()
	}
	t := model.Table{
		Kind:   model.TableMBR,
		Usable: geometry.Span{Start: 1, End: max(1, min(src.sectors, model.MBRSectors))},
		Slots:  mbrSlots,
		ID:     "0x" + signature,
	}
	if src.sectors > model.MBRSectors {
		problems.add(model.Note, "only a GPT can use all of it", "the disk has %d sectors, of which an MBR can use %d", src.sectors, model.MBRSectors)
	}
	var parts []model.Partition
	var ext geometry.Span
	active := 0
	for i, e := range entries {
		if e.count == 0 {
			continue
		}
		p := model.Partition{
			Number: i + 1, Role: model.Primary, Span: e.span(0), Type: e.partType(), UUID: mbrUUID(signature, i+1), Active: e.active,
		}
		if e.active {
			active++
		}
		switch {
		case e.extended() && ext.Empty():
			p.Role, ext = model.Extended, p.Span
		case e.extended():
			problems.add(model.Warning, "it is kept as a whole; what it holds is not shown",
				"%s is a second extended partition, which most systems ignore", p.Ref())
		case e.kind == 0:
			problems.add(model.Warning, "set its type if it is in use, delete it if not",
				"%s has type 0x00: it is a partition for Linux and free space for others", p.Ref())
		}
		placeOnMBR(p, t.Usable, src, &problems)
		parts = append(parts, p)
	}
	if active > 1 {
		problems.add(model.Warning, "leave the boot flag on the partition that boots", "%d partitions have the boot flag", active)
	}
	overlapProblems(parts, &problems)
	if !ext.Empty() {
		chain, err := readChain(src, ext, &problems)
		if err != nil {
			return t, nil, nil, err
		}
		logicals := logicalPartitions(chain, ext, signature, &problems)
		overlapProblems(logicals, &problems)
		parts = append(parts, logicals...)
	}
	return t, parts, problems, nil
}

func placeOnMBR(p model.Partition, usable geometry.Span, src source, problems *report) {
	need := int64(src.z.Bytes(p.Span.End))
	switch {
	case p.Span.Start < 1:
		problems.add(model.Fatal, "repair the table with `sfdisk {target}`", "%s begins with sector 0, which holds the table itself", p.Ref())
	case p.Span.End > src.sectors:
		problems.add(model.Fatal, fmt.Sprintf("if the image was cut off, make it %d bytes long again: `truncate --size %d {target}`", need, need),
			"%s ends at sector %d but the disk has %d", p.Ref(), p.Span.End, src.sectors)
	case p.Span.End > usable.End:
		problems.add(model.Fatal, "make it shorter with the tool that made it", "%s ends at sector %d, beyond the 2^32 that an MBR can address", p.Ref(), p.Span.End)
	}
}

// mbrSlotsOf decodes the four slots of sector 0 and the disk signature, eight digits.
func mbrSlotsOf(first []byte, problems *report) ([]mbrEntry, string) {
	if entries, signature, err := libraryMBR(first); err == nil {
		return entries, signature
	}
	// go-diskfs refuses the whole sector over one status byte; Linux reads such tables, and so do we.
	entries := make([]mbrEntry, mbrSlots)
	for i := range entries {
		raw := slotOf(first, i)
		entries[i] = parseMBREntry(raw)
		if raw[0] != 0x00 && raw[0] != 0x80 {
			problems.add(model.Warning, "it is left as it is unless the boot flag is changed",
				"sector 0: slot %d has the status byte 0x%02x, which is neither 0x00 nor 0x80", i+1, raw[0])
		}
	}
	return entries, fmt.Sprintf("%08x", le.Uint32(first[mbrSignature:]))
}
