package scan

import (
	"encoding/binary"
	"hash/crc32"

	"shunt/geometry"
	"shunt/model"
)

// A NILFS2 superblock lies at 1 KiB and another one in the last whole 4 KiB of the device; integers are little-endian:
//
//	6   0x3434             20 log2(block size) - 10   80  free blocks (8)   168 label (80)
//	8   bytes covered (2)  32 device size (8)         116 state (2)
//	12  checksum seed (4)  72 last sequence (8)       152 UUID
//	16  checksum (4)
//
// Source: the kernel's Documentation/filesystems/nilfs2.rst and include/uapi/linux/nilfs2_ondisk.h.
const (
	// NILFSAt is where the first superblock lies, in bytes.
	NILFSAt = 1024
	// NILFSSize is how many bytes a superblock takes at most.
	NILFSSize = 1024
)

// NILFSBackup is where the second superblock lies on a device of n bytes.
func NILFSBackup(n int64) int64 { return max(n>>12-1, 0) << 12 }

// NILFSValid reports whether b is a NILFS2 superblock with a right checksum. b has NILFSSize bytes.
func NILFSValid(b []byte) bool {
	if len(b) < NILFSSize || binary.LittleEndian.Uint16(b[6:]) != 0x3434 {
		return false
	}
	covered := int(binary.LittleEndian.Uint16(b[8:]))
	if covered < 248 || covered > NILFSSize {
		return false
	}
	// The table-driven CRC of the standard library inverts at both ends; inverting once more undoes it.
	sum := crc32.Update(^binary.LittleEndian.Uint32(b[12:]), crc32.IEEETable, b[:16])
	sum = crc32.Update(sum, crc32.IEEETable, make([]byte, 4))
	sum = crc32.Update(sum, crc32.IEEETable, b[20:covered])
	return ^sum == binary.LittleEndian.Uint32(b[16:])
}

// probeNILFS recognises NILFS2. Either superblock will do.
func probeNILFS(w *window) (model.Filesystem, bool) {
	b := w.at(NILFSAt, NILFSSize)
	if !NILFSValid(b) {
		if b = w.at(NILFSBackup(w.n), NILFSSize); !NILFSValid(b) {
			return model.Filesystem{}, false
		}
	}
	shift, size := binary.LittleEndian.Uint32(b[20:]), binary.LittleEndian.Uint64(b[32:])
	if shift > 6 || size == 0 || size > 1<<62 {
		return model.Filesystem{}, false
	}
	block := uint64(1024) << shift
	fs := model.Filesystem{
		Kind: model.NILFS2, Label: text(b[168:248]), UUID: uuidText(b[152:168]),
		Size: geometry.Bytes(size), Used: -1, BlockSize: geometry.Bytes(block),
	}
	if free := binary.LittleEndian.Uint64(b[80:]); free <= size/block {
		fs.Used = geometry.Bytes(size - free*block)
	}
	state := binary.LittleEndian.Uint16(b[116:])
	fs.Dirty = marks(state&1 == 0, state&2 != 0, "has errors")
	return fs, true
}
