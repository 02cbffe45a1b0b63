package scan

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/fatfs"
)

// Besides the geometry (see package fatfs) the boot sector of a FAT volume holds
//
//	FAT12/16                          FAT32
//	37  state                         65  state
//	38  0x28 or 0x29                  66  0x28 or 0x29
//	39  serial (4), 43  label (11)    67  serial (4), 71  label (11)
const (
	fatEntrySize  = 32
	fatAttrVolume = 0x08
	fatAttrDir    = 0x10
	fatAttrLong   = 0x0F
)

var bootMark = []byte{0x55, 0xAA}

// fat is the geometry of a FAT volume. Offsets and lengths are bytes in the window.
type fat struct {
	ok                bool
	volume            fatfs.Volume
	kind              model.FSKind
	size              int64
	cluster           int64
	clusters          int64
	tables            int64 // start of the first FAT
	tableLen          int64
	copies            int64
	root, rootLen     int64 // FAT12/16
	data              int64 // start of cluster 2
	rootCluster       int64 // FAT32
	info              int64 // start of the FSInfo sector, FAT32; 0 if there is none
	media             byte
	state, signature  byte
	serial, bootLabel []byte
}

// probeFAT recognises FAT12, FAT16 and FAT32.
func probeFAT(w *window) (model.Filesystem, bool) {
	head := w.at(0, 512)
	if head == nil {
		return model.Filesystem{}, false
	}
	f := fatShape(head)
	if !f.ok || !slices.Equal(head[510:], bootMark) && !f.tableMarked(w, 0) {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: f.kind, Size: geometry.Bytes(f.size), Used: -1,
		BlockSize: geometry.Bytes(f.cluster),
		Label:     f.label(w),
		Dirty:     f.dirty(w),
		Max:       geometry.Bytes(f.volume.MaxSize()),
	}
	if f.signature == 0x29 || f.signature == 0x28 {
		if serial := binary.LittleEndian.Uint32(f.serial); serial != 0 {
			fs.UUID = serialText(serial)
		}
	}
	if free := f.free(w); free >= 0 {
		fs.Used = geometry.Bytes(f.size - free*f.cluster)
		fs.Min = geometry.Bytes(f.volume.MinSize(f.clusters - free))
	}
	return fs, true
}

// fatLeft reports whether the FAT volume in the window is only a boot sector that an older format left. In a volume that is in
// use both copies of the FAT begin with the media byte, which lies behind everything that a superblock at 1 KiB overwrites.
func fatLeft(w *window) bool {
	f := fatShape(w.at(0, 512))
	if !f.ok || f.size > w.n || f.tables < 2048 {
		return true
	}
	for i := range f.copies {
		if !f.tableMarked(w, i) {
			return true
		}
	}
	return false
}

// fatShape reads the geometry from a boot sector; ok is false if it is not one of a FAT volume.
func fatShape(b []byte) fat {
	v, ok := fatfs.Parse(b)
	if !ok {
		return fat{}
	}
	f := fat{
		ok: true, volume: v, kind: v.Kind, size: v.Size(), cluster: v.ClusterSize(), clusters: v.Clusters(),
		tables: v.FATAt(0), tableLen: v.FATSectors * v.SectorSize, copies: v.Copies,
		root: v.RootStart() * v.SectorSize, rootLen: v.RootEntries * fatEntrySize, data: v.DataStart() * v.SectorSize,
		rootCluster: v.RootCluster, info: v.Info * v.SectorSize, media: v.Media,
		state: b[37], signature: b[38], serial: b[39:43], bootLabel: b[43:54],
	}
	if v.Kind == model.FAT32 {
		f.state, f.signature, f.serial, f.bootLabel = b[65], b[66], b[67:71], b[71:82]
	}
	return f
}

// tableBytes is how much of a FAT is needed for all clusters.
func (f fat) tableBytes() int64 { return f.volume.FATLen(f.clusters) }

// tableMarked reports whether a copy of the FAT begins as it has to: with the media byte and ones.
func (f fat) tableMarked(w *window, copyNo int64) bool {
	b := w.at(f.tables+copyNo*f.tableLen, 3)
	return b != nil && b[0] == f.media && b[1] == 0xFF && b[2] == 0xFF
}

// label is the volume label: the root directory's, else the boot sector's.
func (f fat) label(w *window) string {
	if name := f.rootLabel(w); name != nil {
		return clean(string(name))
	}
	boot := string(f.bootLabel)
	if f.signature != 0x29 || boot == "NO NAME    " {
		return ""
	}
	return text(f.bootLabel)
}

