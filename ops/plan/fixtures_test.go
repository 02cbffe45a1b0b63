package plan_test

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

const mib = testdisk.MiB

// env is a machine with the tools for ext, FAT32 and swap.
func env() ops.Env {
	ext := ops.Capability{Labels: ops.LabelRule{Most: 16}, EndsAtSize: true}
	return ops.Env{Sources: testdisk.Other, Contents: testdisk.Contents, Caps: ops.Capabilities{
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

// The disks that these tests share with those of other packages.
var (
	full              = testdisk.Full
	gpt               = testdisk.GPT
	founding, chained = testdisk.Founding, testdisk.Chained
)
