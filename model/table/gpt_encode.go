package table

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

const gptSlots = 128 // entries of a new table

// gptWrite is a whole GPT ready to be written. The raw sectors bring the bytes that are no field.
type gptWrite struct {
	primary, backup       gptHeader
	primaryRaw, backupRaw []byte
	array                 []byte
	first                 []byte // sector 0
}

// arrayOf is how many sectors the entries of a table take.
func arrayOf(t model.Table, z geometry.SectorSize) geometry.Sector {
	size := t.EntrySize
	if size == 0 {
		size = gptEntrySize
	}
	return z.Up(geometry.Bytes(t.Slots) * geometry.Bytes(size))
}

// editGPT is the table on the disk with only the differences between before and after put in. If there are
// none it is what the disk holds, damage included; else both copies become whole and the same, and the
// backup lies at the end of the disk.
func editGPT(src source, g gptDisk, first []byte, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	if sameTable(before, after) {
		return verbatim(src, gptRegions(g))
	}
	c := g.chosen()
	if c == nil {
		return nil, fmt.Errorf("neither copy of the GPT is whole")
	}
	h := c.header
	if after.Table.Slots != h.count || (after.Table.EntrySize != 0 && after.Table.EntrySize != h.entrySize) {
		return nil, fmt.Errorf("the table has %d entries of %d bytes, which no edit can change", h.count, h.entrySize)
	}
	h.first, h.last = after.Table.Usable.Start, after.Table.Usable.End-1
	if !strings.EqualFold(h.disk.String(), after.Table.ID) {
		id, err := uuid.Parse(after.Table.ID)
		if err != nil {
			return nil, fmt.Errorf("disk GUID %q: %w", after.Table.ID, err)
		}
		h.disk = id
	}
	w := gptWrite{primary: h, backup: h, primaryRaw: c.raw, array: slices.Clone(c.array)}
	if g.primary.headerFault == nil {
		w.primaryRaw, w.primary.size = g.primary.raw, g.primary.header.size
	}
	w.backupRaw, w.backup.size = w.primaryRaw, w.primary.size
	if g.backup.fault == nil && g.backup.header.disk == c.header.disk && g.backup.header.entrySize == h.entrySize {
		w.backupRaw, w.backup.size = g.backup.raw, g.backup.header.size
	}
	var err error
	if w.primary.array, err = g.primaryArray(src); err != nil {
		return nil, err
	}
	w.backup.array = after.Sectors - 1 - h.arraySectors(g.z)
	if !g.displaced() && after.Sectors == before.Sectors && g.backup.fault == nil {
		w.backup.array = g.backup.header.array
	}
	if err := patchArray(w.array, c.array, h.entrySize, before, after, newUUID); err != nil {
		return nil, err
	}
	if w.first, err = updateProtective(first, g.backupPlace()+1, before, after); err != nil {
		return nil, err
	}
	return w.patches(src, g, after)
}

// patchArray puts the entries of after into array, a copy of old.
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

// freshGPT is a new table, as the specification has it: the primary's array behind its header.
func freshGPT(src source, g gptDisk, first []byte, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	t := after.Table
	h := gptHeader{
		size: gptHeaderSize, first: t.Usable.Start, last: t.Usable.End - 1,
		count: t.Slots, entrySize: t.EntrySize, disk: newUUID(),
	}
	if t.ID != "" {
		id, err := uuid.Parse(t.ID)
		if err != nil {
			return nil, fmt.Errorf("disk GUID %q: %w", t.ID, err)
		}
		h.disk = id
	}
	if h.entrySize < gptEntrySize || h.entrySize%8 != 0 || h.count < 1 || h.count > maxArray/h.entrySize {
		return nil, fmt.Errorf("a GPT of %d entries of %d bytes: at most 4 MiB of entries of 128 bytes or more", h.count, h.entrySize)
	}
	raw := make([]byte, src.z)
	le.PutUint32(raw[8:], 0x00010000) // revision 1.0
	w := gptWrite{primary: h, backup: h, primaryRaw: raw, backupRaw: raw, array: make([]byte, h.count*h.entrySize)}
	w.primary.array = 2
	w.backup.array = after.Sectors - 1 - h.arraySectors(src.z)
	empty := model.New(model.Disk{SectorSize: before.SectorSize}, nil, nil)
	if err := patchArray(w.array, w.array, h.entrySize, empty, after, newUUID); err != nil {
		return nil, err
	}
	if before.Table.Kind == model.TableNone {
		first = make([]byte, len(first)) // what is there is no boot code of a table but some file system's
	}
	w.first = newProtective(first, after.Sectors)
	return w.patches(src, g, after)
}

