// Package extfs reads the on-disk structures of ext2, ext3 and ext4 that shunt needs: the superblock and the group
// descriptors. It also knows where these file systems place metadata.
//
// All integers are little-endian. The superblock is 1024 bytes long and lies 1024 bytes into the file
// system, whatever the block size:
//
//	0x000 inodes          0x038 magic 0xEF53      0x068 UUID (16)              0x160 flags
//	0x004 blocks, low     0x03A state             0x078 label (16)             0x174 log2 groups per flex group
//	0x00C free blocks     0x04C revision          0x0CE reserved GDT blocks    0x175 checksum type (1: crc32c)
//	0x010 free inodes     0x058 inode size        0x0E8 last orphan inode      0x24C two groups with backups
//	0x014 first block     0x05C compat features   0x0FE descriptor size        0x270 checksum seed
//	0x018 log2 block/1K   0x060 incompat features 0x104 first meta group       0x3FC checksum
//	0x01C log2 cluster/1K 0x064 ro_compat features 0x150 blocks, high
//	0x020 blocks/group    0x024 clusters/group    0x028 inodes/group           0x158 free blocks, high
//	0x0D0 journal's UUID  0x0E0 journal's inode   0x0E4 journal's device
//
// Source: the Linux kernel's Documentation/filesystems/ext4 ("Super Block", "Block Group Descriptors",
// "Layout") and the behaviour of e2fsprogs 1.47.
//
// Invariants: Parse accepts only superblocks with a consistent geometry. Code that works with a Superblock is therefore
// safe from division by zero, huge shifts and bitmaps larger than a block.
package extfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Position and length of the superblock in the file system, in bytes.
const (
	SuperblockOffset = 1024
	SuperblockSize   = 1024
)

const magic = 0xEF53

// Feature bits that matter to shunt.
const (
	CompatHasJournal   = 0x0004
	CompatSparseSuper2 = 0x0200

	IncompatFiletype   = 0x0002
	IncompatRecover    = 0x0004
	IncompatJournalDev = 0x0008
	IncompatMetaBG     = 0x0010
	IncompatExtents    = 0x0040
	Incompat64Bit      = 0x0080
	IncompatMMP        = 0x0100
	IncompatFlexBG     = 0x0200
	IncompatEAInode    = 0x0400
	IncompatCsumSeed   = 0x2000
	IncompatLargeDir   = 0x4000
	IncompatInlineData = 0x8000
	IncompatEncrypt    = 0x10000
	IncompatCasefold   = 0x20000

	ROCompatSparseSuper   = 0x0001
	ROCompatLargeFile     = 0x0002
	ROCompatBtreeDir      = 0x0004
	ROCompatHugeFile      = 0x0008
	ROCompatGDTCsum       = 0x0010
	ROCompatDirNlink      = 0x0020
	ROCompatExtraIsize    = 0x0040
	ROCompatQuota         = 0x0100
	ROCompatBigalloc      = 0x0200
	ROCompatMetadataCsum  = 0x0400
	ROCompatReadonly      = 0x1000
	ROCompatProject       = 0x2000
	ROCompatVerity        = 0x8000
	ROCompatOrphanPresent = 0x10000

	CompatStableInodes = 0x0800
	CompatOrphanFile   = 0x1000
)

const (
	stateValid  = 1
	stateErrors = 2
	stateOrphan = 4
)

const (
	revDynamic   = 1
	flagTestFS   = 0x0004
	csumCRC32C   = 1
	maxLogBlock  = 6 // 64 KiB
	maxLogShift  = 19
	maxLogFlex   = 31
	oldInodeSize = 128
)

// ErrNotExt is returned by Parse when the magic number is missing.
var ErrNotExt = errors.New("no ext2, ext3 or ext4 superblock")

