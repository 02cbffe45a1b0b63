package fsys

import (
	"fmt"
	"io"
	"strings"

	"shunt/ops/report"
)

// The feature names are those of e2fsprogs, so that what is shown can be looked up in ext4(5).
var (
	extCompat = []bit{
		{0x1, "dir_prealloc"},
		{0x2, "imagic_inodes"},
		{0x4, "has_journal"},
		{0x8, "ext_attr"},
		{0x10, "resize_inode"},
		{0x20, "dir_index"},
		{0x40, "lazy_bg"},
		{0x200, "sparse_super2"},
		{0x400, "fast_commit"},
		{0x800, "stable_inodes"},
		{0x1000, "orphan_file"},
	}
	extIncompat = []bit{
		{0x1, "compression"},
		{0x2, "filetype"},
		{0x4, "needs_recovery"},
		{0x8, "journal_dev"},
		{0x10, "meta_bg"},
		{0x40, "extent"},
		{0x80, "64bit"},
		{0x100, "mmp"},
		{0x200, "flex_bg"},
		{0x400, "ea_inode"},
		{0x1000, "dirdata"},
		{0x2000, "metadata_csum_seed"},
		{0x4000, "large_dir"},
		{0x8000, "inline_data"},
		{0x10000, "encrypt"},
		{0x20000, "casefold"},
	}
	extROCompat = []bit{
		{0x1, "sparse_super"},
		{0x2, "large_file"},
		{0x8, "huge_file"},
		{0x10, "uninit_bg"},
		{0x20, "dir_nlink"},
		{0x40, "extra_isize"},
		{0x100, "quota"},
		{0x200, "bigalloc"},
		{0x400, "metadata_csum"},
		{0x800, "replica"},
		{0x1000, "read-only"},
		{0x2000, "project"},
		{0x4000, "shared_blocks"},
		{0x8000, "verity"},
		{0x10000, "orphan_present"},
	}
)

// extFacts are the fields of an ext superblock that people ask for, beyond those of every file system. Offsets are those
// of the kernel's documentation ("Super Block").
func extFacts(s *report.SheetSection, r io.ReaderAt) {
	b := piece(r, 1024, 1024)
	if b == nil {
		return
	}
	high := func(low, at int) int64 { return int64(b.u32(low)) | int64(b[at])<<32 }
	s.Add("Last mounted on", b.text(0x88, 64))
	s.Add("Created", seconds(high(0x108, 0x276)))
	s.Add("Last mounted", seconds(high(0x2C, 0x275)))
	s.Add("Last written", seconds(high(0x30, 0x274)))
	s.Add("Last checked", seconds(high(0x40, 0x277)))
	s.Add("Mount count", mountCount(b.u16(0x34), int16(b.u16(0x36))))
	s.Add("On errors", extErrors(b.u16(0x3C)))
	blocks, reserved, free := uint64(b.u32(0x04)), uint64(b.u32(0x08)), uint64(b.u32(0x0C))
	if b.u32(0x60)&0x80 != 0 {
		blocks |= uint64(b.u32(0x150)) << 32
		reserved |= uint64(b.u32(0x154)) << 32
		free |= uint64(b.u32(0x158)) << 32
	}
	s.Add("Blocks", fmt.Sprintf("%d, %d free, %d reserved for root", blocks, free, reserved))
	s.Add("Inodes", fmt.Sprintf("%d, %d free", b.u32(0x00), b.u32(0x10)))
	if b.u32(0x4C) > 0 {
		s.Add("Inode size", fmt.Sprintf("%d bytes", b.u16(0x58)))
	}
	if b.u32(0x5C)&0x4 != 0 {
		journal := "in the file system"
		if b.u32(0xE4) != 0 {
			journal = "on a device of its own"
		}
		s.Add("Journal", journal)
	}
	if n := b.u32(0x194); n > 0 {
		s.Warn("Errors", fmt.Sprintf("%d seen, the last at %s", n, seconds(int64(b.u32(0x1CC)))), report.Wrong)
	}
	var features []string
	for _, f := range []struct {
		at   int
		bits []bit
	}{{0x5C, extCompat}, {0x60, extIncompat}, {0x64, extROCompat}} {
		features = append(features, named(uint64(b.u32(f.at)), f.bits)...)
	}
	s.Add("Features", strings.Join(features, " "))
}

func mountCount(count uint16, most int16) string {
	if most <= 0 {
		return fmt.Sprint(count)
	}
	return fmt.Sprintf("%d, a check is due at %d", count, most)
}

func extErrors(code uint16) string {
	switch code {
	case 1:
		return "continue"
	case 2:
		return "remount read-only"
	case 3:
		return "panic"
	}
	return ""
}
