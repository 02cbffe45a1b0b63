package scan

import (
	"encoding/binary"
	"hash/crc32"

	"shunt/geometry"
	"shunt/model"
)

// The f2fs superblock lies at 1 KiB; integers are little-endian:
//
//	0   0xF2F52010             20  log2 blocks per segment   108 UUID
//	12  log2 sectors per block 36  blocks (8)                124 label (1024, UTF-16)
//	16  log2 block size        76  checkpoint, block (4)
//	2201 path of the first of several devices (64)
//
// Two checkpoint packs lie one segment apart; the one with the higher version counts:
//
//	0  version (8)   8 user blocks (8)   16 valid blocks (8)   132 flags: 1 unmounted   164 checksum offset
//
// The checksum is a CRC-32 without inversions that begins with the magic number. Source: the kernel's
// Documentation/filesystems/f2fs.rst and include/linux/f2fs_fs.h.
const (
	f2fsAt    = 1024
	f2fsMagic = 0xF2F52010
	f2fsPaths = 2201
)

// probeF2FS recognises f2fs.
func probeF2FS(w *window) (model.Filesystem, bool) {
	b := w.at(f2fsAt, 3072)
	if b == nil || binary.LittleEndian.Uint32(b) != f2fsMagic {
		return model.Filesystem{}, false
	}
	u32 := func(off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
	blocks := binary.LittleEndian.Uint64(b[36:])
	if u32(16) < 12 || u32(16) > 16 || u32(20) > 16 || blocks == 0 || blocks > 1<<46 {
		return model.Filesystem{}, false
	}
	block := int64(1) << u32(16)
	fs := model.Filesystem{
		Kind: model.F2FS, Label: utf16Text(b[124:], 512), UUID: uuidText(b[108:124]),
		Size: geometry.Bytes(int64(blocks) * block), Used: -1,
		BlockSize: geometry.Bytes(block),
	}
	if b[f2fsPaths] != 0 {
		fs.Elsewhere, fs.Size = model.SpansDevices, 0 // the blocks are those of all devices
		return fs, true
	}
	first := int64(u32(76)) * block
	best := f2fsCheckpoint(w, first, block)
	if second := f2fsCheckpoint(w, first+block<<u32(20), block); best == nil ||
		second != nil && binary.LittleEndian.Uint64(second) > binary.LittleEndian.Uint64(best) {
		best = second
	}
	if best == nil {
		fs.Dirty = "no valid checkpoint"
		return fs, true
	}
	user, valid := binary.LittleEndian.Uint64(best[8:]), binary.LittleEndian.Uint64(best[16:])
	if valid <= user && user <= blocks {
		fs.Used = geometry.Bytes(int64(blocks-(user-valid)) * block)
	}
	if best[132]&1 == 0 {
		fs.Dirty = "not unmounted cleanly"
	}
	return fs, true
}

// f2fsCheckpoint is the checkpoint block at off, or nil if its checksum does not match.
func f2fsCheckpoint(w *window, off, block int64) []byte {
	b := w.at(off, int(block))
	if b == nil {
		return nil
	}
	at := int64(binary.LittleEndian.Uint32(b[164:]))
	if at < 168 || at > block-4 {
		return nil
	}
	// The table-driven CRC of the standard library inverts at both ends; inverting once more undoes it.
	sum := ^crc32.Update(^uint32(f2fsMagic), crc32.IEEETable, b[:at])
	if sum != binary.LittleEndian.Uint32(b[at:]) {
		return nil
	}
	return b
}
