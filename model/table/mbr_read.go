package table

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// readMBR returns the model of the MBR in sector 0 and of its chain, and adds their faults to problems.
func readMBR(src source, problems *report) (t model.Table, parts []model.Partition, err error) {
	for i := range mbrSlots {
		// Linux accepts such a table too.
		if status := slotOf(src.first, i)[0]; status != 0x00 && status != 0x80 {
			problems.warn("it stays as it is unless the boot flag is changed",
				"sector 0: slot %d has the status byte 0x%02x, which is neither 0x00 nor 0x80", i+1, status)
			problems.plainly("Entry %d of the partition table has an odd mark; it is left as it is.", i+1)
		}
	}
	if mbrMark.in(src.first) {
		problems.unfinished()
	}
	signature := fmt.Sprintf("%08x", le.Uint32(src.first[mbrSignature:]))
	t = model.FreshTable(model.TableMBR, src.sectors, src.z)
	t.ID = "0x" + signature
	if src.sectors > model.MBRSectors {
		problems.note("only a GPT can use all of it",
			"the disk has %s sectors, and an MBR can use %s of them", src.sectors, model.MBRSectors)
	}
	for _, e := range slots(src.first) {
		if e.used() && e.start == 0 && !e.extended() {
			t.Usable.Start = min(max(t.Usable.Start, e.span(0).End), t.Usable.End)
		}
	}
	if end, left := isoEnd(src); left {
		problems.note("erase it with `wipefs --all --types iso9660 {target}` if programs take the disk for that",
			"the signature of an ISO image is left over at byte 32768")
	} else if end > t.Usable.Start {
		t.Usable.Start = min(end, t.Usable.End)
		problems.note("new partitions can lie behind it",
			"an ISO image begins with sector 0 and ends at sector %s: it and the partitions in it stay as they are", end-1)
	}
	parts, ext := primaries(src, t, signature, problems)
	if !ext.Empty() {
		chain, err := readChain(src, ext, problems)
		if err != nil {
			return t, nil, err
		}
		parts = append(parts, logicalPartitions(chain, ext, signature)...)
	}
	return t, parts, nil
}

// isoEnd returns the sector behind an ISO image at the start of the disk that has an MBR in its unused first sectors, or 0
// if there is none. A partition inside it is a file of the image, such as its EFI boot image, so it does not begin where
// people and tools place partitions. If one does, the signature of the image is left over from older contents.
func isoEnd(src source) (end geometry.Sector, left bool) {
	const at, magic = 32 << 10, "\x01CD001"
	b := src.bytesAt(at, 132)
	if b == nil || string(b[:len(magic)]) != magic {
		return 0, false
	}
	end = src.z.Up(geometry.Bytes(le.Uint32(b[80:])) * geometry.Bytes(le.Uint16(b[128:])))
	inside := false
	for _, e := range slots(src.first) {
		span := e.span(0)
		if !e.used() || span.Start >= end {
			continue
		}
		grain := geometry.AlignMiB.Grain(src.z)
		if span.End > end || e.extended() || span.Start > 0 && (span.Start%grain == 0 || span.Start == 63) {
			return 0, true
		}
		inside = true
	}
	if !inside || end > src.sectors {
		return 0, false
	}
	return end, false
}

// primaries returns the partitions in sector 0, and the span of the extended one.
func primaries(src source, t model.Table, signature string, problems *report) (parts []model.Partition, ext geometry.Span) {
	active := 0
	for i, e := range slots(src.first) {
		if !e.used() {
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
			problems.warn("it is kept as a whole; its contents are not shown",
				"%s is a second extended partition, which most systems ignore", p.Ref())
		case e.kind == 0 && e.start > 0:
			problems.sound(model.Warning, "set its type if it is in use, delete it if not",
				"%s has type 0x00: it is a partition for Linux and free space for others", p.Ref())
			problems.plainly("%s is marked as unused: it is a partition for Linux and free space for others.", p.Ref())
		}
		switch {
		case p.Span.Start < 1 && p.Role == model.Extended:
			problems.fatal("repair the table with `sfdisk {target}`",
				"%s begins with sector 0, which holds the table itself", p.Ref())
		case p.Span.End > src.sectors:
			problems.cut(p.Span.End, cutOff(int64(src.z.Bytes(p.Span.End))),
				"%s ends at sector %s but the disk has %s", p.Ref(), p.Span.End, src.sectors)
		case p.Span.End > t.Usable.End:
			problems.fatal("make it shorter with the tool that made it",
				"%s ends at sector %s, beyond the 2^32 that an MBR can address", p.Ref(), p.Span.End)
		}
		if p.Span.Start < 1 && p.Role == model.Primary {
			problems.note("new partitions can lie behind it",
				"%s begins with sector 0, as that of an ISO image does: it and all in it stay as they are", p.Ref())
		}
		parts = append(parts, p)
	}
	if active > 1 {
		problems.warn("leave the boot flag on the partition that boots", "%d partitions have the boot flag", active)
	}
	return parts, ext
}
