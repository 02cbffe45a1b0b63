package scan

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Readers of file systems that shunt can only name and move.

// readGFS distinguishes GFS from GFS2 by the version of the format (4) at 24.
func readGFS(s *superblock) bool {
	switch version := s.u32(24); {
	case version == 1309:
		s.fs.Kind = "gfs"
	case version < 1800 || version >= 1900:
		return false
	}
	return true
}

// scoutMagic is in the superblocks of both devices of scoutfs. Bit 0 of the flags (8) at 48 is set on the metadata device.
const scoutMagic = "\x8b\x42\x3c\x10"

func readScout(s *superblock) bool {
	if s.u64(48)&1 == 0 {
		s.fs.Kind = "scoutfs_data"
	}
	return true
}

// readVMFS reads the UUID at 9. Its parts are little-endian.
func readVMFS(s *superblock) bool {
	u := s.b[9:25]
	s.fs.UUID = fmt.Sprintf("%08x-%08x-%04x-%x", le.Uint32(u), le.Uint32(u[4:]), le.Uint16(u[8:]), u[10:])
	return true
}

// readHPFS also requires the spare superblock. Serial number (4) and label are in the boot sector.
func readHPFS(s *superblock) bool {
	head := s.w.at(0, 512)
	if string(head[510:]) == bootMark && head[38] == 0x28 && string(head[54:58]) == "HPFS" {
		s.fs.UUID, s.fs.Label = serialText(le.Uint32(head[39:])), text(head[43:54])
	}
	return string(s.b[512:516]) == "\x49\x18\x91\xf9"
}

// ufsMagics are the magic numbers of UFS, in both byte orders.
var ufsMagics = func() (list magics) {
	for _, number := range []uint32{ufs2, 0x00011954, 0x00195612, 0x00095014, 0x00612195, 0x05231994} {
		for _, b := range [][]byte{le.AppendUint32(nil, number), be.AppendUint32(nil, number)} {
			list = append(list, magics{{1372, string(b)}}...)
		}
	}
	return list
}()

const ufs2 = 0x19540119

// readUFS reads the two numbers at 144 that identify the file system, and the label of UFS2.
func readUFS(s *superblock) bool {
	for i, magic := range ufsMagics {
		if i%2 == 1 && magic.text == string(s.b[1372:1376]) {
			s.order = be // they come in pairs
		}
	}
	if s.u64(144) != 0 {
		s.fs.UUID = fmt.Sprintf("%08x%08x", s.u32(144), s.u32(148))
	}
	if s.u32(1372) == ufs2 {
		s.fs.Label = text(s.b[680:712])
	}
	return true
}

// readBeFS reads the superblock of a BeFS, in either byte order: size of blocks (4) at 40 and as a power of two (4) at 44, a
// magic number at 112, and the place of the root directory's inode at 116: group (4), block in it (2). 76 has the size of a
// group as a power of two. Behind the 232 bytes of the inode are attributes: kind (4), length of the name (2) and of the
// value (2), name, three zeros, value, a zero. "be:volume_id" identifies the volume. Source: Giampaolo, "Practical File
// System Design with the Be File System".
func readBeFS(s *superblock) bool {
	if string(s.b[32:36]) == "BFS1" {
		s.order = be
	}
	shift := s.u32(44)
	if shift < 10 || shift > 13 || s.u32(40) != 1<<shift || s.u32(112) != 0x15b6830e {
		return false
	}
	s.sized(s.u32(40), times(s.u64(48), s.u32(40)), times(s.u64(48)-s.u64(56), s.u32(40)))
	at := int64((s.u32(116)<<min(s.u32(76), 20) + s.u16(120)) << shift)
	b := s.w.at(at, 1<<shift)
	if len(b) < 232 {
		return true
	}
	for b = b[232:]; len(b) >= 8; {
		name, n := int(s.order.Uint16(b[4:])), int(s.order.Uint16(b[6:]))
		end := 8 + name + 3 + n + 1
		if name == 0 || end > len(b) {
			break
		}
		if string(b[8:8+name]) == "be:volume_id" && n == 8 {
			s.fs.UUID = fmt.Sprintf("%016x", s.order.Uint64(b[8+name+3:]))
		}
		b = b[end:]
	}
	return true
}

// minixMagics are the magic numbers of the three versions of minix, in both byte orders.
var minixMagics = magics{
	{16, "\x7f\x13"},
	{16, "\x8f\x13"},
	{16, "\x68\x24"},
	{16, "\x78\x24"},
	{24, "\x5a\x4d"},
	{16, "\x13\x7f"},
	{16, "\x13\x8f"},
	{16, "\x24\x68"},
	{16, "\x24\x78"},
	{24, "\x4d\x5a"},
}

// readMinix checks that the maps have a bit for every inode and zone. The superblock of versions 1 and 2 has inodes (2),
// zones (2), blocks of the inode map (2) and of the zone map (2), first data zone (2), zone size (2), at 18 the state (2),
// and in version 2 the zones (4) at 20. Version 3 begins with the inodes (4) and has the rest 2 bytes later, the zones (4) at
// 20. Source: Linux, include/linux/minix_fs.h.
func readMinix(s *superblock) bool {
	if minixMagics[5:].in(s.b) {
		s.order = be
	}
	inodes, zones, at := s.u16(0), s.u16(2), 4
	switch {
	case s.u16(24) == 0x4d5a:
		inodes, zones, at = s.u32(0), s.u32(20), 6
	case s.u16(18) > 3:
		return false
	case s.u16(16) == 0x2468 || s.u16(16) == 0x2478:
		zones = s.u32(20)
	}
	first := s.u16(at + 4)
	const bits = 8 * 1024
	return s.u16(at+6) == 0 && inodes > 0 && s.u16(at)*bits > inodes && first <= zones && s.u16(at+2)*bits > zones-first
}

// sysvAt lists the possible positions of a System V superblock.
var sysvAt = []int64{512, 9<<10 + 512, 15<<10 + 512, 18<<10 + 512}

// findXFSLog looks for the log of an XFS on another device: a record in one of the first sectors, with a version of 1 or 2
// (4) at 8, a length (4) and, at 300, the format (4), 1 to 3.
func findXFSLog(w *window) (fs model.Filesystem, ok bool) {
	const most = 256 << 10
	w.stream(0, min(most, w.n), func(piece []byte) {
		for ; len(piece) >= 512; piece = piece[512:] {
			version, length, format := be.Uint32(piece[8:]), be.Uint32(piece[12:]), be.Uint32(piece[300:])
			ok = ok || be.Uint32(piece) == 0xfeedbabe && version-1 < 3 && length-1 < 1<<31-1 && format-1 < 3
		}
	})
	n := geometry.Bytes(w.n)
	return model.Filesystem{Kind: "xfs_external_log", Used: n, Size: n, Elsewhere: model.JournalOfOthers}, ok
}
