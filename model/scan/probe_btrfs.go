package scan

import (
	"hash/crc32"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// The btrfs superblock is 4096 bytes long and lies at 64 KiB:
//
//	0   checksum (32)   96  log root (8)       148 node size (4)     209 bytes of this device (8)
//	32  UUID            112 total bytes (8)    196 checksum kind (2) 217 of them in chunks (8)
//	48  own offset (8)  120 bytes used (8)     201 device id (8)     299 label (256)
//	56  flags (8)       136 devices (8)
//	64  "_BHRfS_M"
//
// The checksum covers everything behind it. Source: btrfs documentation, "On-disk Format", superblock.
const btrfsAt = 64 << 10

// readBtrfs reads the superblock of btrfs. Size is the size of this one device. Used counts data and metadata; if there
// are several devices, it is this device's proportional share.
func readBtrfs(s *superblock) bool {
	total, used, devices, size := s.u64(112), s.u64(120), s.u64(136), s.u64(209)
	if s.u64(48) != btrfsAt || total == 0 || total > 1<<62 || !s.sized(s.u32(144), size, unknown) {
		return false
	}
	switch {
	case used > total:
		s.fs.Dirty = "needs a check: it counts more in use than there is"
	case total < size:
		s.fs.Dirty = "needs a check: it counts its device as larger than the whole file system"
		s.fs.Used = geometry.Bytes(used)
	default:
		s.fs.Used = geometry.Bytes(used)
	}
	const seeding = 1 << 32
	switch {
	case devices != 1:
		s.fs.Elsewhere = model.SpansDevices
	case s.u64(56)&seeding != 0:
		s.fs.Elsewhere = model.SeedOfOthers
	}
	if devices > 1 && s.fs.Dirty.OK() {
		high, low := bits.Mul64(used, size)
		share, _ := bits.Div64(high, low, total) // used <= total, so the share is at most size
		s.fs.Used = geometry.Bytes(share)
	}
	if devices == 1 && s.fs.Dirty.OK() {
		if t, ok := readBtrfsTree(s); ok {
			s.fs.Min = geometry.Bytes(t.least(size))
		}
	}
	const crc32c = 0
	switch {
	case s.u16(196) == crc32c && uint64(crc32.Checksum(s.b[32:], castagnoli)) != s.u32(0):
		s.fs.Dirty = badSum
	case s.u64(96) != 0:
		s.fs.Dirty, s.fs.Features = "its log must be replayed", model.Unreplayed
	}
	return true
}
