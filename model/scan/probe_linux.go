package scan

import (
	"hash/crc32"

	"shunt/geometry"
	"shunt/model"
)

// readXFS reads the primary superblock of XFS, which is big-endian:
//
//	0  "XFSB"        32  UUID                102 sector size (2)   144 free data blocks (8)
//	4  block size    84  AG blocks (4)       108 label (12)
//	8  data blocks   88  AGs (4)             126 being made (1)
//	16 realtime blocks (8)           96  blocks of the log (4)
//	48 first block of the log (8)    124 bits of a block's number in its AG (1)
//
// The first block of the log is 0 if the log is on another device, else the AG and the number in that.
//
// The free count is exact only after a clean unmount. Source: "XFS Algorithms & Data Structures", chapter "Superblocks".
func readXFS(s *superblock) bool {
	block, blocks, agBlocks, ags := s.u32(4), s.u64(8), s.u32(84), s.u32(88)
	if block > 64<<10 || ags == 0 || agBlocks == 0 || agBlocks*ags < blocks || agBlocks*(ags-1) >= blocks ||
		!s.sized(block, times(blocks, block), times(s.u64(144), block)) {
		return false
	}
	// The kernel makes no group of less than 64 blocks, and xfs_repair reads that many bytes of each.
	const leastBlocks, leastBytes = 64, 128 << 10
	s.fs.Group, s.fs.LeastGroup = geometry.Bytes(agBlocks*block), geometry.Bytes(max(leastBlocks*block, leastBytes))
	switch {
	case s.u64(48) == 0:
		s.fs.Elsewhere = model.JournalElsewhere
	case s.u64(16) != 0:
		s.fs.Elsewhere = model.RealtimeElsewhere
	}
	if s.b[126] != 0 {
		s.fs.Dirty = "it was not made completely"
	}
	agBits := min(s.b[124], 32)
	logAt, logBlocks := s.u64(48)>>agBits*agBlocks+s.u64(48)&(1<<agBits-1), s.u32(96)
	if s.fs.Elsewhere == model.WholeHere && logAt < blocks && logBlocks <= blocks-logAt {
		log := xfsLog{w: s.w, at: int64(logAt * block), blocks: int64(logBlocks * block / xfsLogBlock)}
		if log.unreplayed() {
			s.fs.Dirty, s.fs.Features = "its log must be replayed", model.Unreplayed
		}
	}
	return true
}

// jfsMapAt is the position of the first page of a JFS block map: number of blocks (8), number of free blocks (8).
const jfsMapAt = 64 << 10

// readJFS reads the superblock of JFS:
//
//	0   "JFS1"               40  state: 0 clean                     136 UUID
//	8   size, in sectors (8) 64  log device of the last mount       152 label (16)
//	16  block size           72  log: length (24 bits), address (40 bits), in blocks
//	24  sector size
//	36  flags: 0x800 the log is inside, whatever is at 64
//
// The size does not include the work space of jfs_fsck and the log, which lie behind the file system. Source: "JFS
// Layout", jfsutils.
func readJFS(s *superblock) bool {
	block, sector := s.u32(16), s.u32(24)
	size := times(s.u64(8), sector)
	if block > 4096 || sector > block || sector&(sector-1) != 0 || !s.sized(block, size, unknown) {
		return false
	}
	const logInside = 0x800
	if s.u32(36)&logInside == 0 {
		s.fs.Elsewhere = model.JournalElsewhere
	} else if logBlocks, logAt := s.u32(72)&(1<<24-1), s.u32(72)>>24<<32|s.u32(76); logAt < 1<<40 {
		size = max(size, (logAt+logBlocks)*block)
	}
	free := uint64(unknown)
	if b := s.w.at(jfsMapAt, 16); b != nil && le.Uint64(b) == uint64(s.fs.Size)/block {
		free = times(le.Uint64(b[8:]), block)
	}
	s.sized(block, size, free)
	s.fs.Dirty = marks(s.u32(40) != 0, s.u32(40)&2 != 0, "has errors")
	return true
}

// reiserOld is the signature of ReiserFS before version 3.6, which had neither UUID nor label.
const reiserOld = "ReIsErFs"

// readReiser reads the superblock of ReiserFS:
//
//	0  blocks   44 block size (2)             52 signature     84  UUID
//	4  free     50 1 unmounted, 2 mounted (2) 62 errors (2)    100 label (16)
//	16 number of the journal's device, 0 if it is inside
//
// Source: reiserfsprogs.
func readReiser(s *superblock) bool {
	block := s.u16(44)
	if !s.sized(block, s.u32(0)*block, s.u32(4)*block) {
		return false
	}
	if s.u32(16) != 0 {
		s.fs.Elsewhere = model.JournalElsewhere
	}
	if string(s.b[52:60]) == reiserOld {
		s.fs.UUID, s.fs.Label = "", ""
	}
	s.fs.Dirty = marks(s.u16(50) != 1, s.u16(62) != 0, "has errors")
	return true
}

// A NILFS2 superblock lies at 1 KiB, and a second one in the last whole 4 KiB of the device:
//
//	6   0x3434             20 log2(block size) - 10   80  free blocks (8)   168 label (80)
//	8   bytes covered (2)  32 device size (8)         116 state (2)
//	12  checksum seed (4)  72 last sequence (8)       152 UUID
//	16  checksum (4)
//
// Source: the kernel's Documentation/filesystems/nilfs2.rst and include/uapi/linux/nilfs2_ondisk.h.
const (
	// NILFSAt is the position of the first superblock in bytes.
	NILFSAt = 1024
	// NILFSSize is the largest size of a superblock in bytes.
	NILFSSize = 1024
)

// NILFSBackup returns the position of the second superblock on a device of n bytes.
func NILFSBackup(n int64) int64 { return max(n>>12-1, 0) << 12 }

// NILFSValid reports whether b, which has NILFSSize bytes, is a NILFS2 superblock with the right checksum.
func NILFSValid(b []byte) bool {
	if len(b) < NILFSSize || le.Uint16(b[6:]) != 0x3434 {
		return false
	}
	covered := int(le.Uint16(b[8:]))
	return covered >= 248 && covered <= NILFSSize &&
		plainCRC(le.Uint32(b[12:]), crc32.IEEETable, b[:16], make([]byte, 4), b[20:covered]) == le.Uint32(b[16:])
}

// readNILFS reads the first or second superblock of NILFS2.
func readNILFS(s *superblock) bool {
	shift := s.u32(20)
	block := uint64(1024) << shift
	if !NILFSValid(s.b) || shift > 6 || !s.sized(block, s.u64(32), times(s.u64(80), block)) {
		return false
	}
	s.fs.Dirty = marks(s.u16(116)&1 == 0, s.u16(116)&2 != 0, "has errors")
	return true
}
