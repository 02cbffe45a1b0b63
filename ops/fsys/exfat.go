package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// exfatDriver requires tune.exfat for everything, because only exfatprogs has it. The older exfat-utils has programs with
// the same names and other options.
func exfatDriver() Driver {
	no := cannot("there is no tool that resizes exFAT")
	return Driver{
		Kind: model.ExFAT, Package: "exfatprogs", create: can("mkfs.exfat", "tune.exfat"), grow: no, shrink: no, online: no,
		check: can("fsck.exfat"), label: can("tune.exfat"), uuid: can("tune.exfat"),
		facts: ops.Capability{
			MinSize: 4 * geometry.MiB, MaxSize: 128 * 1024 * geometry.TiB, NewBlock: exfatBlock,
			Labels: ops.LabelRule{Most: 11, UTF16: true},
			Only512: "mkfs.exfat gives a file sectors of 512 bytes, and this disk has sectors of 4096: " +
				"make a partition of type exfat and run mkfs.exfat on its device",
		},
		// mkfs.exfat stores 0 as the position of the partition. moved corrects it.
		make:   mkfs(inUTF8("mkfs.exfat"), "-L", "{label}"),
		verify: checking(fsckCodes, "check it first, which repairs it", "fsck.exfat", "-n", "{}"),
		// -y: nobody is there to answer questions.
		repair:   repairing(fsckCodes, "repair it with chkdsk in Windows", "fsck.exfat", "-y", "{}"),
		walk:     job.walkExFAT,
		free:     exfatFree,
		examine:  job.examineExFAT,
		setLabel: command(append(inUTF8("tune.exfat"), "-L", "{=}", "{}")...),
		setUUID: func(j job, ctx context.Context, _ string) error {
			fresh := uuid.New()
			serial := "0x" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(fresh[:])), 16)
			return command("tune.exfat", "-I", "{=}", "{}")(j, ctx, serial)
		},
		moved:       movedExFAT,
		storedStart: func(head []byte) uint64 { return binary.LittleEndian.Uint64(head[exfatOffsetAt:]) },
		Ask:         ask("exfatprogs", "dump.exfat", "{}"),
		ways:        []Way{contentsWay(openExFAT)},
		contents:    openExFAT,
		Mounts:      mountedAs("exfat", ""),
	}
}

// exfatBlock returns the cluster size that mkfs.exfat chooses.
func exfatBlock(length geometry.Bytes, _ geometry.SectorSize) geometry.Bytes {
	switch {
	case length > 32*geometry.GiB:
		return 128 * geometry.KiB
	case length > 256*geometry.MiB:
		return 32 * geometry.KiB
	}
	return 4 * geometry.KiB
}

// inUTF8 returns the start of a command line for a tool that reads labels in the encoding of its locale.
func inUTF8(name string) []string { return []string{"env", "LC_ALL=C.UTF-8", name} }

const (
	exfatOffsetAt   = 64 // the partition's first sector (8 bytes), 0 for "do not care"
	exfatRootAt     = 96
	exfatRevisionAt = 104
	exfatShiftAt    = 108
	exfatFATsAt     = 110
	exfatRegion     = 12 // sectors in a boot region; the last one repeats the checksum of the others
	exfatFlagsAt    = 106
	exfatPercentAt  = 112
)

// movedExFAT corrects the position in both boot regions.
func movedExFAT(w Window, n int64, start geometry.Sector, z geometry.SectorSize) error {
	head := make([]byte, bootSize)
	if err := readFull(w, head, 0); err != nil {
		return err
	}
	shift := head[exfatShiftAt]
	if string(head[3:11]) != "EXFAT   " || shift < 9 || shift > 12 {
		return errNoBoot
	}
	sector := int64(1) << shift
	if 2*exfatRegion*sector > n {
		return errNoBoot
	}
	at := uint64(int64(z.Bytes(start)) / sector)
	for _, off := range []int64{0, exfatRegion * sector} {
		region := make([]byte, exfatRegion*sector)
		if err := readFull(w, region, off); err != nil {
			return err
		}
		if string(region[3:11]) != "EXFAT   " || binary.LittleEndian.Uint64(region[exfatOffsetAt:]) == 0 {
			continue
		}
		binary.LittleEndian.PutUint64(region[exfatOffsetAt:], at)
		sum, summed := exfatSum(region, sector)
		for i := summed; i < int64(len(region)); i += 4 {
			binary.LittleEndian.PutUint32(region[i:], sum)
		}
		if _, err := w.WriteAt(region, off); err != nil {
			return err
		}
	}
	return nil
}

// exfatSum returns the checksum of a boot region, and how many bytes it is the checksum of.
func exfatSum(region []byte, sector int64) (sum uint32, summed int64) {
	summed = (exfatRegion - 1) * sector
	for i, b := range region[:summed] {
		if i != exfatFlagsAt && i != exfatFlagsAt+1 && i != exfatPercentAt { // these change without the checksum
			sum = (sum<<31 | sum>>1) + uint32(b)
		}
	}
	return sum, summed
}

// examineExFAT also looks at the backup of the boot region, which fsck.exfat reads only if the first one is damaged.
func (j job) examineExFAT(ctx context.Context) error {
	if err := j.driver.verify(j, ctx); err != nil {
		return err
	}
	return j.edit(func(f File) error {
		head := make([]byte, bootSize)
		if err := readFull(f, head, 0); err != nil {
			return err
		}
		shift := head[exfatShiftAt]
		if shift < 9 || shift > 12 {
			return fmt.Errorf("its sectors cannot have 2^%d bytes", shift)
		}
		sector := int64(1) << shift
		region := make([]byte, exfatRegion*sector)
		if err := readFull(f, region, exfatRegion*sector); err != nil {
			return err
		}
		if sum, at := exfatSum(region, sector); binary.LittleEndian.Uint32(region[at:]) != sum {
			return errors.New("the checksum of the backup boot region does not match: `check` does not write it; chkdsk in Windows does")
		}
		return nil
	})
}
