// Package tuitest provides disks and a machine for tests of the editor and its dialogs.
package tuitest

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// mib is a mebibyte in sectors of 512 bytes.
const mib geometry.Sector = 2048

// Env returns a machine with the tools for ext, FAT32 and swap.
func Env() ops.Env {
	ext := ops.Capability{
		Labels: ops.LabelRule{Most: 16}, NewBlock: extBlock, EndsAtSize: true, FreeKnown: true,
		Tools: ops.ToolNames{Resize: "resize2fs", Online: "resize2fs", Check: "e2fsck", Label: "tune2fs", UUID: "tune2fs"},
	}
	ext2, ext3, ext4 := ext, ext, ext
	ext2.Tools.Create, ext3.Tools.Create, ext4.Tools.Create = "mkfs.ext2", "mkfs.ext3", "mkfs.ext4"
	ext2.MaxSize, ext3.MaxSize = 16*geometry.TiB, 16*geometry.TiB
	fat := ops.Capability{
		Labels: ops.LabelRule{Most: 11, DOS: true}, NewBlock: fatBlock, KeepsPosition: true,
		Tools:  ops.ToolNames{Create: "mkfs.fat", Check: "fsck.fat", Label: "fatlabel"},
		Online: "FAT cannot grow while it is mounted",
	}
	fat16, fat32 := fat, fat
	fat16.MinSize, fat16.MaxSize = 16*geometry.MiB, 4*geometry.GiB
	fat32.Grow, fat32.Shrink = "FAT32 cannot be resized here", "FAT32 cannot be resized here"
	fat32.MinSize, fat32.MaxSize, fat32.MinSectors = 33*geometry.MiB, 2*geometry.TiB, 65525
	return ops.Env{Caps: ops.Capabilities{
		model.Ext2: ext2, model.Ext3: ext3, model.Ext4: ext4, model.FAT16: fat16, model.FAT32: fat32,
		model.NTFS: {
			Create: "mkfs.ntfs is not installed: apt install ntfs-3g", Check: "ntfsfix is not installed: apt install ntfs-3g",
			Online: "NTFS cannot grow while it is mounted", HalfUUID: true, KeepsPosition: true,
			Package: "ntfs-3g", Missing: []string{"ntfs-3g"},
			Brings: map[ops.Ability]string{ops.CanCreate: "ntfs-3g", ops.CanCheck: "ntfs-3g"},
			Labels: ops.LabelRule{Most: 128, UTF16: true},
			Tools: ops.ToolNames{
				Create: "mkntfs", Resize: "ntfsresize", Check: "ntfsresize", Label: "ntfslabel", UUID: "ntfslabel",
			},
		},
		model.F2FS: {
			Create: "mkfs.f2fs is not installed: apt install f2fs-tools",
			Grow:   "resize.f2fs is not installed: apt install f2fs-tools",
			Shrink: "F2FS cannot be shrunk", UUID: "F2FS has no tool that changes its UUID",
			Online: "F2FS cannot grow while it is mounted", Package: "f2fs-tools", Missing: []string{"f2fs-tools"},
			Brings: map[ops.Ability]string{ops.CanCreate: "f2fs-tools", ops.CanGrow: "f2fs-tools"},
			Labels: ops.LabelRule{Most: 127}, EndsAtSize: true,
		},
		model.XFS: {
			Shrink: "XFS cannot be shrunk", Labels: ops.LabelRule{Most: 12}, EndsAtSize: true,
			Tools: ops.ToolNames{
				Create: "mkfs.xfs", Resize: "xfs_growfs", Online: "xfs_growfs", Check: "xfs_repair", UUID: "xfs_db",
			},
		},
		model.Btrfs: {
			Labels: ops.LabelRule{Most: 255}, EndsAtSize: true,
			Tools: ops.ToolNames{
				Create: "mkfs.btrfs", Resize: "btrfs filesystem resize", Online: "btrfs filesystem resize",
				Check: "btrfs check", Label: "btrfs filesystem label", UUID: "btrfstune",
			},
		},
		model.Swap: {
			Check: "swap space needs no check", Online: "swap space is switched off to be resized", MinSize: 40 * geometry.KiB,
			Labels: ops.LabelRule{Most: 15}, Tools: ops.ToolNames{Create: "mkswap", Label: "swaplabel", UUID: "swaplabel"},
		},
		model.LUKS: {
			Create: "shunt does not encrypt", Shrink: "what is inside would have to be shrunk first",
			Check: "it can be checked only when it is open",
			Label: "shunt does not label LUKS", UUID: "shunt does not change the UUID of LUKS",
			Online: "LUKS cannot grow while it is open", Package: "cryptsetup",
		},
	}}
}

func extBlock(length geometry.Bytes, z geometry.SectorSize) geometry.Bytes {
	if length < 512*geometry.MiB && z == geometry.Sector512 {
		return geometry.KiB
	}
	return 4 * geometry.KiB
}