// patches lists the sectors of the table on the disk after, in the order the UEFI specification wants:
// whatever is cut off in between leaves one copy whole.
func (w gptWrite) patches(src source, g gptDisk, after model.Disk) ([]Patch, error) {
	z, end := after.SectorSize, after.Sectors-1
	w.primary.my, w.primary.other = 1, end
	w.backup.my, w.backup.other = end, 1
	w.primary.arrayCRC = crc32.ChecksumIEEE(w.array)
	w.backup.arrayCRC = w.primary.arrayCRC
	parts := []struct {
		what string
		at   geometry.Sector
		data []byte
	}{
		{"backup GPT entries", w.backup.array, w.array},
		{"backup GPT header", end, w.backup.sealed(w.backupRaw)},
		{"primary GPT entries", w.primary.array, w.array},
		{"primary GPT header", 1, w.primary.sealed(w.primaryRaw)},
		{"protective MBR", 0, w.first},
	}
	list := make([]Patch, 0, len(parts)+2)
	var spans []geometry.Span
	for _, p := range parts {
		span := geometry.SpanOf(p.at, z.Up(geometry.Bytes(len(p.data))))
		if err := w.fits(span, spans, after); err != nil {
			return nil, fmt.Errorf("%s: %w", p.what, err)
		}
		spans = append(spans, span)
		held, err := src.run(span.Start, span.Len())
		if err != nil {
			return nil, err
		}
		copy(held, p.data) // entries need not fill their last sector
		list = append(list, Patch{Off: int64(z.Bytes(span.Start)), Data: held, What: p.what})
	}
	stale, err := staleHeaders(src, g, spans, after)
	return append(list, stale...), err
}

func (h gptHeader) sealed(raw []byte) []byte {
	out := slices.Clone(raw)
	h.seal(out)
	return out
}

// fits refuses a structure that would lie off the disk, over another one, or where partitions may lie.
func (w gptWrite) fits(span geometry.Span, others []geometry.Span, after model.Disk) error {
	if !after.Span().Encloses(span) || span.Overlaps(w.primary.usable()) {
		return fmt.Errorf("there is no room for it at sectors %s: partitions may lie at %s of %d sectors",
			span.Inclusive(), w.primary.usable().Inclusive(), after.Sectors)
	}
	if slices.ContainsFunc(others, span.Overlaps) {
		return fmt.Errorf("it would lie over another part of the table at sectors %s", span.Inclusive())
	}
	for _, p := range after.Partitions() {
		if span.Overlaps(p.Span) {
			return fmt.Errorf("it would lie over %s at sectors %s", p.Ref(), p.Span.Inclusive())
		}
	}
	return nil
}

// staleHeaders erases the headers of g that the disk after has no use for: a later change of the disk's size
// would bring them to light as a table that is out of date. A sector that is written anew (kept) or belongs
// to a partition by then is none of them.
func staleHeaders(src source, g gptDisk, kept []geometry.Span, after model.Disk) ([]Patch, error) {
	for _, p := range after.Partitions() {
		kept = append(kept, p.Span)
	}
	places := []geometry.Sector{1, g.backup.at}
	if c := g.chosen(); c != nil {
		places = append(places, g.backupPlace())
	}
	slices.Sort(places)
	var list []Patch
	for _, at := range slices.Compact(places) {
		inUse := func(span geometry.Span) bool { return span.Contains(at) }
		if at < 1 || at >= min(src.sectors, after.Sectors) || slices.ContainsFunc(kept, inUse) {
			continue
		}
		raw, err := src.sector(at)
		if err != nil {
			return nil, err
		}
		if string(raw[:8]) == gptSignature {
			list = append(list, Patch{Off: int64(src.z.Bytes(at)), Data: make([]byte, src.z), What: "GPT header that is out of use"})
		}
	}
	return list, nil
}