// rootLabel finds the entry of the volume label in the root directory, or nil.
func (f fat) rootLabel(w *window) []byte {
	if f.kind != model.FAT32 {
		name, _ := f.labelIn(w, f.root, min(f.rootLen, 32<<10))
		return name
	}
	at := f.rootCluster
	for range maxChain {
		if at < 2 || at >= f.clusters+2 {
			return nil
		}
		name, end := f.labelIn(w, f.data+(at-2)*f.cluster, min(f.cluster, 32<<10))
		if name != nil || end {
			return name
		}
		next := w.at(f.tables+at*4, 4)
		if next == nil {
			return nil
		}
		at = int64(binary.LittleEndian.Uint32(next) & 0x0FFFFFFF)
	}
	return nil
}

// labelIn looks for the volume label in n bytes of directory at off. end says that the directory ends there.
func (f fat) labelIn(w *window, off, n int64) (name []byte, end bool) {
	for ; n >= fatEntrySize; off, n = off+fatEntrySize, n-fatEntrySize {
		e := w.at(off, fatEntrySize)
		if e == nil || e[0] == 0 {
			return nil, true
		}
		attr := e[11]
		if e[0] == 0xE5 || attr&0x3F == fatAttrLong || attr&(fatAttrVolume|fatAttrDir) != fatAttrVolume {
			continue
		}
		name := slices.Clone(e[:11])
		if name[0] == 0x05 { // stands for 0xE5, which would mark the entry as deleted
			name[0] = 0xE5
		}
		return name, true
	}
	return nil, false
}

// dirty is why the volume should be checked, or "".
func (f fat) dirty(w *window) model.Reason {
	const unclean, failed = "not unmounted cleanly", "has I/O errors"
	if f.signature == 0x29 && f.state&1 != 0 {
		return unclean
	}
	switch f.kind {
	case model.FAT32:
		if b := w.at(f.tables+4, 4); b != nil {
			return marks(b[3]&0x08 == 0, b[3]&0x04 == 0, failed)
		}
	case model.FAT16:
		if b := w.at(f.tables+2, 2); b != nil {
			return marks(b[1]&0x80 == 0, b[1]&0x40 == 0, failed)
		}
	default: // FAT12 has no bits for it
	}
	return ""
}

// marks is what two bits of a superblock say: that the file system was not unmounted cleanly, or something else.
func marks(unclean, other bool, text model.Reason) model.Reason {
	switch {
	case unclean:
		return "not unmounted cleanly"
	case other:
		return text
	}
	return ""
}

// free is the number of free clusters, or -1. FAT32 keeps count; elsewhere, and where the count cannot be true, the
// FAT is read if it is not too large.
func (f fat) free(w *window) int64 {
	if f.info > 0 {
		if b := w.at(f.info, 512); b != nil && string(b[:4]) == "RRaA" && string(b[484:488]) == "rrAa" {
			if n := int64(binary.LittleEndian.Uint32(b[488:])); n < f.clusters {
				return n
			}
		}
	}
	length := f.tableBytes()
	if length > maxTable {
		return -1
	}
	free, seen := int64(0), int64(0)
	var half []byte // FAT12: entries are 12 bits, so one can begin at the end of a piece
	ok := w.stream(f.tables, length, func(piece []byte) {
		switch f.kind {
		case model.FAT32:
			free += zeros(piece, 4, 0x0FFFFFFF)
		case model.FAT16:
			free += zeros(piece, 2, 0xFFFF)
		default:
			half = append(half, piece...)
		}
	})
	if !ok {
		return -1
	}
	for ; f.kind == model.FAT12 && seen < f.clusters+2; seen++ {
		pair := uint16(half[seen*3/2]) | uint16(half[seen*3/2+1])<<8
		if seen%2 == 1 {
			pair >>= 4
		}
		if pair&0xFFF == 0 {
			free++
		}
	}
	return free
}

// zeros counts the little-endian entries of the given width that are zero under a mask.
func zeros(piece []byte, width int, mask uint32) (n int64) {
	for ; len(piece) >= width; piece = piece[width:] {
		x := uint32(piece[0]) | uint32(piece[1])<<8
		if width == 4 {
			x |= uint32(piece[2])<<16 | uint32(piece[3])<<24
		}
		if x&mask == 0 {
			n++
		}
	}
	return n
}

// serialText is a volume serial number as DOS shows it.
func serialText(serial uint32) string {
	return strings.ToUpper(fmt.Sprintf("%04x-%04x", serial>>16, serial&0xFFFF))
}