func fatBlock(_ geometry.Bytes, z geometry.SectorSize) geometry.Bytes { return geometry.Bytes(z) }

// Founding returns the image of the founding example: 966 MiB, MBR, two ext4 partitions, the first starting at sector 63.
func Founding() model.Disk {
	p1 := part(1, 63, 988_033, model.Ext4, "docs", 26_738_688)
	p1.Active = true
	p2 := part(2, 988_033, 966*mib, model.Ext4, "", 26_843_546)
	return mbr(966*mib, p1, p2)
}

// Varied returns a GPT disk of 16 GiB with seven kinds of contents, one of them tiny, and two gaps.
func Varied() model.Disk {
	size := 16 * 1024 * mib
	parts := []model.Partition{
		part(1, mib, 2*mib, model.Unformatted, "", -1),
		part(2, 2*mib, 514*mib, model.FAT32, "EFI", 31*geometry.MiB),
		part(3, 514*mib, 4610*mib, model.Ext4, "root", 2900*geometry.MiB),
		part(4, 4610*mib, 6658*mib, model.Swap, "", -1),
		part(5, 7170*mib, 11266*mib, model.XFS, "srv", 400*geometry.MiB),
		part(6, 11266*mib, 13314*mib, model.Btrfs, "home", 1900*geometry.MiB),
		part(7, 13314*mib, 14338*mib, model.NTFS, "Windows", 512*geometry.MiB),
	}
	names := []string{"", "EFI System Partition", "root", "swap", "srv", "home", "Basic data partition"}
	for i := range parts {
		parts[i].Type = model.DefaultType(model.TableGPT, model.Primary, parts[i].FS.Kind)
		parts[i].Name = names[i]
	}
	parts[0].Type = model.BIOSBoot
	esp, _ := model.TypeByAlias(model.TableGPT, "esp")
	parts[1].Type = esp
	return gpt(size, parts)
}

// Logicals returns an MBR disk of 1000 MiB with an extended partition that holds three logical ones.
func Logicals() model.Disk {
	ext := part(2, 100*mib, 900*mib, model.Unformatted, "", -1)
	ext.Role, ext.Type = model.Extended, model.MBRExtendedLBA
	parts := []model.Partition{part(1, mib, 100*mib, model.FAT32, "BOOT", 20*geometry.MiB), ext}
	for i, start := range []geometry.Sector{100 * mib, 200 * mib, 400 * mib} {
		p := part(5+i, start+mib, start+100*mib, model.Ext4, "data", 10*geometry.MiB)
		p.Role, p.EBR = model.Logical, start
		parts = append(parts, p)
	}
	return mbr(1000*mib, parts...)
}

// Many returns a GPT disk of 64 GiB with n partitions of the same size.
func Many(n int) model.Disk {
	size := 64 * 1024 * mib
	each := (size/geometry.Sector(n) - mib) / mib * mib
	var parts []model.Partition
	for i := range n {
		start := mib + geometry.Sector(i)*each
		p := part(i+1, start, start+each, model.Ext4, "", 40*geometry.MiB)
		p.Type = model.DefaultType(model.TableGPT, model.Primary, model.Ext4)
		parts = append(parts, p)
	}
	return gpt(size, parts)
}

func mbr(sectors geometry.Sector, parts ...model.Partition) model.Disk {
	usable := geometry.Span{Start: 1, End: sectors}
	return disk(sectors, model.Table{Kind: model.TableMBR, Usable: usable, Slots: 4, ID: "0x5a17c0de"}, parts)
}

func gpt(sectors geometry.Sector, parts []model.Partition) model.Disk {
	usable := geometry.Span{Start: 34, End: sectors - 33}
	const id = "5A3E1F52-7A0B-4F5B-9A43-6C1E0E2B7F11"
	return disk(sectors, model.Table{Kind: model.TableGPT, Usable: usable, Slots: 128, ID: id}, parts)
}

func disk(sectors geometry.Sector, table model.Table, parts []model.Partition) model.Disk {
	return model.New(model.Disk{SectorSize: geometry.Sector512, Sectors: sectors, Table: table}, parts, nil)
}

// part returns a partition whose file system fills it; used is -1 if it is unknown.
func part(n int, start, end geometry.Sector, kind model.FSKind, label string, used geometry.Bytes) model.Partition {
	p := model.Partition{ID: model.PartID(n), Number: n, Span: geometry.Span{Start: start, End: end}, Type: "0x83"}
	if kind != model.Unformatted {
		p.FS = model.Filesystem{
			Kind: kind, Label: label, Used: used, Min: max(0, used), BlockSize: 4096,
			Size: geometry.Sector512.Bytes(end-start) &^ 4095,
			UUID: "0b5e4c70-6d0f-4c56-9c2e-9e0a1f6f2d0" + string(rune('0'+n%10)),
		}
		if kind == model.XFS {
			p.FS.Min = 0 // it cannot shrink
		}
	}
	return p
}
