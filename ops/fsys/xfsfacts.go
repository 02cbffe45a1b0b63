package fsys

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"shunt/ops"
)

var (
	xfsVersion = []bit{
		{0x10, "attr"},
		{0x20, "nlink"},
		{0x40, "quota"},
		{0x80, "align"},
		{0x100, "dalign"},
		{0x400, "logv2"},
		{0x800, "sector"},
		{0x1000, "extflg"},
		{0x2000, "dirv2"},
		{0x4000, "borg"},
		{0x8000, "morebits"},
	}
	xfsROCompat = []bit{{1, "finobt"}, {2, "rmapbt"}, {4, "reflink"}, {8, "inobtcount"}}
	xfsIncompat = []bit{
		{1, "ftype"},
		{2, "sparse inodes"},
		{4, "meta uuid"},
		{8, "bigtime"},
		{16, "needs repair"},
		{32, "nrext64"},
		{64, "exchange-range"},
		{128, "parent"},
		{256, "metadir"},
	}
)

// xfsFacts are the fields of an XFS superblock, which is big-endian. Source: "XFS Algorithms & Data Structures",
// chapter "Superblocks".
func xfsFacts(s *ops.SheetSection, r io.ReaderAt) {
	b := piece(r, 0, 512)
	if b == nil {
		return
	}
	u16 := func(off int) uint16 { return binary.BigEndian.Uint16(b[off:]) }
	u32 := func(off int) uint32 { return binary.BigEndian.Uint32(b[off:]) }
	u64 := func(off int) uint64 { return binary.BigEndian.Uint64(b[off:]) }
	version := u16(100)
	s.Add("Version", fmt.Sprint(version&0xF))
	s.Add("Sector size", fmt.Sprintf("%d bytes", u16(102)))
	s.Add("Inode size", fmt.Sprintf("%d bytes", u16(104)))
	s.Add("Blocks", fmt.Sprintf("%d, %d free", u64(8), u64(144)))
	s.Add("Inodes", fmt.Sprintf("%d made, %d of them free", u64(128), u64(136)))
	s.Add("Allocation groups", fmt.Sprintf("%d of %d blocks", u32(88), u32(84)))
	if u64(48) == 0 {
		s.Add("Log", "on a device of its own")
	} else {
		s.Add("Log", fmt.Sprintf("%d blocks, inside", u32(96)))
	}
	if u64(16) > 0 {
		s.Add("Realtime", fmt.Sprintf("%d blocks on a device of its own", u64(16)))
	}
	features := named(uint64(version&^0xF), xfsVersion)
	if version&0xF >= 5 {
		features = append(features, "crc")
		features = append(features, named(uint64(u32(212)), xfsROCompat)...)
		features = append(features, named(uint64(u32(216)), xfsIncompat)...)
	}
	s.Add("Features", strings.Join(features, " "))
}
