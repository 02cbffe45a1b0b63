package ops

import (
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// Cost is what operation i (0-based) costs to carry out, for people: "instant", "copies 25.6 MiB",
// "resize2fs", "copies 25.6 MiB, resize2fs". Moves of a partition that is moved again later are not
// added up at commit; each line tells its own.
func (q Queue) Cost(i int) string {
	var words []string
	var copies geometry.Bytes
	before := q.Before(i)
	for _, s := range q.steps(i) {
		if s.Kind == StepRemap {
			p, _ := before.Partition(s.Part)
			n, _ := moveBytes(p, before.SectorSize.Bytes(s.From.Len()))
			copies += n
		}
		if s.Kind == StepCopy {
			p, _ := q.Before(i + 1).Partition(s.Part)
			n, _ := moveBytes(p, before.SectorSize.Bytes(s.From.Len()))
			copies += n
		}
		if tool := toolOf(s); tool != "" && !slices.Contains(words, tool) {
			words = append(words, tool)
		}
	}
	// A resize checks first, which goes without saying.
	if len(words) > 1 && words[0] == toolOf(Step{Kind: StepCheckFS, FS: fsOf(before, q.ops[i].Part())}) {
		words = words[1:]
	}
	if copies > 0 {
		words = slices.Insert(words, 0, "copies "+geometry.FormatBytes(copies))
	}
	if len(words) == 0 {
		return "instant"
	}
	return strings.Join(words, ", ")
}

func fsOf(d model.Disk, id model.PartID) model.FSKind {
	p, _ := d.Partition(id)
	return p.FS.Kind
}

// toolOf names the program that carries a step out, "" if shunt does it alone or it only reads.
func toolOf(s Step) string {
	type tools struct{ check, resize, create, label, uuid string }
	var t tools
	switch s.FS {
	case model.Ext2, model.Ext3, model.Ext4:
		t = tools{"e2fsck", "resize2fs", "mkfs." + string(s.FS), "tune2fs", "tune2fs"}
	case model.FAT12, model.FAT16, model.FAT32:
		t = tools{"fsck.fat", "", "mkfs.fat", "fatlabel", ""}
	case model.ExFAT:
		t = tools{"fsck.exfat", "", "mkfs.exfat", "tune.exfat", "tune.exfat"}
	case model.NTFS:
		t = tools{"ntfsresize", "ntfsresize", "mkntfs", "ntfslabel", "ntfslabel"}
	case model.XFS:
		t = tools{"xfs_repair", "xfs_growfs", "mkfs.xfs", "", "xfs_db"}
	case model.Btrfs:
		t = tools{"btrfs check", "btrfs filesystem resize", "mkfs.btrfs", "btrfs filesystem label", "btrfstune"}
	case model.F2FS:
		t = tools{"fsck.f2fs", "resize.f2fs", "mkfs.f2fs", "f2fslabel", ""}
	case model.Swap:
		t = tools{"", "", "mkswap", "swaplabel", "swaplabel"}
	case model.LUKS:
		t = tools{"", "", "", "cryptsetup config", "cryptsetup luksUUID"}
	case model.LVM2:
		t = tools{"pvck", "", "", "", ""}
	case model.NILFS2:
		t = tools{"", "", "mkfs.nilfs2", "", ""}
	case model.UDF:
		t = tools{"", "", "mkudffs", "udflabel", "udflabel"}
	case model.JFS:
		t = tools{"jfs_fsck", "", "mkfs.jfs", "jfs_tune", "jfs_tune"}
	case model.ReiserFS:
		t = tools{"reiserfsck", "resize_reiserfs", "mkreiserfs", "reiserfstune", "reiserfstune"}
	case model.Unformatted, model.ISO9660, model.SquashFS, model.SwSuspend:
	}
	switch s.Kind {
	case StepCheckFS:
		return t.check
	case StepResizeFS, StepGrowMounted:
		return t.resize
	case StepMakeFS:
		return t.create
	case StepLabelFS:
		return t.label
	case StepUUIDFS:
		return t.uuid
	case StepResizeImage, StepVerifyFS, StepRemap, StepCopy, StepMoved, StepWipe, StepWipeDisk, StepWriteTable:
	}
	return ""
}

// MoveCost is how many bytes a move of p would copy, and how many bytes of it are free space of its file
// system and are not copied. An extended partition and swap space are not copied at all.
func MoveCost(d model.Disk, p model.Partition) (copies, skipped geometry.Bytes) {
	if p.Role == model.Extended || p.FS.Kind.MadeAnew() {
		return 0, 0
	}
	return moveBytes(p, d.SectorSize.Bytes(p.Span.Len()))
}
