package table

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// layChain returns the boot records of after's extended partition, the last one first. Their positions come from the
// model. A chain without changes is written as it is, including empty records. Otherwise the record of each logical
// partition keeps its other bytes, and all links are written anew. Records that are no longer used stay untouched,
// because they may hold data by then.
func layChain(src source, old []ebr, before, after model.Disk, chs chsGeometry) ([]Patch, error) {
	ext, ok := after.Extended()
	if !ok {
		return nil, nil
	}
	extWas, hadExt := before.Extended()
	hadExt = hadExt && extWas.ID == ext.ID
	if hadExt && sameChain(before, after) {
		return rawChain(src, old), nil
	}
	logicals := after.Logicals()
	if len(logicals) > maxEBRs {
		return nil, fmt.Errorf("there would be %d logical partitions, but other systems read at most %d", len(logicals), maxEBRs)
	}
	records := make([]record, max(1, len(logicals)))
	records[0] = record{at: ext.Span.Start, ext: ext.Span}
	if hadExt && len(old) > 0 {
		records[0].from = &old[0]
	}
	for i, p := range logicals {
		was, had := before.Partition(p.ID)
		records[i] = record{at: p.EBR, ext: ext.Span, part: p}
		if from := recordOf(old, was); had && from != nil {
			records[i].from, records[i].was = from, was
		}
		if i+1 < len(logicals) {
			records[i].next = logicals[i+1]
		}
		next, had := before.Partition(records[i].next.ID)
		records[i].keepLink = hadExt && extWas.Span.Start == ext.Span.Start &&
			had && next.Role == model.Logical && next.EBR == records[i].next.EBR && next.Span == records[i].next.Span
	}
	list := make([]Patch, 0, len(records))
	for _, r := range slices.Backward(records) {
		sector, err := r.encode(src.z, chs)
		if err != nil {
			return nil, err
		}
		list = append(list, src.patchEBR(r.at, sector))
	}
	return list, nil
}

func (s source) patchEBR(at geometry.Sector, sector []byte) Patch {
	return s.patch(at, sector, fmt.Sprintf("boot record of the chain at sector %s", at))
}

// rawChain returns the boot records unchanged, the last one first.
func rawChain(src source, chain []ebr) []Patch {
	list := make([]Patch, 0, len(chain))
	for _, e := range slices.Backward(chain) {
		list = append(list, src.patchEBR(e.at, e.sector))
	}
	return list
}

// sameChain reports whether the boot records of both disks are the same.
func sameChain(before, after model.Disk) bool {
	a, _ := before.Extended()
	b, _ := after.Extended()
	return a.Span.Start == b.Span.Start &&
		slices.EqualFunc(before.Logicals(), after.Logicals(), func(a, b model.Partition) bool {
			return a.ID == b.ID && a.Number == b.Number && a.Span == b.Span && a.EBR == b.EBR &&
				a.Active == b.Active && sameType(a.Type, b.Type)
		})
}

// recordOf returns the boot record with the entry of the logical partition p, or nil if the chain has none.
func recordOf(chain []ebr, p model.Partition) *ebr {
	number := model.FirstLogical - 1
	for i := range chain {
		if chain[i].data >= 0 {
			number++
		}
		if number == p.Number && p.Role == model.Logical {
			return &chain[i]
		}
	}
	return nil
}

// record is a boot record that is to be written.
type record struct {
	at       geometry.Sector
	ext      geometry.Span
	from     *ebr            // the record with the bytes to start from, nil for none
	was      model.Partition // the partition in from; zero if from is nil
	part     model.Partition // zero in the record of an empty extended partition
	next     model.Partition // zero at the end of the chain
	keepLink bool            // next is where it was, so a link that leads there is still right
}

// encode returns the sector of the record.
func (r record) encode(z geometry.SectorSize, chs chsGeometry) ([]byte, error) {
	sector := make([]byte, z)
	data, link := 0, 1
	if r.from != nil {
		copy(sector, r.from.sector)
		data, link = r.assign(sector)
	}
	entries := slots(sector)
	if r.part.ID == 0 {
		clearUsed(slotOf(sector, data), entries[data])
	} else if err := patchSlot(slotOf(sector, data), r.was, r.part, r.at, chs); err != nil {
		return nil, err
	}
	raw, leads := slotOf(sector, link), entries[link].extended()
	switch {
	case r.next.ID == 0:
		clearUsed(raw, entries[link])
	case r.keepLink && r.from != nil && leads && entries[link].span(r.ext.Start).Start == r.next.EBR:
	default:
		if !leads {
			clear(raw)
			raw[4] = 0x05
		}
		start, count := r.next.EBR-r.ext.Start, r.next.Span.End-r.next.EBR
		if start < 1 || count < 1 || start >= model.MBRSectors || count >= model.MBRSectors {
			return nil, fmt.Errorf(
				"%s: its boot record at sector %s cannot be linked to from the extended partition at sectors %s",
				r.next.Ref(), r.next.EBR, r.ext.Inclusive())
		}
		chs.put(raw[1:], r.next.EBR)
		chs.put(raw[5:], r.next.Span.End-1)
		place(raw, start, count)
	}
	sign(sector)
	return sector, nil
}

// clearUsed empties a slot. If the slot was not in use, it keeps its bytes.
func clearUsed(raw []byte, e mbrEntry) {
	if e.used() {
		clear(raw)
	}
}

// assign finds the slots for the partition and the link in a copy of r.from's sector. If the record moves, it clears the
// other slots, because their contents had no meaning except, perhaps, at the old place.
func (r record) assign(sector []byte) (data, link int) {
	data, link = r.from.data, r.from.next
	if data < 0 {
		data = r.from.free(link)
	}
	if link < 0 {
		link = r.from.free(data)
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

// free returns the first unused slot other than taken. If there is none, it returns a slot that is neither a partition
// nor a link; its contents are lost.
func (e *ebr) free(taken int) int {
	for i, entry := range e.slots {
		if i != taken && !entry.used() {
			return i
		}
	}
	return (taken + 1) % mbrSlots
}
