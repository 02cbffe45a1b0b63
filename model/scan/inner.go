package scan

import (
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// An inner table divides a partition of an MBR into parts. Some systems have one in their partition.
type inner struct {
	name  string
	parts []innerPart
	// absolute says that the places count from the start of the disk. They are wrong after the partition has moved.
	absolute bool
}

// innerPart is an entry of such a table. Its place is in bytes on the disk.
type innerPart struct {
	name   string
	off, n int64
}

// innerTables lists the functions that read such tables. start and end are the place of the partition on the disk.
var innerTables = []func(w *window, kind model.PartType, start, end int64) (inner, bool){
	bsdTable, solarisTable, unixwareTable, minixTable,
}

// innerTable returns the table inside partition p.
func innerTable(w *window, z geometry.SectorSize, p model.Partition) (inner, bool) {
	start, end := int64(z.Bytes(p.Span.Start)), int64(z.Bytes(p.Span.End))
	for _, read := range innerTables {
		t, ok := read(w, p.Type, start, end)
		if !ok {
			continue
		}
		// An entry for all of the partition, or for all of the disk, is no part of it.
		t.parts = slices.DeleteFunc(t.parts, func(e innerPart) bool {
			return e.n <= 0 || e.off < start || e.n > end-e.off || e.off == start && e.n == end-start
		})
		if divides := len(t.parts) > 0 || slices.Contains(dividedTypes, model.PartType(strings.ToLower(string(p.Type)))); divides {
			return t, true
		}
	}
	return inner{}, false
}

// dividedTypes are the types of partitions that have a table inside even if that has no entries: FreeBSD, OpenBSD, NetBSD,
// UnixWare, Solaris.
var dividedTypes = []model.PartType{"0xa5", "0xa6", "0xa9", "0x63", "0xbf"}

// mark adds the table to what is known of the contents of its partition.
func (t inner) mark(fs model.Filesystem) model.Filesystem {
	if fs.Trait != model.NoTrait && fs.Trait != model.Unread {
		return fs
	}
	notes := fs.Notes
	fs.Trait, fs.Notes = model.Divided, "holds a "+t.name+", which divides it"
	if t.absolute {
		fs.Trait, fs.Notes = model.Anchored, "holds a "+t.name+", which counts from the start of the disk"
	}
	if fs.Known() && notes != "" {
		fs.Notes += "; " + notes
	}
	return fs
}

// slices returns the parts with what they hold.
func (t inner) slices(b *blankness, z geometry.SectorSize, p model.Partition) []model.Slice {
	list := make([]model.Slice, 0, len(t.parts))
	for _, e := range t.parts {
		span := geometry.Span{Start: z.Down(geometry.Bytes(e.off)), End: z.Up(geometry.Bytes(e.off + e.n))}
		list = append(list, model.Slice{
			Of: p.ID, Name: p.Ref() + e.name, Table: t.name, Span: span, FS: b.of(Probe(b.r, e.off, e.n), e.off, e.n),
		})
	}
	return list
}

// sectorBytes is the unit of places in these tables.
const sectorBytes = 512

// bsdTable reads a disklabel (struct disklabel of 4.4BSD). Its places count from the start of the disk or from that of the
// partition. If they count from the partition, its entry c, which stands for all of it, begins at 0.
func bsdTable(w *window, _ model.PartType, start, end int64) (t inner, ok bool) {
	const magic, raw, most = 0x82564557, 2, 22
	b := w.at(sectorBytes, sectorBytes)
	if b == nil || le.Uint32(b) != magic || le.Uint32(b[132:]) != magic {
		return t, false
	}
	unit := int64(le.Uint32(b[40:]))
	entries := make([]innerPart, min(int(le.Uint16(b[138:])), most))
	for i := range entries {
		e := b[148+16*i:]
		entries[i] = innerPart{fmt.Sprintf("%c", 'a'+i), int64(le.Uint32(e[4:])) * unit, int64(le.Uint32(e)) * unit}
		if unused := e[12] == 0; unused && i != raw {
			entries[i].n = 0
		}
	}
	t = inner{name: "BSD disklabel", parts: entries}
	whole := len(entries) > raw && entries[raw].off == 0 && entries[raw].n == end-start
	t.absolute = !whole && slices.ContainsFunc(entries, func(e innerPart) bool {
		return e.n > 0 && e.off >= start && e.off+e.n <= end
	})
	if !t.absolute {
		for i := range entries {
			entries[i].off += start
		}
	}
	return t, true
}

// vtocSlices reads the entries of a volume table of contents of System V: tag (2), flags (2), start (4), sectors (4). Tag 0
// means that the entry is not in use, and tag 5 that it stands for everything.
func vtocSlices(b []byte, count int, base int64) (list []innerPart) {
	const entry, whole = 12, 5
	for i := range min(count, len(b)/entry) {
		e := b[entry*i:]
		if tag := le.Uint16(e); tag != 0 && tag != whole {
			list = append(list, innerPart{
				fmt.Sprintf("s%d", i), base + int64(le.Uint32(e[4:]))*sectorBytes, int64(le.Uint32(e[8:])) * sectorBytes,
			})
		}
	}
	return list
}

const vtocMagic = 0x600DDEEE

// solarisTable reads the table of Solaris on x86, which counts from the start of the partition.
func solarisTable(w *window, _ model.PartType, start, _ int64) (t inner, ok bool) {
	b := w.at(sectorBytes, sectorBytes)
	if b == nil || le.Uint32(b[12:]) != vtocMagic || le.Uint32(b[16:]) != 1 {
		return t, false
	}
	return inner{name: "Solaris table", parts: vtocSlices(b[72:], 16, start)}, true
}

// unixwareTable reads the table of UnixWare, which counts from the start of the disk.
func unixwareTable(w *window, _ model.PartType, _, _ int64) (t inner, ok bool) {
	b := w.at(29*sectorBytes, sectorBytes)
	if b == nil || le.Uint32(b[4:]) != 0xCA5E600D {
		return t, false
	}
	t = inner{name: "UnixWare table", absolute: true}
	if le.Uint32(b[156:]) == vtocMagic {
		t.parts = vtocSlices(b[216:], 16, 0)
	}
	return t, true
}

// minixTable reads the table of Minix, which is like an MBR but counts from the start of the disk.
func minixTable(w *window, kind model.PartType, start, end int64) (t inner, ok bool) {
	b := w.at(0, sectorBytes)
	if k := strings.ToLower(string(kind)); b == nil || k != "0x80" && k != "0x81" || le.Uint16(b[510:]) != 0xAA55 {
		return t, false
	}
	t = inner{name: "Minix table", absolute: true}
	for i := range 4 {
		e := b[446+16*i:]
		at := innerPart{fmt.Sprintf("s%d", i), int64(le.Uint32(e[8:])) * sectorBytes, int64(le.Uint32(e[12:])) * sectorBytes}
		if e[4] != 0 && at.n > 0 && at.off >= start && at.off+at.n <= end {
			t.parts = append(t.parts, at)
		}
	}
	return t, len(t.parts) > 0
}
