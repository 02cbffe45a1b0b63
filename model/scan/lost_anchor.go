package scan

import (
	"hash/crc32"
	"slices"

	"shunt/model"
	"shunt/model/scan/extfs"
	"shunt/model/scan/fatfs"
)

// An anchor is a text in a sector that leads to where contents begin.
type anchor struct {
	off  int // in its sector
	text string
	row  *prober
	back int64 // from its sector back to the start of the contents
	// mirror says instead where they begin, for a copy of a superblock.
	mirror *mirror
}

// A mirror is a copy of a superblock that is not found from the start of the contents.
type mirror struct {
	kind model.FSKind
	off  int // of the text in the copy
	text string
	// leads returns where the contents begin. w begins with the copy, which is at the position at of the disk. ok is false
	// if it is no copy.
	leads func(w *window, at int64) (start int64, ok bool)
	// tells returns what the copy says. w begins where the contents begin, and the copy is at off there.
	tells func(w *window, off int64) (model.Filesystem, bool)
}

// anchors are all texts that are looked for.
var anchors = allAnchors()

func allAnchors() (list []anchor) {
	for layer := range registry {
		for i := range registry[layer] {
			list = append(list, anchorsOf(&registry[layer][i])...)
		}
	}
	for i := range mirrors {
		m := &mirrors[i]
		list = append(list, anchor{off: m.off, text: m.text, row: rowOf(m.kind), mirror: m})
	}
	return list
}

// rowOf returns the first row of a kind.
func rowOf(kind model.FSKind) *prober {
	for layer := range registry {
		for i := range registry[layer] {
			if registry[layer][i].kind == kind {
				return &registry[layer][i]
			}
		}
	}
	panic("scan: internal error: no row of the registry is of the kind " + string(kind))
}

// anchorsOf returns the anchors of a row whose kind can be looked for.
func anchorsOf(p *prober) (list []anchor) {
	if !slices.ContainsFunc(append([]model.FSKind{p.kind}, p.also...), func(k model.FSKind) bool { return proofs[k] != nil }) {
		return nil
	}
	if p.find != nil {
		return found(p)
	}
	places := p.at
	if places == nil {
		places = []int64{0}
	}
	for _, at := range places {
		for _, m := range p.magic {
			if at < 0 {
				continue // it counts from an end that is not known
			}
			pos := at + int64(m.off)
			list = append(list, anchor{off: int(pos % lostSector), text: m.text, row: p, back: pos / lostSector * lostSector})
		}
	}
	return list
}

// found returns the anchors of the kinds without one position.
func found(p *prober) (list []anchor) {
	switch p.kind {
	case model.Swap:
		for _, page := range swapPages {
			for _, text := range append([]string{"SWAPSPACE2"}, suspended...) {
				list = append(list, anchor{off: lostSector - 10, text: text, row: p, back: page - lostSector})
			}
		}
	case model.FAT12:
		list = append(list, anchor{off: lostSector - len(bootMark), text: bootMark, row: p})
	case model.UDF:
		list = append(list, anchor{off: 1, text: "BEA01", row: p, back: isoAt})
	}
	return list
}

// mirrors are the copies that lead to the start of what they are copies of. Those of LUKS2 and f2fs are rows of the registry.
var mirrors = []mirror{
	{model.Ext2, 56, "\x53\xef", extMirror, tellsBy(model.Ext2, extfs.SuperblockSize)},
	{model.XFS, 0, "XFSB", xfsMirror, tellsBy(model.XFS, 512)},
	{model.Btrfs, 64, "_BHRfS_M", btrfsMirror, btrfsCopy},
	{model.NTFS, 3, "NTFS    ", ntfsMirror, tellsBy(model.NTFS, 512)},
	{model.FAT12, 82, "FAT32   ", fatMirror, fatCopy},
	{model.ExFAT, 3, "EXFAT   ", exfatMirror, tellsBy(model.ExFAT, 512)},
	{model.NILFS2, 6, "\x34\x34", nilfsMirror, tellsBy(model.NILFS2, NILFSSize)},
}

// tellsBy reads a copy of n bytes with the reader of the row of its kind.
func tellsBy(kind model.FSKind, n int) func(w *window, off int64) (model.Filesystem, bool) {
	return func(w *window, off int64) (model.Filesystem, bool) {
		p := rowOf(kind)
		b := w.at(off, n)
		if b == nil || !p.magic.in(b) {
			return model.Filesystem{}, false
		}
		s := p.superblock(w, off, b)
		ok := p.read(&s)
		return s.fs, ok
	}
}

// extMirror reads a superblock at the start of a group of ext2, ext3 or ext4, which has the number of the group.
func extMirror(w *window, at int64) (int64, bool) {
	b := w.at(0, extfs.SuperblockSize)
	sb, err := extfs.Parse(b)
	if err != nil || !sb.SumOK() {
		return 0, false
	}
	group := uint64(le.Uint16(b[0x5A:]))
	return at - int64(sb.GroupStart(group))*sb.BlockSize, group > 0 && group < sb.Groups() && sb.HasSuper(group)
}

