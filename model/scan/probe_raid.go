package scan

import (
	"hash/crc32"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

const member = model.MemberOfOthers

// raidMembers are the members of arrays, which come first: a mirrored file system shows through. The firmware of hosts puts
// its records into the last sectors of a disk. Each has its magic number and what its reader checks. Source: dmraid, the
// drivers in Linux, SNIA's "Common RAID Disk Data Format Specification".
var raidMembers = []prober{
	{
		kind: model.RAID, at: []int64{0, 4096, -8192}, magic: magics{{0, mdMagic + "\x01\x00\x00\x00"}},
		uuid: 16, label: field{32, 32}, read: readRAID1,
	},
	{
		kind: model.RAID, at: []int64{-64 << 10}, grain: 64 << 10, magic: magics{{0, mdMagic + "\x00\x00\x00\x00"}},
		read: readRAID0,
	},
	{
		kind: model.RAID, at: []int64{-64 << 10}, grain: 64 << 10, magic: magics{{0, "\xa9\x2b\x4e\xfc\x00\x00\x00\x00"}},
		order: be, read: readRAID0,
	},
	firmware("ddf_raid_member", magics{{0, "\xde\x11\xde\x11"}}, readDDF, 1, 257),
	firmware("isw_raid_member", magics{{0, "Intel Raid ISM Cfg Sig. "}}, nil, 2),
	firmware("lsi_mega_raid_member", magics{{0, "$XIDE$"}}, nil, 1),
	firmware("via_raid_member", magics{{0, "\x55\xaa"}}, func(s *superblock) bool {
		sum := byte(0)
		for _, b := range s.b[:50] {
			sum += b
		}
		return s.b[2] <= 2 && sum == s.b[50]
	}, 1),
	firmware("silicon_medley_raid_member", magics{{0x60, "\x00\x00\x00\x2f"}}, func(s *superblock) bool {
		return s.b[0x116] < 8 && s.sum16(0x140) == 0
	}, 1),
	firmware("nvidia_raid_member", magics{{0, "NVIDIA  \x1e\x00\x00\x00"}}, func(s *superblock) bool {
		sum := uint32(0)
		for at := 0; at < 4*30; at += 4 {
			sum += uint32(s.u32(at))
		}
		return sum == 0
	}, 2),
	firmware("promise_fasttrack_raid_member", magics{{0, "Promise Technology, Inc."}}, nil,
		63, 255, 256, 16, 399, 591, 675, 735, 911, 974, 991, 951, 3087),
	firmware("hpt45x_raid_member", magics{{0, "\xf3\x16\x78\x5a"}, {0, "\xfd\x16\x78\x5a"}}, nil, 11),
	{
		kind: "hpt37x_raid_member", at: []int64{4608}, magic: magics{{32, "\xf0\x16\x78\x5a"}, {32, "\xfd\x16\x78\x5a"}},
		elsewhere: member,
	},
	firmware("adaptec_raid_member", magics{{256, "DPTM"}}, func(s *superblock) bool {
		return string(s.b[:4]) == "\x37\xfc\x4d\x1e"
	}, 1),
	firmware("jmicron_raid_member", magics{{0, "JM"}}, func(s *superblock) bool {
		return s.b[0x30] <= 5 && s.sum16(128) <= 1
	}, 1),
}

// firmware returns the row of a kind whose record lies so many sectors before the end, in one of several places.
func firmware(kind model.FSKind, magic magics, read func(s *superblock) bool, sectors ...int64) prober {
	p := prober{kind: kind, grain: 512, magic: magic, elsewhere: member, read: read}
	for _, n := range sectors {
		p.at = append(p.at, -512*n)
	}
	return p
}

// sum16 adds up the 16-bit words of the first n bytes.
func (s *superblock) sum16(n int) (sum uint16) {
	for at := 0; at < n; at += 2 {
		sum += uint16(s.u16(at))
	}
	return sum
}

// readDDF reads a header of SNIA's format: CRC (4) at 4, over 512 bytes with ones in its place, GUID (24) at 8.
func readDDF(s *superblock) bool {
	s.fs.UUID = strings.ReplaceAll(text([]byte(string([]rune(string(s.b[8:32]))))), "\uFFFD", "_") // as the system shows it
	return be.Uint32(s.b[4:]) == plainCRC(0, crc32.IEEETable, s.b[:4], []byte{0xFF, 0xFF, 0xFF, 0xFF}, s.b[8:])
}

// mdMagic begins the superblock of a member of a Linux software RAID. Versions 0.90 and 1.0 store it at the end, so that
// a mirrored file system can be read from a single member. Versions 1.1 and 1.2 store it at 0 and 4 KiB. The UUID of
// version 0.90 consists of four numbers at 20, 52, 56 and 60. Source: "RAID superblock formats" in the Linux Raid Wiki.
const mdMagic = "\xfc\x4e\x2b\xa9"

// readRAID1 reads a superblock of version 1. The superblock stores its own sector at 144. That tells a superblock of the
// whole disk from one of the disk's last partition, which ends at the same place. The data of the member begin at the sector
// at 128, and the number at 136 is their length in sectors.
func readRAID1(s *superblock) bool {
	s.fillWindow()
	s.fs.Elsewhere = model.ArrayElsewhere
	if start, n := s.u64(128), s.u64(136); s.off <= 4096 && start < 1<<50 && n < 1<<50 {
		s.fs.Size = max(s.fs.Size, geometry.Bytes(512*(start+n))) // its end is missing if the partition was cut
		s.fs.Used = s.fs.Size
	}
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

// readRAID0 reads a superblock of version 0.90, which is in the byte order of the machine. The number at 32 is the used
// size of the member in KiB, or 0 for linear and striped sets. The used part must end in front of the superblock.
func readRAID0(s *superblock) bool {
	s.fillWindow()
	id := slices.Concat(s.b[20:24], s.b[52:64])
	if s.order == le {
		for i := 0; i < len(id); i += 4 {
			slices.Reverse(id[i : i+4]) // four numbers of 32 bits
		}
	}
	s.fs.Notes, s.fs.UUID, s.fs.Elsewhere = "metadata 0.90", uuidText(id), model.ArrayElsewhere
	return s.u32(32)<<10 <= uint64(s.off)
}
