package table

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

const gptSlots = 128 // entries of a new table

// editGPT returns the patches that put the differences between before and after into the table on the disk. If there are
// none, it keeps everything, even damage. Otherwise it makes both copies whole and equal, with the backup at the end of
// the disk.
func editGPT(g gptDisk, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	if sameTable(before, after) && !before.CuredBy(after) {
		return g.verbatim()
	}
	c := g.chosen()
	if c == nil {
		return nil, errors.New("neither copy of the GPT is whole")
	}
	h := c.header
	h.First, h.Last = after.Table.Usable.Start, after.Table.Usable.End-1
	id, err := uuid.Parse(after.Table.ID)
	if err != nil {
		return nil, fmt.Errorf("disk GUID %q: %w", after.Table.ID, err)
	}
	h.Disk = guidToDisk(id)
	primary := gptCopy{name: "primary", at: 1, header: h, raw: c.raw}
	if g.primary.headerFault == nil {
		primary.raw, primary.header.Size = g.primary.raw, g.primary.header.Size
	}
	backup := gptCopy{name: "backup", at: after.Sectors - 1, header: primary.header, raw: primary.raw}
	if g.backup.fault == nil && g.backup.header.Disk == c.header.Disk && g.backup.header.EntrySize == h.EntrySize {
		backup.raw, backup.header.Size = g.backup.raw, g.backup.header.Size
	}
	if primary.header.Array = after.Table.Array; primary.header.Array == 0 {
		if primary.header.Array, err = g.primaryArray(); err != nil {
			return nil, err
		}
	}
	backup.header.Array = backup.at - h.arraySectors(g.z)
	if !g.displaced() && after.Sectors == before.Sectors && g.backup.fault == nil {
		backup.header.Array = g.backup.header.Array
	}
	array := slices.Clone(c.array)
	if err := patchArray(array, c.array, int(h.EntrySize), before, after, newUUID); err != nil {
		return nil, err
	}
	first, err := updateProtective(g.first, g.backupPlace()+1, before, after)
	if err != nil {
		return nil, err
	}
	return g.patches(backup, primary, array, first, after)
}

// patchArray changes array, a copy of old, so that it holds the entries of after.
func patchArray(array, old []byte, size int, before, after model.Disk, newUUID func() uuid.UUID) error {
	entry := func(b []byte, p model.Partition) []byte { return b[(p.Number-1)*size : p.Number*size] }
	for _, p := range before.Partitions() {
		clear(entry(array, p))
	}
	for _, p := range after.Partitions() {
		was, _ := before.Partition(p.ID)
		raw := entry(array, p)
		if was.ID != 0 {
			copy(raw, entry(old, was))
		}
		if err := patchEntry(raw, was, p, newUUID); err != nil {
			return err
		}
	}
	return nil
}

// freshGPT returns a new table in the layout of the specification, with the primary array behind the primary header.
func freshGPT(g gptDisk, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	t := after.Table
	if t.EntrySize < gptEntrySize || t.EntrySize%8 != 0 || t.Slots < 1 || t.Slots > maxArray/t.EntrySize {
		return nil, fmt.Errorf("a GPT of %d entries of %d bytes: at most 4 MiB of entries of 128 bytes or more",
			t.Slots, t.EntrySize)
	}
	id := newUUID()
	if t.ID != "" {
		var err error
		if id, err = uuid.Parse(t.ID); err != nil {
			return nil, fmt.Errorf("disk GUID %q: %w", t.ID, err)
		}
	}
	h := gptHeader{
		Size: gptHeaderSize, First: t.Usable.Start, Last: t.Usable.End - 1,
		Count: uint32(t.Slots), EntrySize: uint32(t.EntrySize), Disk: guidToDisk(id),
	}
	raw := make([]byte, g.z)
	le.PutUint32(raw[8:], gptRevision)
	primary := gptCopy{name: "primary", at: 1, header: h, raw: raw}
	primary.header.Array = cmp.Or(t.Array, model.UsualArray)
	backup := gptCopy{name: "backup", at: after.Sectors - 1, header: h, raw: raw}
	backup.header.Array = backup.at - h.arraySectors(g.z)
	array, first := make([]byte, h.arrayBytes()), bootCode(g.source, before)
	if err := patchArray(array, array, t.EntrySize, model.Disk{}, after, newUUID); err != nil {
		return nil, err
	}
	if err := putProtective(first, after, usualGeometry); err != nil {
		return nil, err
	}
	return g.patches(backup, primary, array, first, after)
}

// patches returns the sectors of both copies, with this array, and of sector 0, for the disk after. Their order follows
// the UEFI specification: if the writing is interrupted, one copy is still whole.
func (g *gptDisk) patches(backup, primary gptCopy, array, first []byte, after model.Disk) ([]Patch, error) {
	var list []Patch
	var spans []geometry.Span
	add := func(what string, at geometry.Sector, data []byte) error {
		span := geometry.SpanOf(at, g.z.Up(geometry.Bytes(len(data))))
		if err := fits(span, spans, primary.header.usable(), after); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		held, err := g.run(span)
		copy(held, data) // the entries may end before their last sector does
		spans, list = append(spans, span), append(list, g.patch(at, held, what))
		return err
	}
	for _, c := range []gptCopy{backup, primary} {
		c.header.My, c.header.Other, c.header.ArraySum = c.at, after.Sectors-c.at, crc32.ChecksumIEEE(array)
		if err := add(c.name+" GPT entries", c.header.Array, array); err != nil {
			return nil, err
		}
		if err := add(c.name+" GPT header", c.at, c.header.sealed(c.raw)); err != nil {
			return nil, err
		}
	}
	if err := add("protective MBR", 0, first); err != nil {
		return nil, err
	}
	stale, err := g.staleHeaders(spans, after)
	return append(list, stale...), err
}

// fits returns an error if a structure would be outside the disk, over another structure, or where partitions may be.
func fits(span geometry.Span, others []geometry.Span, usable geometry.Span, after model.Disk) error {
	if !after.Span().Encloses(span) || span.Overlaps(usable) {
		return fmt.Errorf("there is no room for it at sectors %s: partitions may be at %s of %s sectors",
			span.Inclusive(), usable.Inclusive(), after.Sectors)
	}
	if slices.ContainsFunc(others, span.Overlaps) {
		return fmt.Errorf("it would lie over another part of the table at %s", span.Named())
	}
	for p := range after.Each() {
		if span.Overlaps(p.Span) {
			return fmt.Errorf("it would lie over %s at %s", p.Ref(), p.Span.Named())
		}
	}
	return nil
}

// staleHeaders returns patches that erase the headers that the disk after no longer uses. Otherwise a later change of the
// disk's size could uncover them as an outdated table. It leaves alone sectors that are written anew (kept) or belong to
// a partition.
func (g *gptDisk) staleHeaders(kept []geometry.Span, after model.Disk) ([]Patch, error) {
	for p := range after.Each() {
		kept = append(kept, p.Span)
	}
	places := []geometry.Sector{1, g.backup.at}
	if g.chosen() != nil {
		places = append(places, g.backupPlace())
	}
	slices.Sort(places)
	var list []Patch
	for _, at := range slices.Compact(places) {
		inUse := func(span geometry.Span) bool { return span.Contains(at) }
		if at < 1 || at >= min(g.sectors, after.Sectors) || slices.ContainsFunc(kept, inUse) {
			continue
		}
		raw, err := g.sector(at)
		if err != nil {
			return nil, err
		}
		if string(raw[:8]) == gptSignature {
			list = append(list, g.patch(at, make([]byte, g.z), "unused GPT header"))
		}
	}
	return list, nil
}
