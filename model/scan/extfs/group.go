package extfs

import (
	"encoding/binary"
	"errors"
)

// A group descriptor is 32 bytes long, or 64 with the 64bit feature:
//
//	0x00 block bitmap, low   0x0C free blocks, low  0x18 block bitmap checksum, low   0x20 block bitmap, high
//	0x04 inode bitmap, low   0x0E free inodes, low  0x1C never used inodes, low       0x24 inode bitmap, high
//	0x08 inode table, low    0x12 flags             0x1E checksum of the descriptor   0x28 inode table, high
//	0x2C free blocks, high   0x32 never used inodes, high   0x38 block bitmap checksum, high
//
// "Free blocks" counts clusters in file systems with bigalloc.
const (
	descChecksum = 0x1E

	flagInodeUninit = 0x0001
	flagBlockUninit = 0x0002
)

// ErrDescriptor is returned by Descriptor when a descriptor fails its checksum.
var ErrDescriptor = errors.New("group descriptor checksum does not match")

// Desc holds what the descriptor of one group says about its blocks. Positions are block numbers.
type Desc struct {
	BlockBitmap, InodeBitmap, InodeTable uint64
	FreeClusters                         uint64
	// Uninit says that the block bitmap was never written: only metadata is in use in the group.
	Uninit bool
	// NeverUsed is the number of inodes at the end of the inode table that were never used. Their contents mean nothing.
	NeverUsed uint64
	bitmapSum uint32
}

// Descriptor parses the descriptor of a group from its DescSize bytes. The error is ErrDescriptor if the checksum is
// wrong.
func (s Superblock) Descriptor(group uint64, b []byte) (Desc, error) {
	if len(b) < s.DescSize {
		return Desc{}, errors.New("group descriptor is cut off")
	}
	b = b[:s.DescSize]
	sum, checked := s.descSum(group, b)
	if checked && sum != binary.LittleEndian.Uint16(b[descChecksum:]) {
		return Desc{}, ErrDescriptor
	}
	u16 := func(off int) uint64 { return uint64(binary.LittleEndian.Uint16(b[off:])) }
	u32 := func(off int) uint64 { return uint64(binary.LittleEndian.Uint32(b[off:])) }
	d := Desc{
		BlockBitmap: u32(0x00), InodeBitmap: u32(0x04), InodeTable: u32(0x08),
		FreeClusters: u16(0x0C),
		// Without checksums nothing protects the flag, and tools never set it.
		Uninit:    checked && u16(0x12)&flagBlockUninit != 0,
		bitmapSum: uint32(u16(0x18)),
	}
	if s.DescSize >= 64 && s.Incompat&Incompat64Bit != 0 {
		d.BlockBitmap |= u32(0x20) << 32
		d.InodeBitmap |= u32(0x24) << 32
		d.InodeTable |= u32(0x28) << 32
		d.FreeClusters |= u16(0x2C) << 16
		d.bitmapSum |= uint32(u16(0x38)) << 16
	}
	if checked { // the same is true of the number of inodes
		d.NeverUsed = u16(0x1C)
		if s.DescSize >= 64 && s.Incompat&Incompat64Bit != 0 {
			d.NeverUsed |= u16(0x32) << 16
		}
		if u16(0x12)&flagInodeUninit != 0 {
			d.NeverUsed = uint64(s.InodesPerGroup)
		}
	}
	return d, nil
}

// Groups returns the number of block groups, at least 1.
func (s Superblock) Groups() uint64 {
	return (s.Blocks - s.FirstBlock + s.BlocksPerGroup - 1) / s.BlocksPerGroup
}

// GroupStart returns the first block of a group.
func (s Superblock) GroupStart(group uint64) uint64 { return s.FirstBlock + group*s.BlocksPerGroup }

// GroupBlocks returns the number of blocks in a group. The last group may be shorter.
func (s Superblock) GroupBlocks(group uint64) uint64 {
	return min(s.BlocksPerGroup, s.Blocks-s.GroupStart(group))
}

// ITableBlocks returns the length of one group's inode table in blocks.
func (s Superblock) ITableBlocks() uint64 {
	return ceilDiv(uint64(s.InodesPerGroup)*uint64(s.InodeSize), uint64(s.BlockSize))
}

// DescsPerBlock returns the number of descriptors in one block.
func (s Superblock) DescsPerBlock() uint64 { return uint64(s.BlockSize) / uint64(s.DescSize) }

// DescBlocks returns the number of blocks that the descriptors of all groups need.
func (s Superblock) DescBlocks() uint64 { return ceilDiv(s.Groups(), s.DescsPerBlock()) }

// DescBlock returns the position of the i-th block of descriptors.
func (s Superblock) DescBlock(i uint64) uint64 {
	if s.Incompat&IncompatMetaBG == 0 || i < s.FirstMetaBG {
		return s.superBlock(0) + 1 + i
	}
	group := i * s.DescsPerBlock()
	if s.HasSuper(group) {
		return s.superBlock(group) + 1
	}
	return s.GroupStart(group)
}

// HasSuper reports whether a group begins with a copy of the superblock.
func (s Superblock) HasSuper(group uint64) bool {
	switch {
	case group == 0:
		return true
	case s.Compat&CompatSparseSuper2 != 0:
		return group == uint64(s.backups[0]) || group == uint64(s.backups[1])
	case group == 1, s.ROCompat&ROCompatSparseSuper == 0:
		return true
	}
	return powerOf(group, 3) || powerOf(group, 5) || powerOf(group, 7)
}

// superBlock returns the block that holds the superblock or its copy in a group that has one. With 1 KiB blocks the
// primary superblock is in block 1, even if bigalloc makes group 0 begin at block 0.
func (s Superblock) superBlock(group uint64) uint64 {
	if start := s.GroupStart(group); start > 0 || s.BlockSize > 1024 {
		return start
	}
	return 1
}

// Base returns the blocks at the start of a group that hold copies of the superblock and the descriptors, including
// blocks reserved for more descriptors and any blocks in front of the superblock. n is 0 if the group has none.
func (s Superblock) Base(group uint64) (start, n uint64) {
	start = s.GroupStart(group)
	end := start
	if s.HasSuper(group) {
		end = s.superBlock(group) + 1
	}
	perBlock := s.DescsPerBlock()
	meta := group / perBlock
	switch {
	case s.Incompat&IncompatMetaBG == 0:
		if s.HasSuper(group) {
			end += s.DescBlocks() + s.ReservedGDT
		}
	case meta < s.FirstMetaBG:
		if s.HasSuper(group) {
			end += s.FirstMetaBG
		}
	default:
		if i := group % perBlock; i == 0 || i == 1 || i == perBlock-1 {
			end++
		}
	}
	return start, end - start
}

func powerOf(n, base uint64) bool {
	for n%base == 0 {
		n /= base
	}
	return n == 1
}

func ceilDiv(a, b uint64) uint64 { return (a + b - 1) / b }
