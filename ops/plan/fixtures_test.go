package plan_test

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

const mib geometry.Sector = 2048

// env is a machine with the tools for ext, FAT32 and swap.
func env() ops.Env {
	ext := ops.Capability{Labels: ops.LabelRule{Most: 16}, EndsAtSize: true}
	return ops.Env{Sources: sources, Caps: ops.Capabilities{
		model.Ext2: ext,
		model.Ext4: ext,
		model.FAT32: {
			Grow: "FAT32 cannot be resized here", Shrink: "FAT32 cannot be resized here", MinSize: 33 * geometry.MiB,
			Labels: ops.LabelRule{Most: 11, DOS: true},
		},
		model.Swap: {Check: "swap space needs no check", MinSize: 40 * geometry.KiB, Labels: ops.LabelRule{Most: 15}},
		model.XFS:  {Create: "mkfs.xfs is not installed"},
	}}
}

// sources is another disk, /other, with a p1 of 50 MiB.
func sources(path string, number int) (ops.Source, error) {
	if path != "/other" || number != 1 {
		return ops.Source{}, fmt.Errorf("there is no partition %d", number)
	}
	return ops.Source{Path: path, Part: full(1, 10*mib, 60*mib, 20*geometry.MiB), SectorSize: geometry.Sector512}, nil
}

func ext4(size, used geometry.Bytes) model.Filesystem {
	return model.Filesystem{Kind: model.Ext4, Size: size, Used: used, Min: used, BlockSize: 4096, UUID: "u", Label: "l"}
}

func part(n int, start, end geometry.Sector, fs model.Filesystem) model.Partition {
	return model.Partition{
		ID: model.PartID(n), Number: n, Span: geometry.Span{Start: start, End: end}, Type: "0x83", FS: fs,
	}
}

// full is a partition with an ext4 that fills it and holds used bytes.
func full(n int, start, end geometry.Sector, used geometry.Bytes) model.Partition {
	return part(n, start, end, ext4(geometry.Sector512.Bytes(end-start)&^4095, used))
}

// founding is the image of the founding example: MBR, the first partition at sector 63.
func founding() model.Disk {
	p1 := full(1, 63, 988033, 25*geometry.MiB)
	p1.Active = true
	return mbr(966*mib, p1, full(2, 988033, 1978368, 26_843_546))
}

func mbr(sectors geometry.Sector, parts ...model.Partition) model.Disk {
	return model.New(model.Disk{
		SectorSize: geometry.Sector512, Sectors: sectors,
		Table: model.Table{Kind: model.TableMBR, Usable: geometry.Span{Start: 1, End: sectors}, Slots: 4},
	}, parts, nil)
}

func gpt(sectors geometry.Sector, parts ...model.Partition) model.Disk {
	for i := range parts {
		parts[i].Type = model.DefaultType(model.TableGPT, model.Primary, parts[i].FS.Kind)
	}
	return model.New(model.Disk{
		SectorSize: geometry.Sector512, Sectors: sectors,
		Table: model.Table{Kind: model.TableGPT, Usable: geometry.Span{Start: 34, End: sectors - 33}, Slots: 128},
	}, parts, nil)
}

// chained is an MBR of 1000 MiB: p1, then an extended p2 from 100 to 900 MiB with p5, p6, a gap, p7, a gap.
func chained() model.Disk {
	ext := part(2, 100*mib, 900*mib, model.Filesystem{})
	ext.Role, ext.Type = model.Extended, model.MBRExtendedLBA
	parts := []model.Partition{full(1, mib, 100*mib, geometry.MiB), ext}
	for i, start := range []geometry.Sector{100 * mib, 200 * mib, 400 * mib} {
		p := full(5+i, start+mib, start+100*mib, 10*geometry.MiB)
		p.Role, p.EBR = model.Logical, start
		parts = append(parts, p)
	}
	return mbr(1000*mib, parts...)
}
