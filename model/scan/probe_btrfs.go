package scan

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// The btrfs superblock is 4096 bytes long and lies at 64 KiB; integers are little-endian:
//
//	0   checksum (32)   96  log root (8)       148 node size (4)     209 bytes of this device (8)
//	32  UUID            112 total bytes (8)    196 checksum kind (2) 217 of them in chunks (8)
//	48  own offset (8)  120 bytes used (8)     201 device id (8)     299 label (256)
//	56  flags (8)       136 devices (8)
//	64  "_BHRfS_M"
//
// The checksum is over everything behind it. Source: btrfs documentation, "On-disk Format", superblock.
const (
	btrfsAt   = 64 << 10
	btrfsSize = 4096
)

// probeBtrfs recognises btrfs. Size is that of the one device; Used is the data and metadata of the whole file
// system, in proportion to the device if there are more.
func probeBtrfs(w *window) (model.Filesystem, bool) {
	b := w.at(btrfsAt, btrfsSize)
	if b == nil || string(b[64:72]) != "_BHRfS_M" {
		return model.Filesystem{}, false
	}
	u64 := func(off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) }
	sector := binary.LittleEndian.Uint32(b[144:])
	total, used, devices, size := u64(112), u64(120), u64(136), u64(209)
	if u64(48) != btrfsAt || bits.OnesCount32(sector) != 1 || size == 0 || size > 1<<62 || total < size || total > 1<<62 || used > total {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: model.Btrfs, Label: text(b[299:555]), UUID: uuidText(b[32:48]),
		Size: geometry.Bytes(size), Used: geometry.Bytes(used),
		BlockSize: geometry.Bytes(sector),
	}
	const seeding = 1 << 32
	switch {
	case devices != 1:
		fs.Elsewhere = model.SpansDevices
	case u64(56)&seeding != 0:
		fs.Elsewhere = model.SeedOfOthers
	}
	if devices > 1 {
		high, low := bits.Mul64(used, size)
		share, _ := bits.Div64(high, low, total) // used <= total, so the share is at most size
		fs.Used = geometry.Bytes(share)
	}
	const crc32c = 0
	switch {
	case binary.LittleEndian.Uint16(b[196:]) == crc32c &&
		crc32.Checksum(b[32:], crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(b):
		fs.Dirty = "superblock checksum does not match"
	case u64(96) != 0:
		fs.Dirty = "log needs to be replayed"
	}
	return fs, true
}
