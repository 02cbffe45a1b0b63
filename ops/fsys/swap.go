package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// noFilesInSwap is the reason why no files can be seen in swap space.
const noFilesInSwap = "it holds swap space and no files"

var askSwap = ask("util-linux", "swaplabel", "{}")

func swapDriver() Driver {
	return Driver{
		Kind: model.Swap, Package: "util-linux", create: can("mkswap"), grow: can("mkswap"), shrink: can("mkswap"),
		check: cannot("there is nothing to check in swap space"), label: can("swaplabel"), uuid: can("swaplabel"),
		online: cannot("swap space cannot be resized while it is in use: `swapoff` first"),
		facts:  ops.Capability{MinSize: 40 * geometry.KiB, Labels: ops.LabelRule{Most: 15}},
		make:   mkfs([]string{"mkswap", "-p", "4096"}, "-L", "{label}", "-U", "{uuid}"),
		resize: job.resizeSwap, free: swapFree, certain: true,
		setLabel: command("swaplabel", "-L", "{=}", "{}"), setUUID: command("swaplabel", "-U", "{=}", "{}"),
		Ask:     askSwap,
		NoFiles: noFilesInSwap,
	}
}

// suspendedDriver allows no changes, because the hibernated system will resume with what it knows of the disk.
func suspendedDriver() Driver {
	const why = "a hibernated system is kept in it: start that system and shut it down first"
	d := opaque(model.SwSuspend, why, noFilesInSwap)
	d.facts, d.Ask = ops.Capability{Move: why, Copy: why}, askSwap
	return d
}

// swapFree adds all of a swap area except its header.
func swapFree(_ *io.SectionReader, fs model.Filesystem, list *freeList) error {
	if fs.Size > fs.BlockSize {
		list.add(int64(fs.BlockSize), int64(fs.Size))
	}
	return nil
}

// resizeSwap makes a new swap area of the given size. It keeps label and UUID, because /etc/fstab may name them.
func (j job) resizeSwap(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	fs := j.fs
	if fs.Trait != model.NoTrait {
		return 0, fmt.Errorf("it cannot be resized: %s; delete it and create a new one", fs.Notes)
	}
	argv := []string{"mkswap", "-p", fmt.Sprint(int64(fs.BlockSize)), "{}", fmt.Sprint(int64(size / geometry.KiB))}
	if err := mkfs(argv, "-L", "{label}", "-U", "{uuid}")(j, ctx, Spec{Label: fs.Label, UUID: fs.UUID}); err != nil {
		return 0, err
	}
	after, err := j.result()
	if err == nil && (after.Label != fs.Label || after.UUID != fs.UUID) {
		err = errors.New("mkswap did not keep label and UUID")
	}
	return size - fs.BlockSize + 1, err
}