// xfsMirror reads the superblock of an allocation group. The next sector of the group has its number (4) at 8.
func xfsMirror(w *window, at int64) (int64, bool) {
	b := w.at(0, 512)
	if b == nil {
		return 0, false
	}
	sector := int64(be.Uint16(b[102:]))
	if sector < 512 || sector > 32<<10 {
		return 0, false
	}
	group := w.at(sector, 12)
	if group == nil || string(group[:4]) != "XAGF" || be.Uint32(group[8:]) == 0 {
		return 0, false
	}
	return at - int64(be.Uint32(group[8:]))*int64(be.Uint32(b[84:]))*int64(be.Uint32(b[4:])), be.Uint32(group[8:]) < be.Uint32(b[88:])
}

// btrfsMirror reads a superblock of btrfs, which has its own position.
func btrfsMirror(w *window, at int64) (int64, bool) {
	b := w.at(0, 512)
	if b == nil {
		return 0, false
	}
	own := int64(le.Uint64(b[48:]))
	return at - own, own == 64<<20 || own == 256<<30
}

// btrfsCopy reads a copy of the superblock. Its ordinary reader expects the first one.
func btrfsCopy(w *window, off int64) (model.Filesystem, bool) {
	b := w.at(off, 4096)
	if b == nil || uint64(crc32.Checksum(b[32:], castagnoli)) != uint64(le.Uint32(b)) {
		return model.Filesystem{}, false
	}
	s := rowOf(model.Btrfs).superblock(w, off, b)
	ok := s.sized(s.u32(144), s.u64(209), unknown)
	return s.fs, ok
}

// ntfsMirror reads the boot sector at the end of an NTFS. The master file table must be where it says.
func ntfsMirror(w *window, at int64) (int64, bool) {
	v, ok := ntfsShape(&superblock{w: w, b: w.at(0, ntfsStride), order: le})
	if !ok {
		return 0, false
	}
	start := at - (v.size - v.sector)
	return start, start < at && ntfsFiles(newWindow(w.r, start, v.size), v)
}

// ntfsFiles reports whether the master file table begins where the boot sector says.
func ntfsFiles(w *window, v ntfs) bool {
	if w.off < 0 {
		return false
	}
	v.w = w
	return v.mftRecord(0) != nil
}

// fatMirror reads the second boot sector of FAT32.
func fatMirror(w *window, at int64) (int64, bool) {
	b := w.at(0, fatfs.BootSize)
	v, ok := fatfs.Parse(b)
	if !ok || v.Kind != model.FAT32 {
		return 0, false
	}
	backup := int64(le.Uint16(b[50:]))
	start := at - backup*v.SectorSize
	if backup == 0 || backup >= v.Reserved || start < 0 {
		return 0, false
	}
	f := fat{Volume: v, w: newWindow(w.r, start, v.Size())}
	return start, f.tableMarked(0)
}

// fatCopy reads the second boot sector of FAT32.
func fatCopy(w *window, off int64) (model.Filesystem, bool) {
	f, ok := fatOf(w, w.at(off, fatfs.BootSize))
	if !ok {
		return model.Filesystem{}, false
	}
	return f.describe(), true
}

// exfatMirror reads the second boot sector of exFAT, which is the twelfth behind the first one.
func exfatMirror(w *window, at int64) (int64, bool) {
	b := w.at(0, 512)
	if b == nil || b[108] < 9 || b[108] > 12 {
		return 0, false
	}
	sector := int64(1) << b[108]
	start := at - (exfatSumSectors+1)*sector
	if start < 0 {
		return 0, false
	}
	table := newWindow(w.r, start, int64(le.Uint64(b[72:]))*sector).at(int64(le.Uint32(b[80:]))*sector, 4)
	return start, string(table) == "\xf8\xff\xff\xff"
}

// nilfsMirror reads the second superblock of NILFS2, near the end.
func nilfsMirror(w *window, at int64) (int64, bool) {
	b := w.at(0, NILFSSize)
	if b == nil || !NILFSValid(b) {
		return 0, false
	}
	n := int64(min(le.Uint64(b[32:]), 1<<62))
	start := at - NILFSBackup(n)
	return start, start >= 0 && start < at && nilfsSegment(newWindow(w.r, start, n), b)
}

// nilfsSegment reports whether the first segment begins where the superblock b says: block (8) at 40. A segment has a magic
// number at 8.
func nilfsSegment(w *window, b []byte) bool {
	const most = 1 << 40
	at := int64(min(le.Uint64(b[40:]), most)) * (1024 << min(le.Uint32(b[20:]), 6))
	return string(w.at(at+8, 4)) == "\x11\xfa\xaf\x1e"
}
