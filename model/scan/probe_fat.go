package scan

import (
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/fatfs"
)

// bootMark ends a boot sector.
const bootMark = "\x55\xAA"

// fat is a FAT volume. Package fatfs reads its geometry; the boot sector also holds
//
//	FAT12/16                          FAT32
//	37  state                         65  state
//	38  0x28 or 0x29                  66  0x28 or 0x29
//	39  serial (4), 43  label (11)    67  serial (4), 71  label (11)
type fat struct {
	fatfs.Volume
	w                *window
	state, signature byte
	serial, label    []byte
}

// newFAT reads a boot sector. ok is false if it is not the boot sector of a FAT volume.
func newFAT(w *window) (f fat, ok bool) { return fatOf(w, w.at(0, fatfs.BootSize)) }

// fatOf reads the boot sector b of the volume in w.
func fatOf(w *window, b []byte) (f fat, ok bool) {
	v, ok := fatfs.Parse(b)
	if !ok {
		return f, false
	}
	at := 37
	if v.Kind == model.FAT32 {
		at = 65
	}
	return fat{Volume: v, w: w, state: b[at], signature: b[at+1], serial: b[at+2 : at+6], label: b[at+6 : at+17]}, true
}

// findFAT looks for FAT12, FAT16 and FAT32.
func findFAT(w *window) (model.Filesystem, bool) {
	f, ok := newFAT(w)
	if !ok || string(w.at(510, 2)) != bootMark && !f.tableMarked(0) {
		return model.Filesystem{}, false
	}
	return f.describe(), true
}

// describe returns what is known about the volume.
func (f fat) describe() model.Filesystem {
	fs := model.Filesystem{
		Kind: f.Kind, Size: geometry.Bytes(f.Size()), Used: -1, BlockSize: geometry.Bytes(f.ClusterSize()),
		Label: f.volumeLabel(), Dirty: f.dirty(), Max: geometry.Bytes(f.LargestSize()),
	}
	if serial := le.Uint32(f.serial); serial != 0 && (f.signature == 0x29 || f.signature == 0x28) {
		fs.UUID = serialText(serial)
	}
	if free := f.free(); free >= 0 {
		fs.Used = geometry.Bytes(f.Size() - free*f.ClusterSize())
		fs.Min = geometry.Bytes(f.MinSize(f.Clusters() - free))
	}
	return fs
}

// fatLeft reports whether only a boot sector remains of a FAT volume that was overwritten later. In an intact volume
// every copy of the FAT begins with the media byte. The FATs lie behind the area that a superblock at 1 KiB overwrites.
func fatLeft(w *window) bool {
	f, ok := newFAT(w)
	if !ok || f.Size() > w.n || f.FATAt(0) < 2048 {
		return true
	}
	for i := range f.Copies {
		if !f.tableMarked(i) {
			return true
		}
	}
	return false
}

// tableMarked reports whether a copy of the FAT begins with the media byte and ones, as it must.
func (f fat) tableMarked(copyNo int64) bool {
	return string(f.w.at(f.FATAt(copyNo), 3)) == string([]byte{f.Media, 0xFF, 0xFF})
}

// volumeLabel returns the label in the root directory, where all systems of today look for it. The one in the boot sector
// outlives changes.
func (f fat) volumeLabel() string {
	const volume, dir, long = 0x08, 0x10, 0x0F
	pieces, n := slices.Values([]int64{f.RootStart() * f.SectorSize}), f.RootEntries*32
	if f.Kind == model.FAT32 {
		pieces, n = f.w.chain(f.FATAt(0), f.RootCluster, f.Clusters(), 0x0FFFFFFF, f.ClusterAt), f.ClusterSize()
	}
	for e := range f.w.entries(pieces, n) {
		hasCluster := e[20]|e[21]|e[26]|e[27] != 0
		if attr := e[11]; e[0] == 0xE5 || hasCluster || attr&0x3F == long || attr&(volume|dir) != volume {
			continue
		}
		name := slices.Clone(e[:11])
		if name[0] == 0x05 { // stands for 0xE5, which would mark the entry as deleted
			name[0] = 0xE5
		}
		return clean(string(name))
	}
	return ""
}

// dirty returns the reason why the volume should be checked, or "".
func (f fat) dirty() model.Reason {
	// A cleared bit in entry 1 marks a problem: bits 27 and 26 in FAT32, bits 15 and 14 in FAT16. FAT12 has no such bits.
	last, unclean := f.FATAt(0)+7, byte(0x08)
	if f.Kind == model.FAT16 {
		last, unclean = f.FATAt(0)+3, 0x80
	}
	b := f.w.at(last, 1)
	cleared := func(bit byte) bool { return b != nil && f.Kind != model.FAT12 && b[0]&bit == 0 }
	return marks(f.signature == 0x29 && f.state&1 != 0 || cleared(unclean), cleared(unclean>>1), "has I/O errors")
}

// free returns the number of free clusters, or -1 if it is unknown. FAT32 stores a number, but it can be wrong, so the FAT
// itself counts where it is not too large. The beginning of a larger one limits what is believed of the stored number.
func (f fat) free() int64 {
	active, length, free := int64(0), f.FATLen(f.Clusters()), int64(0)
	if f.Active < f.Copies {
		active = f.Active
	}
	read := min(length, maxTable)
	counted := f.w.stream(f.FATAt(active), read, func(piece []byte) { free += f.zeros(piece) })
	if counted && read == length {
		return free
	}
	stored := f.storedFree()
	if counted && stored >= 0 { // only the table of FAT32 can be that long
		taken := read/4 - free
		return min(max(stored, free), f.Clusters()+fatfs.FirstCluster-taken)
	}
	return stored
}

// storedFree returns the number of free clusters in the FSInfo sector, or -1 if there is none or it is impossible.
func (f fat) storedFree() int64 {
	if f.Info == 0 {
		return -1
	}
	b := f.w.at(f.Info*f.SectorSize, 512)
	if b == nil || string(b[:4]) != "RRaA" || string(b[484:488]) != "rrAa" || int64(le.Uint32(b[488:])) >= f.Clusters() {
		return -1
	}
	return int64(le.Uint32(b[488:]))
}

// zeros counts the free entries in a piece of the FAT. A piece consists of whole entries; the FAT of a FAT12 volume is
// one piece.
func (f fat) zeros(piece []byte) (n int64) {
	switch f.Kind {
	case model.FAT32:
		for ; len(piece) >= 4; piece = piece[4:] {
			if le.Uint32(piece)&0x0FFFFFFF == 0 {
				n++
			}
		}
	case model.FAT16:
		for ; len(piece) >= 2; piece = piece[2:] {
			if le.Uint16(piece) == 0 {
				n++
			}
		}
	default:
		for i := range f.Clusters() + fatfs.FirstCluster {
			if le.Uint16(piece[i*3/2:])>>(i%2*4)&0xFFF == 0 {
				n++
			}
		}
	}
	return n
}
