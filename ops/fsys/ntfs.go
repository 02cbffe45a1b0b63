package fsys

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/ops"
)

func ntfsDriver() Driver {
	return Driver{
		Kind: model.NTFS, Package: "ntfs-3g", create: can("mkntfs"), grow: can("ntfsresize"), shrink: can("ntfsresize"), check: can("ntfsresize"),
		label: can("ntfslabel"), uuid: can("ntfslabel"), online: cannot(notMounted),
		facts: ops.Capability{
			MinSize: 2 * geometry.MiB, MaxSize: 256 * geometry.TiB, Labels: ops.LabelRule{Most: 128, UTF16: true},
		},
		// Heads and sectors per track are what all systems pretend since disks have none.
		make: func(j job, ctx context.Context, spec Spec) error {
			return j.mkfs(ctx, []string{
				"mkntfs", "--quick", "--force", "--quiet", "--sector-size", strconv.FormatInt(int64(spec.SectorSize), 10),
				"--partition-start", strconv.FormatUint(uint64(hiddenSectors(spec.Start)), 10), "--heads", "255", "--sectors-per-track", "63",
			}, "--label", spec.Label)
		},
		resize: job.resizeNTFS, verify: job.verifyNTFS, setLabel: command("ntfslabel", "--force", "{}", "{=}"),
		// ntfslabel writes the new serial number into the boot sector and its backup.
		setUUID: command("ntfslabel", "--force", "--new-serial", "{}"),
		halfUUID: func(j job, ctx context.Context) error {
			return command("ntfslabel", "--force", "--new-half-serial", "{}")(j, ctx, "")
		},
		moved: movedNTFS,
		Facts: ntfsFacts, Ask: ask("ntfs-3g", "ntfsinfo", "-m", "{}"), ways: []Way{{Name: "ntfsls", Read: readNtfsls}},
		Mounts: []Mount{{FS: "ntfs3"}, {Program: "ntfs-3g", Package: "ntfs-3g"}},
	}
}

// verifyNTFS has ntfsresize compare $Bitmap with what all files use, which it does before anything else. A volume
// that was resized is marked for a check by Windows; --force goes on in spite of that.
func (j job) verifyNTFS(ctx context.Context) error {
	_, _, err := j.run(ctx, zeroOnly, "ntfsresize", "--info", "--force", j.path)
	return advise(err, "run chkdsk in Windows and shut Windows down fully")
}

// resizeNTFS runs ntfsresize, first without writing, then for good. It refuses what ntfsresize would destroy: the state of
// a hibernated Windows, and the last changes of one that was not shut down.
func (j job) resizeNTFS(ctx context.Context, size geometry.Bytes) error {
	if j.fs.Dirty == scan.DirtyHibernated || j.fs.Dirty == scan.DirtyNTFSJournal {
		return fmt.Errorf("%s: start it and shut it down fully (`shutdown /s /f /t 0`)", j.fs.Dirty)
	}
	for _, only := range []string{"--no-action", ""} {
		// The second --force is for volumes that still wait for the check that their last resize asked for.
		argv := []string{"ntfsresize", "--force", "--force", "--size", strconv.FormatInt(int64(size), 10)}
		if only != "" {
			argv = append(argv, only)
		}
		if _, _, err := j.run(ctx, zeroOnly, append(argv, j.path)...); err != nil {
			return advise(err, "if the new size is too small, leave the partition larger; otherwise run chkdsk in Windows")
		}
	}
	if err := j.ended("ntfsresize", size-2*j.fs.BlockSize+1, size); err != nil {
		return err
	}
	if err := j.copyNTFSBoot(int64(size)); err != nil {
		return fmt.Errorf("write the backup boot sector: %w", err)
	}
	return nil
}

// copyNTFSBoot puts the backup boot sector into the last sector of a partition that is n bytes long. ntfsresize does so
// only if that is the end of the window, so not after shrinking.
func (j job) copyNTFSBoot(n int64) error {
	return j.edit(func(f File) error {
		head := make([]byte, 512)
		if err := readFull(f, head, 0); err != nil {
			return err
		}
		sector := int64(binary.LittleEndian.Uint16(head[11:]))
		if sector < 512 || sector > 4096 {
			return fmt.Errorf("a sector size of %d bytes is not possible", sector)
		}
		boot := make([]byte, sector)
		if err := readFull(f, boot, 0); err != nil {
			return err
		}
		_, err := f.WriteAt(boot, n/sector*sector-sector)
		return err
	})
}
