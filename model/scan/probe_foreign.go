package scan

import (
	"encoding/binary"

	"shunt/geometry"
	"shunt/model"
)

// bitLockerToGo marks the otherwise ordinary FAT boot sector of a removable volume under BitLocker.
const bitLockerToGo = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"

// probeBitLocker recognises volumes that Windows has encrypted.
func probeBitLocker(w *window) (model.Filesystem, bool) {
	b := w.at(0, 512)
	if b == nil || string(b[3:11]) != "-FVE-FS-" && string(b[424:440]) != bitLockerToGo {
		return model.Filesystem{}, false
	}
	return model.Filesystem{Kind: model.BitLocker, Size: geometry.Bytes(w.n), Used: geometry.Bytes(w.n)}, true
}

// foreign are the signatures of contents that shunt knows by name only: they can be moved, not changed.
var foreign = []struct {
	kind  model.FSKind
	at    int64
	magic string
}{
	{model.ReFS, 3, "ReFS\x00\x00\x00\x00"},
	{"cramfs", 0, "\x45\x3d\xcd\x28"},
	{"romfs", 0, "-rom1fs-"},
	{"bcache", 4096 + 24, bcacheMagic},
	{"ocfs2", 1024, "OCFSV2"},
	{"ocfs2", 2048, "OCFSV2"},
	{"ocfs2", 4096, "OCFSV2"},
	{"ocfs2", 8192, "OCFSV2"},
	{"gfs2", 64 << 10, "\x01\x16\x19\x70"},
	{model.ReiserFS, 8<<10 + 52, "ReIsErFs"},
	{"reiser4", 64 << 10, "ReIsEr4"},
}

// probeForeign recognises contents that shunt knows by name only. Their size is not known.
func probeForeign(w *window) (model.Filesystem, bool) {
	for _, f := range foreign {
		if b := w.at(f.at, len(f.magic)); string(b) == f.magic {
			fs := model.Filesystem{Kind: f.kind, Used: -1, Elsewhere: foreignElsewhere(w, f.kind)}
			if b := w.at(4096+40, 16); f.kind == "bcache" && b != nil {
				fs.UUID = uuidText(b)
			}
			return fs, true
		}
	}
	return model.Filesystem{}, false
}

func foreignKinds() (list []model.FSKind) {
	for _, f := range foreign {
		list = append(list, f.kind)
	}
	return list
}

// foreignElsewhere is what of contents that shunt knows by name only lies on other devices. bcache keeps its version at
// 4 KiB + 16 (8): 0, 3 and 5 are caches, the others lie behind one.
func foreignElsewhere(w *window, kind model.FSKind) model.Elsewhere {
	if kind != "bcache" {
		return model.WholeHere
	}
	switch b := w.at(4096+16, 8); binary.LittleEndian.Uint64(b) {
	case 0, 3, 5:
		return model.CacheOfOthers
	}
	return model.CachedElsewhere
}

// isUDF looks for "NSR02" or "NSR03" among the volume descriptors from 32 KiB on, one in each 2 KiB, or in each block where
// blocks are larger.
func isUDF(w *window) bool {
	for _, step := range []int64{isoSector, 2 * isoSector} {
		for i := range int64(isoMostDesc) {
			switch b := w.at(isoAt+i*step+1, 5); string(b) {
			case "NSR02", "NSR03":
				return true
			case "BEA01", "CD001", "TEA01", "BOOT2":
				continue
			}
			break
		}
	}
	return false
}

// probeZFS looks for an uberblock in the array at 128 KiB of the first label. Which slots are in use changes with every
// write and with the sector size, so several are tried.
func probeZFS(w *window) (model.Filesystem, bool) {
	const magic = 0x00BAB10C
	for i := range int64(32) {
		b := w.at(128<<10+i<<12, 8)
		if b != nil && (binary.LittleEndian.Uint64(b) == magic || binary.BigEndian.Uint64(b) == magic) {
			return model.Filesystem{Kind: model.ZFS, Used: -1}, true
		}
	}
	return model.Filesystem{}, false
}

// probeHFSPlus recognises HFS+ by its volume header at 1 KiB, big-endian: "H+" 4 or "HX" 5, 40 block size (4), 44 blocks (4),
// 48 free ones (4), attributes at 4 of which bit 8 is set after unmounting. Source: Apple, Technical Note TN1150.
func probeHFSPlus(w *window) (model.Filesystem, bool) {
	b := w.at(1024, 512)
	if b == nil || string(b[:4]) != "H+\x00\x04" && string(b[:4]) != "HX\x00\x05" {
		return model.Filesystem{}, false
	}
	u32 := func(off int) int64 { return int64(binary.BigEndian.Uint32(b[off:])) }
	block, blocks, free := u32(40), u32(44), u32(48)
	fs := model.Filesystem{Kind: model.HFSPlus, Size: geometry.Bytes(block * blocks), Used: -1, BlockSize: geometry.Bytes(block)}
	if free <= blocks {
		fs.Used = geometry.Bytes((blocks - free) * block)
	}
	fs.Dirty = marks(u32(4)&(1<<8) == 0, u32(4)&(1<<11) != 0, "has errors")
	return fs, true
}

// probeAPFS recognises an APFS container by the superblock in its first block, little-endian: "NXSB" at 32, 36 block size
// (4), 40 blocks (8), 72 UUID. Source: Apple, "Apple File System Reference".
func probeAPFS(w *window) (model.Filesystem, bool) {
	b := w.at(0, 512)
	if b == nil || string(b[32:36]) != "NXSB" {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{Kind: model.APFS, Used: -1, UUID: uuidText(b[72:88])}
	block, blocks := binary.LittleEndian.Uint32(b[36:]), binary.LittleEndian.Uint64(b[40:])
	if block >= 4096 && block <= 64<<10 && blocks <= 1<<46 {
		fs.Size, fs.BlockSize = geometry.Bytes(uint64(block)*blocks), geometry.Bytes(block)
	}
	return fs, true
}
