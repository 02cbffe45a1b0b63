package table

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// layChain lists the boot records of after's extended partition, the last one first. Positions come from the
// model. A chain of which nothing changes is written as it is, empty records included. Otherwise each
// logical partition's record carries the bytes of the record it had, and all links are made to fit.
// Records that fall out of use are left alone: by then they may be somebody's data.
func layChain(z geometry.SectorSize, old []ebr, before, after model.Disk, chs chsGeometry) ([]Patch, error) {
	ext, ok := after.Extended()
	if !ok {
		return nil, nil
	}
	extWas, hadExt := before.Extended()
	hadExt = hadExt && extWas.ID == ext.ID
	if hadExt && sameChain(before, after) {
		return rawChain(z, old), nil
	}
	logicals := after.Logicals()
	if len(logicals) > maxEBRs {
		return nil, fmt.Errorf("%d logical partitions: other systems read at most %d", len(logicals), maxEBRs)
	}
	if len(logicals) == 0 {
		r := record{at: ext.Span.Start, ext: ext.Span}
		if hadExt && len(old) > 0 {
			r.from = &old[0]
		}
		sector, err := r.encode(z, chs)
		return []Patch{patchEBR(z, r.at, sector)}, err
	}
	records := make([]record, len(logicals))
	for i, p := range logicals {
		was, had := before.Partition(p.ID)
		records[i] = record{at: p.EBR, ext: ext.Span, part: p}
		if from := recordOf(old, was); had && from != nil {
			records[i].from, records[i].was = from, was
		}
		if i+1 < len(logicals) {
			records[i].next = logicals[i+1]
		}
		records[i].keepLink = hadExt && extWas.Span.Start == ext.Span.Start && sameFollower(before, records[i].next)
	}
	list := make([]Patch, 0, len(records))
	for _, r := range slices.Backward(records) {
		sector, err := r.encode(z, chs)
		if err != nil {
			return nil, err
		}
		list = append(list, patchEBR(z, r.at, sector))
	}
	return list, nil
}

func patchEBR(z geometry.SectorSize, at geometry.Sector, sector []byte) Patch {
	return Patch{Off: int64(z.Bytes(at)), Data: sector, What: fmt.Sprintf("boot record of the chain at sector %d", at)}
}

func rawChain(z geometry.SectorSize, old []ebr) []Patch {
	list := make([]Patch, 0, len(old))
	for _, e := range slices.Backward(old) {
		list = append(list, patchEBR(z, e.at, e.sector))
	}
	return list
}

// sameChain reports whether nothing changes that boot records hold.
func sameChain(before, after model.Disk) bool {
	a, _ := before.Extended()
	b, _ := after.Extended()
	return a.Span.Start == b.Span.Start && slices.EqualFunc(before.Logicals(), after.Logicals(), sameLogical)
}

func sameLogical(a, b model.Partition) bool {
	return a.ID == b.ID && a.Number == b.Number && a.Span == b.Span && a.EBR == b.EBR &&
		a.Active == b.Active && sameType(a.Type, b.Type)
}

// sameFollower reports whether p is where it was before, so that a link to it stays right.
func sameFollower(before model.Disk, p model.Partition) bool {
	was, ok := before.Partition(p.ID)
	return ok && was.Role == model.Logical && was.EBR == p.EBR && was.Span == p.Span
}

// recordOf is the boot record that holds a logical partition's entry, nil if p is not one of the chain.
func recordOf(chain []ebr, p model.Partition) *ebr {
	if p.Role != model.Logical {
		return nil
	}
	number := model.FirstLogical
	for i := range chain {
		if chain[i].data < 0 {
			continue
		}
		if number == p.Number {
			return &chain[i]
		}
		number++
	}
	return nil
}

// record is one boot record to be written.
type record struct {
	at       geometry.Sector
	ext      geometry.Span
	from     *ebr            // whose bytes it carries, nil for none
	was      model.Partition // what from's entry describes, zero if from is nil
	part     model.Partition // zero in the record of an empty extended partition
	next     model.Partition // zero at the end of the chain
	keepLink bool            // next is where it was, so that a link that leads there is right as it is
}

// encode is the record's sector.
func (r record) encode(z geometry.SectorSize, chs chsGeometry) ([]byte, error) {
	sector := make([]byte, z)
	data, link := 0, 1
	if r.from != nil {
		copy(sector, r.from.sector)
		data, link = r.slots(sector)
	}
	if r.part.ID == 0 {
		clearUsed(slotOf(sector, data))
	} else if err := patchSlot(slotOf(sector, data), r.was, r.part, r.at, chs); err != nil {
		return nil, err
	}
	raw := slotOf(sector, link)
	switch {
	case r.next.ID == 0:
		clearUsed(raw)
	case r.keepLink && r.from != nil && parseMBREntry(raw).extended() && parseMBREntry(raw).span(r.ext.Start).Start == r.next.EBR:
	default:
		if !parseMBREntry(raw).extended() {
			clear(raw)
			raw[4] = 0x05
		}
		start, count := r.next.EBR-r.ext.Start, r.next.Span.End-r.next.EBR
		if start < 1 || count < 1 || start >= model.MBRSectors || count >= model.MBRSectors {
			return nil, fmt.Errorf("%s: its boot record at sector %d cannot be linked to from the extended partition at sectors %s", r.next.Ref(), r.next.EBR, r.ext.Inclusive())
		}
		chs.put(raw[1:], r.next.EBR)
		chs.put(raw[5:], r.next.Span.End-1)
		le.PutUint32(raw[8:], uint32(start))
		le.PutUint32(raw[12:], uint32(count))
	}
	sector[510], sector[511] = 0x55, 0xAA
	return sector, nil
}

// clearUsed takes an entry out of use; a slot that was not in use keeps whatever else it holds.
func clearUsed(raw []byte) {
	if parseMBREntry(raw).count != 0 {
		clear(raw)
	}
}

// slots finds the slots for data and link in a copy of r.from's sector. In a record that moves, the slots
// for neither are cleared: what they held made sense, if at all, at the old place.
func (r record) slots(sector []byte) (data, link int) {
	data, link = r.from.data, r.from.next
	if data < 0 {
		data = free(sector, link)
	}
	if link < 0 {
		link = free(sector, data)
	}
	if r.from.at != r.at {
		for i := range mbrSlots {
			if i != data && i != link {
				clear(slotOf(sector, i))
			}
		}
	}
	return data, link
}

// free is the first slot that is not in use, other than the one that is taken. If there is none it is a
// slot with something that is neither partition nor link, which has to make way.
func free(sector []byte, taken int) int {
	for i := range mbrSlots {
		if i != taken && parseMBREntry(slotOf(sector, i)).count == 0 {
			return i
		}
	}
	return (taken + 1) % mbrSlots
}
