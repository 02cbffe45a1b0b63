package table

import (
	"bytes"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// unknownSize is a length that a protective entry may always have. It is required on disks of 2^32 sectors or more.
const unknownSize = 0xFFFFFFFF

// putProtective writes the protective entry of a new GPT into an empty sector 0.
func putProtective(first []byte, after model.Disk) {
	raw := slotOf(first, 0)
	copy(raw, []byte{statusOf(after.Table.Boot), 0x00, 0x02, 0x00, protective, 0xFF, 0xFF, 0xFF})
	place(raw, 1, protectiveSize(1, after.Sectors))
}

// protectiveSize returns the length of a protective entry from start to the end of the disk.
func protectiveSize(start, sectors geometry.Sector) geometry.Sector {
	return min(sectors-start, unknownSize)
}

// mirrors returns the slots of sector 0 that are in use but not protective. A GPT with such slots is called hybrid: they
// repeat partitions of the GPT for systems that only read the MBR.
func mirrors(first []byte) []int {
	var list []int
	for i, e := range slots(first) {
		if e.used() && !e.protective() {
			list = append(list, i)
		}
	}
	return list
}

// Hybrid reports whether first, the sector 0 of a disk with a GPT, lists partitions beside the protective entry.
func Hybrid(first []byte) bool { return len(mirrors(first)) > 0 }

// updateProtective returns sector 0 of a GPT after an edit. A protective entry that extended to the end of the disk,
// oldEnd, is resized to the new end. Entries that mirror a partition change with it. Everything else stays.
func updateProtective(first []byte, oldEnd geometry.Sector, before, after model.Disk) ([]byte, error) {
	out := slices.Clone(first)
	hybrid, entries := mirrors(first), slots(first)
	if after.Sectors != oldEnd {
		for i, e := range entries {
			if e.protective() && e.count != unknownSize && (len(hybrid) == 0 || e.span(0).End == oldEnd) {
				resizeProtective(slotOf(out, i), geometry.Sector(e.start), after.Sectors)
			}
		}
	}
	if before.Table.Boot != after.Table.Boot {
		for i, e := range entries {
			if e.protective() {
				slotOf(out, i)[0] = statusOf(after.Table.Boot)
			}
		}
	}
	chs := guessGeometry(first)
	for _, i := range hybrid {
		raw := slotOf(out, i)
		parts := before.Partitions()
		at := slices.IndexFunc(parts, func(p model.Partition) bool { return p.Span == entries[i].span(0) })
		if at < 0 {
			continue
		}
		was := parts[at]
		p, stays := after.Partition(was.ID)
		if !stays {
			clear(raw)
			continue
		}
		if p.Span == was.Span {
			continue
		}
		p.Type, p.Active = was.Type, was.Active // the entry has its own type and flag
		if err := patchSlot(raw, was, p, 0, chs); err != nil {
			return nil, fmt.Errorf("hybrid MBR: %w", err)
		}
		makeWay(out, p.Span)
	}
	return out, nil
}

// resizeProtective makes a protective entry end at the end of the disk.
func resizeProtective(raw []byte, start, sectors geometry.Sector) {
	place(raw, start, protectiveSize(start, sectors))
	everywhere := []byte{0xFF, 0xFF, 0xFF}
	if bytes.Equal(raw[5:8], everywhere) {
		return
	}
	last := geometry.CHSOf(sectors - 1)
	b := last.Bytes()
	if last.Overflow() {
		b = [3]byte(everywhere) // UEFI 5.2.3 requires this for an address that does not fit
	}
	copy(raw[5:], b[:])
}

// makeWay shortens protective entries that would overlap the new place of a mirrored partition.
func makeWay(first []byte, span geometry.Span) {
	for i, e := range slots(first) {
		entry := e.span(0)
		if !e.protective() || !entry.Overlaps(span) {
			continue
		}
		rest := geometry.Span{Start: entry.Start, End: span.Start}
		if rest.Empty() {
			rest = geometry.Span{Start: span.End, End: entry.End}
		}
		if rest.Empty() {
			clear(slotOf(first, i))
		} else {
			place(slotOf(first, i), rest.Start, rest.Len())
		}
	}
}
