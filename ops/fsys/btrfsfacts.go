package fsys

import (
	"fmt"
	"io"
	"strings"

	"shunt/geometry"
	"shunt/ops"
)

var btrfsIncompat = []bit{
	{1, "mixed_backref"},
	{2, "default_subvol"},
	{4, "mixed_groups"},
	{8, "compress_lzo"},
	{16, "compress_zstd"},
	{32, "big_metadata"},
	{64, "extended_iref"},
	{128, "raid56"},
	{256, "skinny_metadata"},
	{512, "no_holes"},
	{1024, "metadata_uuid"},
	{2048, "raid1c34"},
	{4096, "zoned"},
	{8192, "extent_tree_v2"},
	{16384, "raid_stripe_tree"},
	{65536, "simple_quota"},
}

var btrfsROCompat = []bit{{1, "free_space_tree"}, {2, "free_space_tree_valid"}, {4, "verity"}, {8, "block_group_tree"}}

// btrfsFacts are the fields of a btrfs superblock at 64 KiB. Source: the btrfs developer documentation, "On-disk format".
func btrfsFacts(s *ops.SheetSection, r io.ReaderAt) {
	b := piece(r, 64<<10, 4096)
	if b == nil {
		return
	}
	s.Add("Generation", fmt.Sprint(b.u64(0x48)))
	s.Add("Devices", fmt.Sprint(b.u64(0x88)))
	s.Add("Device id", fmt.Sprint(b.u64(0xC9)))
	u := b[0xC9+66:][:16] // the device item's UUID
	s.Add("Device UUID", fmt.Sprintf("%x-%x-%x-%x-%x", []byte(u[:4]), []byte(u[4:6]), []byte(u[6:8]), []byte(u[8:10]), []byte(u[10:])))
	s.Add("Device size", ops.ExactBytes(geometry.Bytes(b.u64(0xC9+8))))
	s.Add("Allocated", ops.ExactBytes(geometry.Bytes(b.u64(0xC9+16)))+" in chunks")
	s.Add("Node size", fmt.Sprintf("%d bytes", b.u32(0x94)))
	s.Add("Checksum", btrfsChecksum(b.u16(0xC4)))
	if b.u64(0x60) != 0 {
		s.Add("Log tree", "there is one to be replayed")
	}
	features := append(named(b.u64(0xBC), btrfsIncompat), named(b.u64(0xB4), btrfsROCompat)...)
	s.Add("Features", strings.Join(features, " "))
}

func btrfsChecksum(kind uint16) string {
	names := [...]string{"crc32c", "xxhash64", "sha256", "blake2b"}
	if int(kind) < len(names) {
		return names[kind]
	}
	return fmt.Sprintf("unknown (%d)", kind)
}
