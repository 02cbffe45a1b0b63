package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
)

var ntfsFeature = feature{
	pkg: "ntfs-3g", create: can("mkntfs"), grow: can("ntfsresize"), shrink: can("ntfsresize"), check: can("ntfsresize"),
	label: can("ntfslabel"), uuid: can("ntfslabel"), online: cannot(notMounted),
	minSize: 2 * geometry.MiB, maxSize: 256 * geometry.TiB,
}

// verifyNTFS has ntfsresize compare $Bitmap with what all files use, which it does before anything else. A volume
// that was resized is marked for a check by Windows; --force goes on in spite of that.
func (t Tools) verifyNTFS(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, zeroOnly, "ntfsresize", "--info", "--force", path)
	return advise(err, "run chkdsk in Windows and shut Windows down fully")
}

// resizeNTFS runs ntfsresize, first without writing, then for good. It refuses what ntfsresize would destroy: the state of
// a hibernated Windows, and the last changes of one that was not shut down.
func (t Tools) resizeNTFS(ctx context.Context, doing, path string, size geometry.Bytes) error {
	before, _, err := t.probe(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if before.Dirty == scan.DirtyHibernated || before.Dirty == scan.DirtyNTFSJournal {
		return fmt.Errorf("%s: %s: start it and shut it down fully (`shutdown /s /f /t 0`)", doing, before.Dirty)
	}
	for _, only := range []string{"--no-action", ""} {
		// The second --force is for volumes that still wait for the check that their last resize asked for.
		argv := []string{"ntfsresize", "--force", "--force", "--size", strconv.FormatInt(int64(size), 10)}
		if only != "" {
			argv = append(argv, only)
		}
		if _, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...); err != nil {
			return advise(err, "if the new size is too small, leave the partition larger; otherwise run chkdsk in Windows")
		}
	}
	after, _, err := t.expect(model.NTFS, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.Size > size || after.Size <= size-2*after.BlockSize:
		return fmt.Errorf("%s: ntfsresize made it %d bytes long instead of %d", doing, after.Size, size)
	}
	if err := t.copyNTFSBoot(path, int64(size)); err != nil {
		return fmt.Errorf("%s: write the backup boot sector: %w", doing, err)
	}
	return nil
}

// copyNTFSBoot puts the backup boot sector into the last sector of a partition that is n bytes long. ntfsresize does so
// only if that is the end of the window, so not after shrinking.
func (t Tools) copyNTFSBoot(path string, n int64) (err error) {
	f, err := t.open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
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
	_, err = f.WriteAt(boot, n/sector*sector-sector)
	return err
}

// makeNTFS runs mkntfs. Heads and sectors per track are what all systems pretend since disks have none.
func (t Tools) makeNTFS(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{
		"mkntfs", "--quick", "--force", "--quiet", "--sector-size", strconv.FormatInt(int64(spec.SectorSize), 10),
		"--partition-start", strconv.FormatUint(uint64(hiddenSectors(spec.Start)), 10), "--heads", "255", "--sectors-per-track", "63",
	}
	if spec.Label != "" {
		argv = append(argv, "--label", spec.Label)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}

// serialNTFS runs ntfslabel, which writes the new serial number into the boot sector and its backup.
func (t Tools) serialNTFS(ctx context.Context, doing, path string, half Half) error {
	option := "--new-serial"
	if half == HalfUUID {
		option = "--new-half-serial"
	}
	_, _, err := t.run(ctx, doing, zeroOnly, "ntfslabel", "--force", option, path)
	return err
}
