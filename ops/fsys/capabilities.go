package fsys

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Discover tells what can be done with each kind of file system on this machine.
func Discover() ops.Capabilities { return DiscoverWith(Machine{}) }

// DiscoverWith is Discover on the machine m.
func DiscoverWith(m Machine) ops.Capabilities {
	caps := make(ops.Capabilities, len(features))
	for kind, f := range features {
		need := func(a ability) string { return m.lacks(a, f.pkg) }
		caps[kind] = ops.Capability{
			Create: need(f.create), Grow: need(f.grow), Shrink: need(f.shrink), Check: need(f.check),
			Label: need(f.label), UUID: need(f.uuid), Online: need(f.online),
			Move: f.move, Copy: f.copies,
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
	mounts string // the name of a file system that the kernel must mount for it, "" if none
}

func can(tools ...string) ability { return ability{tools: tools} }

func cannot(reason string) ability { return ability{reason: reason} }

// whileMounted is an ability that takes a mount by the kernel, which knows the file system by the name fs.
func whileMounted(fs string, tools ...string) ability {
	return ability{tools: append([]string{"mount", "umount"}, tools...), mounts: fs}
}

// lacks is why the machine does not have the ability, or "".
func (m Machine) lacks(a ability, pkg string) string {
	if a.reason != "" {
		return a.reason
	}
	for _, name := range a.tools {
		if _, err := m.look(name); err != nil {
			if name == "mount" || name == "umount" {
				pkg = "mount"
			}
			return name + " is not installed: apt install " + pkg
		}
	}
	if a.mounts != "" {
		return m.cannotMount(a.mounts)
	}
	return ""
}

// feature is what shunt can do with a kind of file system if all tools are there.
type feature struct {
	pkg                                              string // the Debian package
	create, grow, shrink, check, label, uuid, online ability
	move                                             string // why it must not be moved
	copies                                           string // why it must not be copied
	minSize, maxSize                                 geometry.Bytes
}

// features are the kinds that shunt knows. What is not listed is moved and copied as bytes, nothing else.
var features = map[model.FSKind]feature{
	model.Ext2:      ext2Feature(),
	model.Ext3:      extFeature(maxExt3),
	model.Ext4:      extFeature(0),
	model.FAT12:     fat12Feature(),
	model.FAT16:     fatFeature(16*geometry.MiB, 4095*geometry.MiB),
	model.FAT32:     fatFeature(33*geometry.MiB, 2*geometry.TiB), // Windows takes no volume for FAT32 that has fewer than 65525 clusters
	model.ExFAT:     exfatFeature,
	model.NTFS:      ntfsFeature,
	model.XFS:       xfsFeature,
	model.Btrfs:     btrfsFeature,
	model.F2FS:      f2fsFeature,
	model.Swap:      swapFeature,
	model.LUKS:      luksFeature,
	model.LVM2:      lvmFeature,
	model.NILFS2:    nilfsFeature,
	model.UDF:       udfFeature,
	model.JFS:       jfsFeature,
	model.ReiserFS:  reiserFeature,
	model.SwSuspend: suspendFeature(),
	model.ISO9660:   isoFeature(),
	model.SquashFS:  opaque("squashfs is read-only and has a fixed size"),
	model.HFSPlus:   opaque("shunt does not change HFS+: use macOS"),
	model.APFS:      opaque("only macOS can change APFS"),
	model.Bcachefs:  opaque("shunt does not change bcachefs: use `bcachefs`"),
	model.ZFS:       opaque("it belongs to a ZFS pool: use zpool and zfs"),
	model.RAID:      opaque("it belongs to a Linux RAID: use mdadm"),
	model.BitLocker: opaque("only Windows can change what is encrypted with BitLocker"),
	model.ReFS:      opaque("only Windows can change ReFS"),
}

// opaque is a kind that is moved and copied as bytes, and not changed, for one reason.
func opaque(reason string) feature {
	no := cannot(reason)
	return feature{create: no, grow: no, shrink: no, check: no, label: no, uuid: no, online: no}
}

// suspendFeature: the hibernated system would go on with what it knew.
func suspendFeature() feature {
	const why = "a hibernated system is kept in it: start that system and shut it down first"
	f := opaque(why)
	f.move, f.copies = why, why
	return f
}

func isoFeature() feature {
	f := opaque("a CD-ROM image cannot be changed")
	f.move = "the boot loader in a CD-ROM image relies on its position: it might not start any more"
	f.copies = f.move
	return f
}
