// Package testdisk makes the disks that tests of the operations, of plan files and of the guide share. All of them have
// sectors of 512 bytes.
package testdisk

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// MiB is the number of sectors in a mebibyte.
const MiB geometry.Sector = 2048

// Other returns partition 1 of another target, /other. It is 50 MiB long. There are no other partitions.
func Other(path string, number int) (ops.Source, error) {
	if path != "/other" || number != 1 {
		return ops.Source{}, fmt.Errorf("there is no partition %d", number)
	}
	return ops.Source{Path: path, Part: Full(1, 10*MiB, 60*MiB, 20*geometry.MiB), SectorSize: geometry.Sector512}, nil
}

// Ext4 returns an ext4 of that size with used bytes in use.
func Ext4(size, used geometry.Bytes) model.Filesystem {
	return model.Filesystem{Kind: model.Ext4, Size: size, Used: used, Min: used, BlockSize: 4096, UUID: "u", Label: "l"}
}

// Part returns partition n in the sectors [start, end).
func Part(n int, start, end geometry.Sector, fs model.Filesystem) model.Partition {
	return model.Partition{
		ID: model.PartID(n), Number: n, Span: geometry.Span{Start: start, End: end}, Type: "0x83", FS: fs,
	}
}

// Full returns partition n with an ext4 that fills it and has used bytes in use.
func Full(n int, start, end geometry.Sector, used geometry.Bytes) model.Partition {
	return Part(n, start, end, Ext4(geometry.Sector512.Bytes(end-start)&^4095, used))
}

// Founding returns an MBR disk with two ext4 partitions without a gap. The first begins at sector 63.
func Founding() model.Disk {
	p1 := Full(1, 63, 988033, 25*geometry.MiB)
	p1.Active = true
	return MBR(966*MiB, p1, Full(2, 988033, 1978368, 26_843_546))
}

// Disk returns a disk of that many sectors with a table of this kind.
func Disk(kind model.TableKind, sectors geometry.Sector, parts ...model.Partition) model.Disk {
	d := model.Disk{SectorSize: geometry.Sector512, Sectors: sectors}
	d.Table = model.Table{Kind: model.TableMBR, Usable: geometry.Span{Start: 1, End: sectors}, Slots: 4}
	if kind == model.TableGPT {
		d.Table = model.Table{Kind: kind, Usable: geometry.Span{Start: 34, End: sectors - 33}, Slots: 128}
	}
	return model.New(d, parts, nil)
}

// MBR returns a disk with an MBR.
func MBR(sectors geometry.Sector, parts ...model.Partition) model.Disk {
	return Disk(model.TableMBR, sectors, parts...)
}

// GPT returns a disk with a GPT. It sets the types of the partitions to the defaults for their contents.
func GPT(sectors geometry.Sector, parts ...model.Partition) model.Disk {
	for i := range parts {
		parts[i].Type = model.DefaultType(model.TableGPT, model.Primary, parts[i].FS.Kind)
	}
	return Disk(model.TableGPT, sectors, parts...)
}

// Chained returns an MBR of 1000 MiB: p1, then an extended p2 from 100 to 900 MiB with p5, p6, a gap, p7, a gap.
func Chained() model.Disk {
	ext := Part(2, 100*MiB, 900*MiB, model.Filesystem{})
	ext.Role, ext.Type = model.Extended, model.MBRExtendedLBA
	parts := []model.Partition{Full(1, MiB, 100*MiB, geometry.MiB), ext}
	for i, start := range []geometry.Sector{100 * MiB, 200 * MiB, 400 * MiB} {
		p := Full(5+i, start+MiB, start+100*MiB, 10*geometry.MiB)
		p.Role, p.EBR = model.Logical, start
		parts = append(parts, p)
	}
	return MBR(1000*MiB, parts...)
}

// Contents is what lies at a place: an ext4 of 10 MiB at even MiB, and nothing elsewhere.
func Contents(span geometry.Span) model.Filesystem {
	if span.Start%(2*MiB) != 0 {
		return model.Filesystem{}
	}
	return Ext4(10*geometry.MiB, geometry.MiB)
}
