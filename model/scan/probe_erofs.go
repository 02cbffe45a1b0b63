package scan

import (
	"encoding/binary"
	"hash/crc32"

	"shunt/geometry"
	"shunt/model"
)

// probeEROFS recognises EROFS by its superblock at 1 KiB; integers are little-endian:
//
//	0  magic          12 block size, as a power of two (1)    48 UUID          80 features that must be known
//	4  checksum       14 upper half of the blocks (2)         64 label (16)    86 further devices (2)
//	8  features       36 blocks (4)
//
// The checksum, if there is one, covers the superblock's block from 1 KiB on, and is not inverted at its end. All of an image is
// in use. Source: Linux, fs/erofs/erofs_fs.h.
func probeEROFS(w *window) (model.Filesystem, bool) {
	const at, size, magic, summed, wide = 1024, 128, 0xE0F5E1E2, 1 << 0, 1 << 7
	b := w.at(at, size)
	if b == nil || binary.LittleEndian.Uint32(b) != magic || b[12] < 9 || b[12] > 16 {
		return model.Filesystem{}, false
	}
	block, blocks := int64(1)<<b[12], int64(binary.LittleEndian.Uint32(b[36:]))
	if binary.LittleEndian.Uint32(b[80:])&wide != 0 {
		blocks |= int64(binary.LittleEndian.Uint16(b[14:])) << 32
	}
	length := geometry.Bytes(blocks * block)
	fs := model.Filesystem{
		Kind: model.EROFS, Label: text(b[64:80]), UUID: uuidText(b[48:64]),
		Size: length, Used: length, BlockSize: geometry.Bytes(block),
	}
	if binary.LittleEndian.Uint16(b[86:]) != 0 {
		fs.Elsewhere = model.SpansDevices // the kernel opens them by the paths that it finds there
	}
	if binary.LittleEndian.Uint32(b[8:])&summed != 0 {
		covered := block
		if covered > at {
			covered -= at
		}
		if whole := w.at(at, int(covered)); whole == nil || erofsSum(whole) != binary.LittleEndian.Uint32(b[4:]) {
			fs.Dirty = "superblock checksum does not match"
		}
	}
	return fs, true
}

// erofsSum is the checksum of a superblock's block, with the checksum itself zero.
func erofsSum(b []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, b[:4])
	sum = crc32.Update(sum, table, make([]byte, 4))
	return ^crc32.Update(sum, table, b[8:])
}
