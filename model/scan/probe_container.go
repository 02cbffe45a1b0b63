package scan

import (
	"slices"

	"shunt/model"
)

// readLUKS reads the header of LUKS1 or LUKS2: version (2, big-endian) at 6, the UUID as text at 168 and, in LUKS2, the
// label at 24. The header does not store the usage. Sources: "LUKS1 On-Disk Format Specification", "LUKS2 On-Disk Format
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

// bitLockerToGo is in the FAT boot sector of a removable volume that BitLocker encrypts. Otherwise that sector looks
// ordinary.
const bitLockerToGo = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"

// readBitLocker describes a volume that Windows has encrypted.
func readBitLocker(s *superblock) bool {
	s.fillWindow()
	return true
}

// mdMagic begins the superblock of a member of a Linux software RAID. Versions 0.90 and 1.0 store it at the end, so that
// a mirrored file system can be read from a single member. Versions 1.1 and 1.2 store it at 0 and 4 KiB. The UUID of
// version 0.90 consists of four numbers at 20, 52, 56 and 60. Source: "RAID superblock formats" in the Linux Raid Wiki.
const mdMagic = "\xfc\x4e\x2b\xa9"

// readRAID1 reads a superblock of version 1. The superblock stores its own sector at 144. That tells a superblock of the
// whole disk from one of the disk's last partition, which ends at the same place.
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

// readRAID0 reads a superblock of version 0.90. The number at 32 is the used size of the member in KiB, or 0 for linear
// and striped sets. The used part must end in front of the superblock.
func readRAID0(s *superblock) bool {
	s.fillWindow()
	id := slices.Concat(s.b[20:24], s.b[52:64])
	for i := 0; i < len(id); i += 4 {
		slices.Reverse(id[i : i+4]) // four numbers of 32 bits
	}
	s.fs.Notes, s.fs.UUID, s.fs.Elsewhere = "metadata 0.90", uuidText(id), model.ArrayElsewhere
	return s.u32(32)<<10 <= uint64(s.off)
}
