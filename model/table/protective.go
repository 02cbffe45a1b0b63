package table

import (
	"bytes"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// unknownSize is what a protective entry may always have as its length, and must have from 2^32 sectors on.
const unknownSize = 0xFFFFFFFF

// newProtective is sector 0 of a new GPT; the boot code of the old one stays.
func newProtective(first []byte, sectors geometry.Sector) []byte {
	out := slices.Clone(first)
	clear(out[mbrBootCode:mbrSize])
	raw := slotOf(out, 0)
	copy(raw, []byte{0x00, 0x00, 0x02, 0x00, protective, 0xFF, 0xFF, 0xFF, 0x01})
	le.PutUint32(raw[12:], protectiveSize(1, sectors))
	out[510], out[511] = 0x55, 0xAA
	return out
}

func protectiveSize(start, sectors geometry.Sector) uint32 {
	return uint32(min(sectors-start, unknownSize))
}

// mirrors lists the slots of sector 0 that are in use for something else than protection. A GPT that has
// some is called hybrid: they repeat GPT partitions for systems that read the MBR only.
func mirrors(first []byte) []int {
	var slots []int
	for i := range mbrSlots {
		if e := parseMBREntry(slotOf(first, i)); e.count != 0 && !e.protective() {
			slots = append(slots, i)
		}
	}
	return slots
}

// updateProtective is sector 0 of a GPT after an edit. A protective entry that ran to the end of the disk,
// oldEnd, still does; entries that mirror a partition follow it, or go with it. All else stays.
func updateProtective(first []byte, oldEnd geometry.Sector, before, after model.Disk) ([]byte, error) {
	out := slices.Clone(first)
	hybrid := mirrors(first)
	if after.Sectors != oldEnd {
		for i := range mbrSlots {
			e := parseMBREntry(slotOf(out, i))
			if !e.protective() || e.count == unknownSize || (len(hybrid) > 0 && e.span(0).End != oldEnd) {
				continue
			}
			resizeProtective(slotOf(out, i), geometry.Sector(e.start), after.Sectors)
		}
	}
	chs := guessGeometry(first)
	for _, i := range hybrid {
		raw := slotOf(out, i)
		was, found := bySpan(before, parseMBREntry(raw).span(0))
		if !found {
			continue
		}
		p, stays := after.Partition(was.ID)
		if !stays {
			clear(raw)
			continue
		}
		if p.Span == was.Span {
			continue
		}
		p.Type, p.Active = was.Type, was.Active // the entry's own type and flag have nothing to do with the GPT's
		if err := patchSlot(raw, was, p, 0, chs); err != nil {
			return nil, fmt.Errorf("hybrid MBR: %w", err)
		}
		makeWay(out, p.Span)
	}
	return out, nil
}

func bySpan(d model.Disk, span geometry.Span) (model.Partition, bool) {
	for _, p := range d.Partitions() {
		if p.Span == span {
			return p, true
		}
	}
	return model.Partition{}, false
}

func resizeProtective(raw []byte, start, sectors geometry.Sector) {
	le.PutUint32(raw[12:], protectiveSize(start, sectors))
	everywhere := []byte{0xFF, 0xFF, 0xFF}
	if bytes.Equal(raw[5:8], everywhere) {
		return
	}
	if last := geometry.CHSOf(sectors - 1); last.Overflow() {
		copy(raw[5:], everywhere) // UEFI 5.2.3 wants this where an address does not fit
	} else {
		b := last.Bytes()
		copy(raw[5:], b[:])
	}
}

// makeWay cuts protective entries that would overlap a mirrored partition at its place.
func makeWay(first []byte, span geometry.Span) {
	for i := range mbrSlots {
		raw := slotOf(first, i)
		e := parseMBREntry(raw)
		if !e.protective() || !e.span(0).Overlaps(span) {
			continue
		}
		rest := geometry.Span{Start: e.span(0).Start, End: span.Start}
		if rest.Empty() {
			rest = geometry.Span{Start: span.End, End: e.span(0).End}
		}
		if rest.Empty() {
			clear(raw)
			continue
		}
		le.PutUint32(raw[8:], uint32(rest.Start))
		le.PutUint32(raw[12:], uint32(rest.Len()))
	}
}
