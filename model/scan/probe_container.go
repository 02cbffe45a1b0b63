package scan

import (
	"slices"

	"shunt/model"
)

// readLUKS reads the header of LUKS1 or LUKS2: version (2, big-endian) at 6, the UUID as text at 168 and, in LUKS2, the
// label at 24. Nothing says what is in use behind it. Source: "LUKS1 On-Disk Format Specification", "LUKS2 On-Disk Format
// Specification".
func readLUKS(s *superblock) bool {
	s.fillWindow()
	s.fs.UUID = text(s.b[168:208])
	switch s.u16(6) {
	case 1:
		s.fs.Notes, s.fs.Trait = "LUKS1", model.OldForm
	case 2:
		s.fs.Notes, s.fs.Label = "LUKS2", text(s.b[24:72])
	default:
		return false
	}
	return true
}

// bitLockerToGo marks the otherwise ordinary FAT boot sector of a removable volume under BitLocker.
const bitLockerToGo = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"

// readBitLocker describes a volume that Windows has encrypted.
func readBitLocker(s *superblock) bool {
	s.fillWindow()
	return true
}

// mdMagic begins the superblock of a member of a Linux software RAID. It lies at the end in versions 0.90 and 1.0, so that
// a mirrored file system can be read from a single member, and at 0 or 4 KiB in versions 1.1 and 1.2. Version 0.90 has its
// UUID in four numbers at 20, 52, 56 and 60. Source: "RAID superblock formats" in the Linux Raid Wiki.
const mdMagic = "\xfc\x4e\x2b\xa9"

// readRAID1 reads a superblock of version 1. It has its own sector at 144, so that the one at the end of a whole disk is
// not taken for one of the disk's last partition.
func readRAID1(s *superblock) bool {
	s.fillWindow()
	s.fs.Elsewhere = model.ArrayElsewhere
	switch s.off {
	case 0:
		s.fs.Notes = "metadata 1.1"
	case 4096:
		s.fs.Notes = "metadata 1.2"
	default:
		s.fs.Notes = "metadata 1.0"
	}
	return s.u64(144) == uint64(s.off/512)
}

// readRAID0 reads a superblock of version 0.90. At 32 are the KiB of the member that are in use, 0 for linear and striped
// sets. They must end in front of the superblock.
func readRAID0(s *superblock) bool {
	s.fillWindow()
	id := slices.Concat(s.b[20:24], s.b[52:64])
	for i := 0; i < len(id); i += 4 {
		slices.Reverse(id[i : i+4]) // four numbers of 32 bits
	}
	s.fs.Notes, s.fs.UUID, s.fs.Elsewhere = "metadata 0.90", uuidText(id), model.ArrayElsewhere
	return s.u32(32)<<10 <= uint64(s.off)
}
