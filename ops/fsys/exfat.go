package fsys

import (
	"context"
	"encoding/binary"
	"strconv"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// exfatDriver: tune.exfat is asked for everywhere, since it tells exfatprogs from the older exfat-utils, whose programs have the
// same names and other options.
func exfatDriver() Driver {
	no := cannot("there is no tool that resizes exFAT")
	return Driver{
		Kind: model.ExFAT, Package: "exfatprogs", create: can("mkfs.exfat", "tune.exfat"), grow: no, shrink: no, online: no,
		check: can("fsck.exfat"), label: can("tune.exfat"), uuid: can("tune.exfat"),
		facts: ops.Capability{
			MinSize: 4 * geometry.MiB, MaxSize: 128 * 1024 * geometry.TiB, Labels: ops.LabelRule{Most: 11, UTF16: true}, NewBlock: exfatBlock,
			Only512: "mkfs.exfat gives a file sectors of 512 bytes, and this disk has sectors of 4096",
			Instead: "make a partition of type exfat and run mkfs.exfat on its device",
		},
		// mkfs.exfat leaves the position of the partition 0; moved puts it in.
		make: func(j job, ctx context.Context, spec Spec) error {
			return j.mkfs(ctx, inUTF8("mkfs.exfat"), "-L", spec.Label)
		},
		verify: job.verifyExFAT, repair: job.repairExFAT,
		setLabel: command(append(inUTF8("tune.exfat"), "-L", "{=}", "{}")...),
		setUUID: func(j job, ctx context.Context, _ string) error {
			fresh := uuid.New()
			serial := "0x" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(fresh[:])), 16)
			return command("tune.exfat", "-I", "{=}", "{}")(j, ctx, serial)
		},
		moved: movedExFAT,
		Facts: exfatFacts, Ask: ask("exfatprogs", "dump.exfat", "{}"),
		Mounts: mountedAs("exfat", ""),
	}
}

// exfatBlock is the size of cluster that mkfs.exfat chooses.
func exfatBlock(length geometry.Bytes, _ geometry.SectorSize) geometry.Bytes {
	switch {
	case length > 32*geometry.GiB:
		return 128 * geometry.KiB
	case length > 256*geometry.MiB:
		return 32 * geometry.KiB
	}
	return 4 * geometry.KiB
}

func (j job) verifyExFAT(ctx context.Context) error {
	_, _, err := j.run(ctx, fsckCodes, "fsck.exfat", "-n", j.path)
	return advise(err, "repair it with fsck.exfat, or with chkdsk in Windows")
}

// repairExFAT runs fsck.exfat with the repairs it makes on its own.
func (j job) repairExFAT(ctx context.Context) error {
	if _, _, err := j.run(ctx, fsckCodes.or(1), "fsck.exfat", "-p", j.path); err != nil {
		return advise(err, "repair it with chkdsk in Windows")
	}
	return j.verifyExFAT(ctx)
}

// inUTF8 begins a command line for a tool that takes what a label may hold from the locale.
func inUTF8(name string) []string { return []string{"env", "LC_ALL=C.UTF-8", name} }
