package fsys

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Discover tells what can be done with each kind of file system on this machine.
func Discover() ops.Capabilities { return DiscoverWith(lookPath) }

// DiscoverWith is Discover on a machine that has the programs look finds.
func DiscoverWith(look LookPath) ops.Capabilities {
	caps := make(ops.Capabilities, len(features))
	for kind, f := range features {
		need := func(a ability) string {
			if a.reason != "" {
				return a.reason
			}
			for _, name := range a.tools {
				if _, err := look(name); err != nil {
					return name + " is not installed: apt install " + f.pkg
				}
			}
			return ""
		}
		caps[kind] = ops.Capability{
			Create: need(f.create), Grow: need(f.grow), Shrink: need(f.shrink), Check: need(f.check),
			Move:    f.move,
			Label:   "changing labels is not supported yet by this version",
			UUID:    "changing UUIDs is not supported yet by this version",
			Online:  "growing while mounted is not supported yet by this version",
			MinSize: f.minSize, MaxSize: f.maxSize,
			Package: f.pkg,
		}
	}
	return caps
}

// ability is one thing that can be done: either there is a reason why not, or it takes tools, or nothing.
type ability struct {
	reason string
	tools  []string
}

func can(tools ...string) ability { return ability{tools: tools} }

func cannot(reason string) ability { return ability{reason: reason} }

// feature is what shunt can do with a kind of file system if all tools are there.
type feature struct {
	pkg                         string // the Debian package
	create, grow, shrink, check ability
	move                        string // why it must not be moved
	minSize, maxSize            geometry.Bytes
}

const (
	notYet = " is not supported yet by this version"

	// ext2 and ext3 count blocks, of at most 4 KiB in practice, with 32 bits.
	maxExt3 = 16*geometry.TiB - 4*geometry.KiB
)

var features = map[model.FSKind]feature{
	model.Ext2: extFeature(maxExt3),
	model.Ext3: extFeature(maxExt3),
	model.Ext4: extFeature(0),
	model.FAT12: {
		pkg: "dosfstools", create: cannot("FAT12 is for floppy disks: choose FAT16 or FAT32"),
		grow: can("fsck.fat"), shrink: can("fsck.fat"), check: can("fsck.fat"),
	},
	model.FAT16: {
		pkg: "dosfstools", create: can("mkfs.fat"),
		grow: can("fsck.fat"), shrink: can("fsck.fat"), check: can("fsck.fat"),
		minSize: 16 * geometry.MiB, maxSize: 4095 * geometry.MiB,
	},
	model.FAT32: {
		pkg: "dosfstools", create: can("mkfs.fat"),
		grow: can("fsck.fat"), shrink: can("fsck.fat"), check: can("fsck.fat"),
		// Windows takes no volume for FAT32 that has fewer than 65525 clusters.
		minSize: 33 * geometry.MiB, maxSize: 2 * geometry.TiB,
	},
	model.ExFAT: {
		pkg: "exfatprogs", create: cannot("creating exFAT" + notYet),
		grow: cannot("there is no tool that resizes exFAT"), shrink: cannot("there is no tool that resizes exFAT"),
		check: can("fsck.exfat"),
	},
	model.NTFS: {
		pkg: "ntfs-3g", create: cannot("creating NTFS" + notYet),
		grow: can("ntfsresize"), shrink: can("ntfsresize"), check: can("ntfsresize"),
		minSize: 2 * geometry.MiB,
	},
	model.XFS: {
		pkg: "xfsprogs", create: cannot("creating XFS" + notYet),
		grow: cannot("growing XFS" + notYet), shrink: cannot("XFS cannot be shrunk"), check: can("xfs_repair"),
	},
	model.Btrfs: {
		pkg: "btrfs-progs", create: cannot("creating btrfs" + notYet),
		grow: cannot("resizing btrfs" + notYet), shrink: cannot("resizing btrfs" + notYet), check: can("btrfs"),
	},
	model.F2FS: {
		pkg: "f2fs-tools", create: cannot("creating f2fs" + notYet),
		grow: can("resize.f2fs", "fsck.f2fs"), shrink: cannot("f2fs cannot be shrunk"), check: can("fsck.f2fs"),
		maxSize: 16 * geometry.TiB,
	},
	model.Swap: {
		pkg: "util-linux", create: can("mkswap"), grow: can("mkswap"), shrink: can("mkswap"),
		check:   cannot("there is nothing to check in swap space"),
		minSize: 40 * geometry.KiB,
	},
	model.SwSuspend: opaque("a hibernated system is kept in it: start that system and shut it down first",
		"a hibernated system is kept in it: start that system and shut it down first"),
	model.LUKS: opaque("what is encrypted in it cannot be resized while it is closed: LUKS can only be moved", ""),
	model.LVM2: opaque("LVM physical volumes can only be moved", ""),
	model.ISO9660: opaque("a CD-ROM image cannot be changed",
		"the boot loader in a CD-ROM image relies on its position: it might not start any more"),
	model.SquashFS: opaque("squashfs is read-only and has a fixed size", ""),
}

func extFeature(most geometry.Bytes) feature {
	return feature{
		pkg: "e2fsprogs", create: can("mke2fs"), grow: can("resize2fs", "e2fsck"), shrink: can("resize2fs", "e2fsck"),
		check: can("e2fsck"), minSize: geometry.MiB, maxSize: most,
	}
}

// opaque is a kind that is not changed, for one reason, and perhaps not moved either.
func opaque(reason, move string) feature {
	no := cannot(reason)
	return feature{create: no, grow: no, shrink: no, check: no, move: move}
}
