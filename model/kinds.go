package model

import "slices"

// FSKind names a file system, or another kind of content with a signature of its own. Kinds that no code speaks of are
// named by the probe that finds them alone.
type FSKind string

// The kinds that have a row in the tables below, a driver or a name in the code.
const (
	Unformatted FSKind = "" // no signature is known there
	Ext2        FSKind = "ext2"
	Ext3        FSKind = "ext3"
	Ext4        FSKind = "ext4"
	FAT12       FSKind = "fat12"
	FAT16       FSKind = "fat16"
	FAT32       FSKind = "fat32"
	ExFAT       FSKind = "exfat"
	NTFS        FSKind = "ntfs"
	XFS         FSKind = "xfs"
	Btrfs       FSKind = "btrfs"
	F2FS        FSKind = "f2fs"
	Swap        FSKind = "swap"
	LUKS        FSKind = "luks"
	LVM2        FSKind = "lvm2"
	ISO9660     FSKind = "iso9660"
	SquashFS    FSKind = "squashfs"
	EROFS       FSKind = "erofs"
	SwSuspend   FSKind = "swsuspend" // hibernation image in a swap partition: never touched
	NILFS2      FSKind = "nilfs2"
	UDF         FSKind = "udf"
	JFS         FSKind = "jfs"
	ReiserFS    FSKind = "reiserfs"
	HFSPlus     FSKind = "hfsplus"
	APFS        FSKind = "apfs"
	Bcachefs    FSKind = "bcachefs"
	ZFS         FSKind = "zfs"  // member of a pool
	RAID        FSKind = "raid" // member of a Linux RAID
	BitLocker   FSKind = "bitlocker"
	ReFS        FSKind = "refs"
)

// Usual is the kind that is offered first.
const Usual = Ext4

// kindInfo is what the model knows of a kind, whatever the tools of a machine can do with it.
type kindInfo struct {
	kind FSKind
	hue  Hue
	// typed is the word for the partition type that goes with the kind; "" stands for that of Linux file systems.
	typed string
	// holds is the set of partition types that suit it, 0 for those of Linux file systems.
	holds content
	facts kindFacts
}

// kindFacts are facts that some kinds have.
type kindFacts uint

const (
	// madeAnew: what it holds need not be kept. Instead of being moved or resized it is made anew.
	madeAnew kindFacts = 1 << iota
	// filled: a check also makes it fill its partition.
	filled
)

// common are the kinds that people look for first, in the order of lists; all others follow by name.
var common = []kindInfo{
	{kind: Ext2, hue: HuePale, facts: filled},
	{kind: Ext3, hue: HueSteel, facts: filled},
	{kind: Ext4, hue: HueBlue, facts: filled},
	{kind: XFS, hue: HueGold},
	{kind: Btrfs, hue: HueOrange},
	{kind: F2FS, hue: HueBrick},
	{kind: FAT12, hue: HueLime, typed: "fat16", holds: holdsFAT12},
	{kind: FAT16, hue: HueLime, typed: "fat16", holds: holdsFAT16},
	{kind: FAT32, hue: HueGreen, typed: "fat32", holds: holdsFAT32},
	{kind: ExFAT, hue: HueSea, typed: "ntfs", holds: holdsBasic},
	{kind: NTFS, hue: HueMint, typed: "ntfs", holds: holdsBasic},
	{kind: Swap, hue: HueRose, typed: "swap", holds: holdsSwap, facts: madeAnew},
	{kind: LVM2, hue: HueSand, typed: "lvm", holds: holdsLVM},
	{kind: LUKS, hue: HueViolet, holds: holdsLUKS},
}

// rare are the others of which there is something to say.
var rare = []kindInfo{
	{kind: ISO9660, hue: HueGrey},
	{kind: SquashFS, hue: HueGrey},
	{kind: EROFS, hue: HueGrey},
	{kind: SwSuspend, hue: HueRose},
	{kind: UDF, typed: "ntfs", holds: holdsBasic},
}

var kinds = slices.Concat(common, rare)

// info is the row of a kind, or one that says nothing.
func (k FSKind) info() kindInfo {
	info := kindInfo{kind: k}
	if i := slices.IndexFunc(kinds, func(info kindInfo) bool { return info.kind == k }); i >= 0 {
		info = kinds[i]
	}
	if info.typed == "" {
		info.typed = "linux"
	}
	if info.holds == 0 {
		info.holds = holdsLinux
	}
	return info
}

// MadeAnew reports whether what a kind holds need not be kept, so that it is made anew instead of being moved or resized.
func (k FSKind) MadeAnew() bool { return k.info().facts&madeAnew != 0 }

// FilledByCheck reports whether a check also makes a file system of this kind fill its partition.
func (k FSKind) FilledByCheck() bool { return k.info().facts&filled != 0 }

// Hue is the colour that people know the kind by.
func (k FSKind) Hue() Hue { return k.info().hue }

// Rank is the place of a kind in lists, from 0. Kinds that are not common share the last one.
func (k FSKind) Rank() int {
	if i := slices.IndexFunc(common, func(info kindInfo) bool { return info.kind == k }); i >= 0 {
		return i
	}
	return len(common)
}

// Hue stands for a colour, which the screens choose to suit their background.
type Hue int

// The hues. HueNone is for kinds without one.
const (
	HueNone Hue = iota
	HuePale
	HueSteel
	HueBlue
	HueGold
	HueOrange
	HueBrick
	HueLime
	HueGreen
	HueSea
	HueMint
	HueRose
	HueSand
	HueViolet
	HueGrey
)
