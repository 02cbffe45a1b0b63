package fsys

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"shunt/model"
)

// Half is how much of a UUID is made new.
type Half int

// The halves.
const (
	WholeUUID Half = iota
	// HalfUUID makes the upper half of the serial number of NTFS new, so that Windows takes it for the same volume when
	// it looks for its license.
	HalfUUID
)

// NewUUID gives the file system of this kind in the window at path a new random UUID or serial number. The file system must
// have been checked. After an error it may have either, or be unusable.
func (t Tools) NewUUID(ctx context.Context, kind model.FSKind, path string, half Half) error {
	doing := "give " + string(kind) + " a new UUID"
	before, _, err := t.expect(kind, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	case half == HalfUUID && kind != model.NTFS:
		return fmt.Errorf("%s: only the serial number of NTFS has halves", doing)
	}
	switch fresh := uuid.NewString(); kind {
	case model.Ext2, model.Ext3, model.Ext4:
		_, _, err = t.run(ctx, doing, zeroOnly, "tune2fs", "-U", fresh, path)
	case model.FAT12, model.FAT16, model.FAT32:
		err = t.serialFAT(doing, path)
	case model.ExFAT:
		err = t.serialExFAT(ctx, doing, path)
	case model.NTFS:
		err = t.serialNTFS(ctx, doing, path, half)
	case model.XFS:
		err = t.uuidXFS(ctx, doing, path, fresh)
	case model.Btrfs:
		err = t.uuidBtrfs(ctx, doing, path, fresh)
	case model.Swap:
		_, _, err = t.run(ctx, doing, zeroOnly, "swaplabel", "-U", fresh, path)
	case model.LUKS:
		_, _, err = t.run(ctx, doing, zeroOnly, "cryptsetup", "--batch-mode", "--uuid", fresh, "luksUUID", path)
	case model.NILFS2:
		err = t.uuidNILFS(doing, path, fresh)
	case model.UDF:
		_, _, err = t.run(ctx, doing, zeroOnly, "udflabel", "--uuid=random", path)
	case model.JFS:
		_, _, err = t.run(ctx, doing, zeroOnly, "jfs_tune", "-U", fresh, path)
	case model.ReiserFS:
		_, _, err = t.run(ctx, doing, zeroOnly, "reiserfstune", "-u", fresh, path)
	default:
		err = fmt.Errorf("%s: there is no tool that does it", doing)
	}
	if err != nil {
		return err
	}
	after, _, err := t.expect(kind, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.UUID == before.UUID || after.UUID == "":
		return fmt.Errorf("%s: it has UUID %q afterwards and had %q before", doing, after.UUID, before.UUID)
	}
	return nil
}
