package scan

import (
	"fmt"
	"hash/crc32"
	"strings"

	"shunt/model"
)

// luksSecond lists where LUKS2 may keep its second header.
var luksSecond = []int64{16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20}

// readLUKS reads the header of LUKS1 or LUKS2: version (2, big-endian) at 6, the UUID as text at 168 and, in LUKS2, the
// label at 24 and the header's own place at 256. Nothing says what is in use behind it. Source: "LUKS1 On-Disk Format
// Specification", "LUKS2 On-Disk Format Specification".
func readLUKS(s *superblock) bool {
	s.fillWindow()
	s.fs.UUID = text(s.b[168:208])
	switch s.u16(6) {
	case 1:
		s.fs.Notes, s.fs.Trait = "LUKS1", model.OldForm
		return s.off == 0
	case 2:
		s.fs.Notes, s.fs.Label = "LUKS2", text(s.b[24:72])
		if s.off > 0 {
			s.fs.Dirty = "its first header is damaged"
			return s.u64(256) == uint64(s.off)
		}
		return true
	}
	return false
}

const (
	fveMagic = "-FVE-FS-"
	// bitLockerToGo marks the otherwise ordinary FAT boot sector of a removable volume under BitLocker.
	bitLockerToGo = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"
)

// readBitLocker describes a volume that Windows has encrypted. The boot sector has the place of its metadata (8) at 176, or
// at 440 on removable volumes. There a block header of 64 bytes begins with the magic, and a header follows: size (4), at
// 16 the GUID, and from 48 on entries: size (2), kind (2), kind of value (2), value from 8. Kind 7 is the label in UTF-16.
// Source: libbde, "BitLocker Drive Encryption (BDE) format specification".
func readBitLocker(s *superblock) bool {
	s.fillWindow()
	at := s.u64(176)
	if string(s.b[3:11]) != fveMagic {
		at = s.u64(440)
	}
	off := int64(min(at, 1<<62))
	b := s.w.at(off, int(min(1024, s.w.n-off)))
	if len(b) < 128 || string(b[:8]) != fveMagic {
		return true
	}
	b = b[64:]
	s.fs.UUID = guidText(b[16:32])
	b = b[48:min(int64(len(b)), max(48, int64(le.Uint32(b))))]
	for len(b) >= 8 {
		n := int(le.Uint16(b))
		if n < 8 || n > len(b) {
			break
		}
		if le.Uint16(b[2:]) == 7 && le.Uint16(b[4:]) == 2 {
			s.fs.Label = wideText(le, b[8:n])
		}
		b = b[n:]
	}
	return true
}

// guidText formats a GUID as Microsoft stores it: its first three numbers are little-endian.
func guidText(b []byte) string {
	return uuidText(append([]byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}, b[8:16]...))
}

// textUUID returns a reader for a UUID that is written as text.
func textUUID(off, n int) func(s *superblock) bool {
	return func(s *superblock) bool {
		s.fs.UUID = text(s.b[off : off+n])
		return true
	}
}

// The magic numbers of DRBD's metadata, which lies in the last 4 KiB behind the file system: number of bytes for each bit
// of its bitmap (4) at 80, always 4096, and the device's number (8) at 40, in version 9 at 48. Source: drbd-utils, drbdmeta.
const (
	drbd8         = "\x83\x74\x02\x6b"
	drbd84Unclean = "\x83\x74\x02\x6c"
	drbd9         = "\x83\x74\x02\x6d"
)

func readDRBD(s *superblock) bool {
	at := 40
	if string(s.b[60:64]) == drbd9 {
		at = 48
	}
	s.fs.UUID = fmt.Sprintf("%x", s.u64(at))
	return s.u32(80) == 4096
}

// readLVM1 reads a physical volume of LVM1, whose UUID is written at 44.
func readLVM1(s *superblock) bool {
	s.fs.UUID = lvmUUID(s.b[44:76])
	return s.fs.UUID != ""
}

// readUBI reads the header of an erase block of UBI: number of the image (4) at 24, checksum (4) at 60.
func readUBI(s *superblock) bool {
	s.fs.UUID = fmt.Sprint(s.u32(24))
	return s.u32(60) == uint64(^crc32.ChecksumIEEE(s.b[:60]))
}

// readStratis reads either superblock of a member of a Stratis pool: checksum (4), UUID of the device as 32 digits at 64.
func readStratis(s *superblock) bool {
	id := text(s.b[64:96])
	if len(id) != 32 || s.u32(0) != uint64(crc32.Checksum(s.b[4:512], castagnoli)) {
		return false
	}
	s.fs.UUID = strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	return true
}

// readCoreStorage reads the header of a volume under FileVault 2: checksum (4), its start value (4), version (2).
func readCoreStorage(s *superblock) bool {
	return s.u16(8) == 1 && uint64(plainCRC(uint32(s.u32(4)), castagnoli, s.b[8:512])) == s.u32(0)
}