// Superblock is a parsed superblock with a consistent geometry.
type Superblock struct {
	UUID  [16]byte
	Label [16]byte
	// Blocks and FreeBlocks count blocks, even with bigalloc, which allocates whole clusters. If more is free than there is, as
	// a damaged superblock may say, the counts of what is free are 0 and Miscounted is set.
	Blocks, FreeBlocks uint64
	Inodes, FreeInodes uint32
	Miscounted         bool
	// FirstBlock is the first block of group 0: 1 if blocks are 1 KiB long and bigalloc is off, else 0.
	FirstBlock                 uint64
	BlockSize                  int64 // bytes: a power of two from 1 KiB to 64 KiB
	ClusterBlocks              uint64
	BlocksPerGroup             uint64
	InodesPerGroup             uint32
	InodeSize                  uint32
	Compat, Incompat, ROCompat uint32
	ReservedGDT                uint64
	FirstMetaBG                uint64
	DescSize                   int
	backups                    [2]uint32
	state                      uint16
	lastOrphan                 uint32
	flags                      uint32
	seed                       uint32
	flexSize                   uint64 // groups in a flexible group, 1 without that feature
	sumStored, sumActual       uint32
	journalInode               uint32
	journalNamed               bool // the journal's UUID or device number is set
}

// Parse parses a superblock from its 1024 bytes. It returns ErrNotExt if the magic number is missing. Any other error
// names a value that is impossible.
func Parse(b []byte) (Superblock, error) {
	if len(b) < SuperblockSize || binary.LittleEndian.Uint16(b[0x38:]) != magic {
		return Superblock{}, ErrNotExt
	}
	u16 := func(off int) uint16 { return binary.LittleEndian.Uint16(b[off:]) }
	u32 := func(off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
	s := Superblock{
		Inodes: u32(0x00), FreeInodes: u32(0x10),
		Blocks: uint64(u32(0x04)), FreeBlocks: uint64(u32(0x0C)),
		FirstBlock:     uint64(u32(0x14)),
		BlocksPerGroup: uint64(u32(0x20)), InodesPerGroup: u32(0x28),
		InodeSize: oldInodeSize, DescSize: 32,
		state: u16(0x3A), flags: u32(0x160),
		journalInode: u32(0xE0), journalNamed: u32(0xE4) != 0 || [16]byte(b[0xD0:0xE0]) != [16]byte{},
	}
	if u32(0x4C) >= revDynamic {
		s.InodeSize = uint32(u16(0x58))
		s.Compat, s.Incompat, s.ROCompat = u32(0x5C), u32(0x60), u32(0x64)
		s.lastOrphan = u32(0xE8)
		s.ReservedGDT = uint64(u16(0xCE))
	}
	copy(s.UUID[:], b[0x68:])
	copy(s.Label[:], b[0x78:])
	if s.Incompat&Incompat64Bit != 0 {
		s.Blocks |= uint64(u32(0x150)) << 32
		s.FreeBlocks |= uint64(u32(0x158)) << 32
		s.DescSize = int(u16(0xFE))
	}
	if s.Incompat&IncompatMetaBG != 0 {
		s.FirstMetaBG = uint64(u32(0x104))
	}
	if s.Compat&CompatSparseSuper2 != 0 {
		s.backups = [2]uint32{u32(0x24C), u32(0x250)}
	}
	s.flexSize = 1
	if s.Incompat&IncompatFlexBG != 0 {
		s.flexSize = 1 << min(b[0x174], maxLogFlex)
	}
	s.seed = s.csumSeed(u32(0x270))
	s.sumStored, s.sumActual = u32(0x3FC), rawCRC32C(^uint32(0), b[:0x3FC])
	return s, s.setUnits(u32(0x18), u32(0x1C), uint64(u32(0x24)))
}

// setUnits sets the block and cluster size and checks the whole geometry.
func (s *Superblock) setUnits(logBlock, logCluster uint32, clustersPerGroup uint64) error {
	if logBlock > maxLogBlock {
		return fmt.Errorf("superblock: block size 2^%d KiB is out of range", logBlock)
	}
	s.BlockSize = 1024 << logBlock
	s.ClusterBlocks = 1
	if s.ROCompat&ROCompatBigalloc != 0 {
		if logCluster < logBlock || logCluster-logBlock > maxLogShift {
			return fmt.Errorf("superblock: cluster size 2^%d KiB does not fit block size 2^%d KiB", logCluster, logBlock)
		}
		s.ClusterBlocks = 1 << (logCluster - logBlock)
		if clustersPerGroup*s.ClusterBlocks != s.BlocksPerGroup {
			return errors.New("superblock: blocks per group do not match clusters per group")
		}
	}
	perGroup, bitmap := s.BlocksPerGroup/s.ClusterBlocks, uint64(s.BlockSize)*8
	switch {
	case perGroup == 0 || perGroup > bitmap || perGroup%8 != 0:
		return fmt.Errorf("superblock: %d blocks per group are out of range", s.BlocksPerGroup)
	case s.InodesPerGroup == 0 || uint64(s.InodesPerGroup) > bitmap:
		return fmt.Errorf("superblock: %d inodes per group are out of range", s.InodesPerGroup)
	case s.InodeSize < oldInodeSize || int64(s.InodeSize) > s.BlockSize || bits.OnesCount32(s.InodeSize) != 1:
		return fmt.Errorf("superblock: inode size %d is out of range", s.InodeSize)
	case s.DescSize < 32 || s.DescSize > 1024 || bits.OnesCount(uint(s.DescSize)) != 1:
		return fmt.Errorf("superblock: group descriptor size %d is out of range", s.DescSize)
	case s.Incompat&Incompat64Bit != 0 && s.DescSize < 64:
		return fmt.Errorf("superblock: group descriptor size %d is too small for 64-bit block numbers", s.DescSize)
	case s.FirstBlock > 1 || s.FirstBlock >= s.Blocks:
		return fmt.Errorf("superblock: first block %d is out of range", s.FirstBlock)
	case s.Blocks > 1<<62/uint64(s.BlockSize):
		return fmt.Errorf("superblock: %d blocks are more than can be addressed", s.Blocks)
	}
	if s.FreeBlocks > s.Blocks || s.FreeInodes > s.Inodes {
		s.FreeBlocks, s.FreeInodes, s.Miscounted = 0, 0, true
	}
	return nil
}

// Claimed returns the length in bytes that a superblock with impossible values claims, or 0 if that is impossible too.
func (s Superblock) Claimed() int64 {
	if s.BlockSize == 0 || s.Blocks > 1<<62/uint64(s.BlockSize) {
		return 0
	}
	return s.Size()
}

// Size returns the length of the file system in bytes.
func (s Superblock) Size() int64 { return int64(s.Blocks) * s.BlockSize }

// Used returns how many bytes are in use by data and metadata.
func (s Superblock) Used() int64 { return int64(s.Blocks-s.FreeBlocks) * s.BlockSize }

// SumOK reports whether the superblock's checksum is right. Superblocks without a checksum pass.
func (s Superblock) SumOK() bool { return !s.HasMetadataCsum() || s.sumStored == s.sumActual }

// Dirty returns the reason why the file system must be checked first, or "" if there is none.
func (s Superblock) Dirty() string {
	switch {
	case s.Miscounted:
		return "needs a check: it counts more free than there is"
	case !s.SumOK():
		return "superblock checksum does not match"
	case s.Incompat&IncompatRecover != 0:
		return "journal needs recovery"
	case s.state&stateErrors != 0:
		return "has errors"
	case s.state&stateValid == 0:
		return "not unmounted cleanly"
	case s.state&stateOrphan != 0, s.lastOrphan != 0, s.ROCompat&ROCompatOrphanPresent != 0:
		return "deleted files are not cleaned up yet"
	}
	return ""
}

// Version returns "ext2", "ext3", "ext4", or "jbd" for an external journal. It is the oldest version that has all
// features of the file system.
func (s Superblock) Version() string {
	const (
		oldIncompat = IncompatFiletype | IncompatMetaBG
		oldROCompat = ROCompatSparseSuper | ROCompatLargeFile | ROCompatBtreeDir
	)
	switch {
	case s.Incompat&IncompatJournalDev != 0:
		return "jbd"
	case s.flags&flagTestFS != 0, s.ROCompat&^oldROCompat != 0, s.Incompat&^(oldIncompat|IncompatRecover) != 0:
		return "ext4"
	case s.Compat&CompatHasJournal != 0:
		return "ext3"
	case s.Incompat&IncompatRecover != 0:
		return "ext4"
	}
	return "ext2"
}

// ExternalJournal reports whether e2fsprogs or the kernel would look for the journal on another device. They do so if the
// superblock names that device, or if the file system should have a journal but no inode for it. e2fsck checks neither
// the feature nor the revision before it uses these fields.
func (s Superblock) ExternalJournal() bool {
	wanted := s.Compat&CompatHasJournal != 0 || s.Incompat&IncompatRecover != 0
	return s.journalNamed || wanted && s.journalInode == 0
}

// HasMetadataCsum reports whether crc32c protects the metadata.
func (s Superblock) HasMetadataCsum() bool { return s.ROCompat&ROCompatMetadataCsum != 0 }
