package scan

import (
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// anchored marks contents of p that name places on the disk. Some systems divide a partition by a table inside it. If such
// a table counts from the start of the disk, it points to the wrong place after the partition has moved.
func anchored(w *window, z geometry.SectorSize, p model.Partition, fs model.Filesystem) model.Filesystem {
	start, end := int64(z.Bytes(p.Span.Start)), int64(z.Bytes(p.Span.End))
	table := ""
	switch {
	case bsdAnchored(w.at(512, 512), start, end):
		table = "a BSD disklabel"
	case nestedMBR(w.at(0, 512), p):
		table = "the table of Minix"
	case w.at(29*512, 512) != nil && le.Uint32(w.at(29*512, 512)[4:]) == 0xCA5E600D:
		table = "the table of UnixWare"
	default:
		return fs
	}
	if fs.Trait == model.NoTrait || fs.Trait == model.Unread {
		notes := fs.Notes
		fs.Trait, fs.Notes = model.Anchored, "holds "+table+", which counts from the start of the disk"
		if fs.Known() && notes != "" {
			fs.Notes += "; " + notes
		}
	}
	return fs
}

// bsdAnchored reports whether b is a BSD disklabel (struct disklabel of 4.4BSD) whose places count from the start of the
// disk. The label is in a partition from byte start to end. In a label that counts from there, partition c begins at 0.
func bsdAnchored(b []byte, start, end int64) bool {
	const magic, raw = 0x82564557, 2
	if b == nil || le.Uint32(b) != magic || le.Uint32(b[132:]) != magic {
		return false
	}
	unit := int64(le.Uint32(b[40:]))
	slice := func(i int) (off, n int64) {
		e := b[148+16*i:]
		return int64(le.Uint32(e[4:])) * unit, int64(le.Uint32(e)) * unit
	}
	if off, n := slice(raw); off == 0 && n == end-start {
		return false
	}
	for i := range min(int(le.Uint16(b[138:])), 22) {
		if off, n := slice(i); n > 0 && off >= start && off+n <= end {
			return true
		}
	}
	return false
}

// nestedMBR reports whether a partition of a Minix type begins with a table whose entries are inside the partition.
func nestedMBR(b []byte, p model.Partition) bool {
	if kind := strings.ToLower(string(p.Type)); b == nil || kind != "0x80" && kind != "0x81" || le.Uint16(b[510:]) != 0xAA55 {
		return false
	}
	for e := b[446:510]; len(e) > 0; e = e[16:] {
		at := geometry.SpanOf(geometry.Sector(le.Uint32(e[8:])), geometry.Sector(le.Uint32(e[12:])))
		if e[4] != 0 && !at.Empty() && p.Span.Encloses(at) {
			return true
		}
	}
	return false
}
