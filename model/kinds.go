package model

import (
	"cmp"
	"slices"
)

// FSKind names a kind of file system or of other contents with a signature.
type FSKind string

// The kinds that code refers to. The scanner can find others, which it names itself.
const (
	Unformatted FSKind = "" // no known signature
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

// kindInfo holds facts about a kind that are true on every machine.
type kindInfo struct {
	kind FSKind
	hue  Hue
	// typed is the word for the partition type of the kind; "" means "linux".
	typed string
	// holds selects the partition types that suit the kind. 0 means the types for Linux file systems.
	holds content
	facts kindFacts
}

// kindFacts is a set of facts about a kind.
type kindFacts uint

const (
	// madeAnew: the contents need not be kept. They are made anew instead of being moved or resized.
	madeAnew kindFacts = 1 << iota
	// grows: file systems of this kind can be made longer.
	grows
	// mounted: only while they are mounted.
	mounted
	// rooted: a Linux system can have its root in a file system of this kind.
	rooted
	// sparse: nothing in it relies on its room being allocated. Volumes and encrypted data may.
	sparse
	// frozen: the contents must stay exactly as they are and where they are.
	frozen
)

// common lists the most popular kinds in the order of lists. Other kinds follow by name.
var common = []kindInfo{
	{kind: Ext2, hue: HuePale, facts: sparse | grows | rooted},
	{kind: Ext3, hue: HueSteel, facts: sparse | grows | rooted},
	{kind: Ext4, hue: HueBlue, facts: sparse | grows | rooted},
	{kind: XFS, hue: HueGold, facts: sparse | grows | mounted | rooted},
	{kind: Btrfs, hue: HueOrange, facts: sparse | grows | mounted | rooted},
	{kind: F2FS, hue: HueOlive, facts: sparse | grows | rooted},
	{kind: FAT12, hue: HueLime, typed: "fat16", holds: holdsFAT12, facts: sparse | grows},
	{kind: FAT16, hue: HueLime, typed: "fat16", holds: holdsFAT16, facts: sparse | grows},
	{kind: FAT32, hue: HueGreen, typed: "fat32", holds: holdsFAT32, facts: sparse | grows},
	{kind: ExFAT, hue: HueSea, typed: "ntfs", holds: holdsBasic, facts: sparse},
	{kind: NTFS, hue: HueMint, typed: "ntfs", holds: holdsBasic, facts: sparse | grows},
	{kind: Swap, hue: HueOrchid, typed: "swap", holds: holdsSwap, facts: sparse | madeAnew | grows},
	{kind: LVM2, hue: HueSand, typed: "lvm", holds: holdsLVM, facts: grows},
	{kind: LUKS, hue: HueViolet, holds: holdsLUKS, facts: grows},
}

// rare lists the other kinds that differ from the defaults.
var rare = []kindInfo{
	{kind: ISO9660, hue: HueGrey},
	{kind: SquashFS, hue: HueGrey},
	{kind: EROFS, hue: HueGrey},
	{kind: SwSuspend, hue: HueOrchid, facts: frozen},
	{kind: NILFS2, facts: sparse | grows | mounted | rooted},
	{kind: ReiserFS, facts: sparse | grows | rooted},
	{kind: JFS, facts: sparse | rooted},
	{kind: UDF, typed: "ntfs", holds: holdsBasic, facts: sparse},
	{kind: BitLocker, typed: "ntfs", holds: holdsBasic},
	{kind: ReFS, typed: "ntfs", holds: holdsBasic},
	{kind: RAID, typed: "raid"},
	{kind: HFSPlus, typed: "hfs"},
	{kind: APFS, typed: "apfs"},
}

var kinds = slices.Concat(common, rare)

// info returns the row of a kind, with defaults for what the row lacks.
func (k FSKind) info() kindInfo {
	info, _ := find(kinds, func(info kindInfo) bool { return info.kind == k })
	info.typed, info.holds = cmp.Or(info.typed, "linux"), cmp.Or(info.holds, holdsLinux)
	return info
}

// MadeAnew reports whether contents of this kind need not be kept. They are made anew instead of being moved or resized.
func (k FSKind) MadeAnew() bool { return k.info().facts&madeAnew != 0 }

// Grows reports whether file systems of this kind can be made longer, if the tools are there.
func (k FSKind) Grows() bool { return k.info().facts&grows != 0 }

// GrowsMounted reports whether file systems of this kind are made longer only while they are mounted.
func (k FSKind) GrowsMounted() bool { return k.info().facts&mounted != 0 }

// HoldsRoot reports whether a Linux system can have its root in a file system of this kind.
func (k FSKind) HoldsRoot() bool { return k.info().facts&rooted != 0 }

// Frozen reports whether contents of this kind must stay exactly as they are and where they are.
func (k FSKind) Frozen() bool { return k.info().facts&frozen != 0 }

// Sparse reports whether what is free or zero in contents of this kind may become a hole in an image.
func (k FSKind) Sparse() bool { return k.info().facts&sparse != 0 }

// Hue returns the colour of the kind.
func (k FSKind) Hue() Hue { return k.info().hue }

// Rank returns the position of the kind in lists, from 0. All kinds that are not common share the last position.
func (k FSKind) Rank() int {
	if i := slices.IndexFunc(common, func(info kindInfo) bool { return info.kind == k }); i >= 0 {
		return i
	}
	return len(common)
}

// Hue names a colour. A screen chooses a shade that suits its background.
type Hue int

// Colours of kinds. A kind without a colour of its own has HueNone.
const (
	HueNone Hue = iota
	HuePale
	HueSteel
	HueBlue
	HueGold
	HueOrange
	HueOlive
	HueLime
	HueGreen
	HueSea
	HueMint
	HueOrchid
	HueSand
	HueViolet
	HueGrey
)
