package table

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// unknownSize is a length that a protective entry may always have. It is required on disks of 2^32 sectors or more.
const unknownSize = 0xFFFFFFFF

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

// readMirrors notes in parts which of them sector 0 repeats. It returns the number of entries that repeat none.
func readMirrors(first []byte, parts []model.Partition) (strays int) {
	entries := slots(first)
	for _, i := range mirrors(first) {
		e := entries[i]
		at := slices.IndexFunc(parts, func(p model.Partition) bool { return p.Span == e.span(0) && p.Mirror.Slot == 0 })
		if at < 0 {
			strays++
			continue
		}
		parts[at].Mirror = model.Mirror{Slot: i + 1, Type: e.partType(), Active: e.active}
	}
	return strays
}

// updateProtective returns sector 0 of a GPT after an edit. A protective entry that extended to the end of the disk,
// oldEnd, is resized to the new end. Entries that mirror a partition change with it. Everything else stays. If after has
// other mirrors, all entries but strays are made anew.
func updateProtective(first []byte, oldEnd geometry.Sector, before, after model.Disk) ([]byte, error) {
	if remirrored(before, after) {
		return withMirrors(first, before, after)
	}
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

// remirrored reports whether partitions that stay, or new ones, have other entries in sector 0, or all entries go.
func remirrored(before, after model.Disk) bool {
	had, has := false, false
	for p := range before.Each() {
		had = had || p.Mirror.Slot != 0
	}
	for p := range after.Each() {
		if was, _ := before.Partition(p.ID); was.Mirror != p.Mirror {
			return true
		}
		has = has || p.Mirror.Slot != 0
	}
	return had && !has
}

// withMirrors returns sector 0 with the mirrors of after and one protective entry in place of those of before.
func withMirrors(first []byte, before, after model.Disk) ([]byte, error) {
	out := slices.Clone(first)
	for i, e := range slots(first) {
		if e.protective() {
			clear(slotOf(out, i))
		}
	}
	for p := range before.Each() {
		if p.Mirror.Slot != 0 {
			clear(slotOf(out, p.Mirror.Slot-1))
		}
	}
	return out, putProtective(out, after, guessGeometry(first))
}

// putProtective writes the mirrors of a GPT into sector 0, and a protective entry into the first slot that is left. The
// entry ends at the end of the disk, or where the first mirror begins, as in the hybrid MBRs of gdisk.
func putProtective(first []byte, after model.Disk, chs chsGeometry) error {
	for p := range after.Each() {
		m := p.Mirror
		if m.Slot == 0 {
			continue
		}
		p.Type, p.Active = m.Type, m.Active
		if err := patchSlot(slotOf(first, m.Slot-1), model.Partition{}, p, 0, chs); err != nil {
			return fmt.Errorf("hybrid MBR: %w", err)
		}
	}
	end, free := after.Sectors, -1
	for i, e := range slots(first) {
		switch {
		case e.used():
			end = min(end, e.span(0).Start)
		case free < 0:
			free = i
		}
	}
	if free < 0 {
		return errors.New("the first sector has no entry left that could protect the GPT")
	}
	raw := slotOf(first, free)
	copy(raw, []byte{statusOf(after.Table.Boot), 0x00, 0x02, 0x00, protective, 0xFF, 0xFF, 0xFF})
	place(raw, 1, protectiveSize(1, end))
	if end != after.Sectors {
		chs.put(raw[5:], end-1)
	}
	return nil
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
