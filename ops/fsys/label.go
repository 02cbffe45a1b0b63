package fsys

import (
	"context"
	"fmt"

	"shunt/model"
)

// SetLabel gives the file system of this kind in the window at path another label; "" takes it away. The label must be
// one that the kind can hold. After an error the label may be either.
func (t Tools) SetLabel(ctx context.Context, kind model.FSKind, path, label string) error {
	doing := "label " + string(kind)
	if _, _, err := t.expect(kind, path); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	var err error
	switch kind {
	case model.Ext2, model.Ext3, model.Ext4:
		_, _, err = t.run(ctx, doing, zeroOnly, "tune2fs", "-L", label, path)
	case model.FAT12, model.FAT16, model.FAT32:
		label, err = t.labelFAT(ctx, doing, path, label)
	case model.ExFAT:
		err = t.labelExFAT(ctx, doing, path, label)
	case model.NTFS:
		_, _, err = t.run(ctx, doing, zeroOnly, "ntfslabel", "--force", path, label)
	case model.XFS:
		err = t.labelXFS(ctx, doing, path, label)
	case model.Btrfs:
		_, _, err = t.run(ctx, doing, zeroOnly, "btrfs", "filesystem", "label", path, label)
	case model.F2FS:
		_, _, err = t.run(ctx, doing, zeroOnly, "f2fslabel", path, label)
	case model.Swap:
		_, _, err = t.run(ctx, doing, zeroOnly, "swaplabel", "-L", label, path)
	case model.LUKS:
		err = t.labelLUKS(ctx, doing, path, label)
	case model.NILFS2:
		err = t.labelNILFS(doing, path, label)
	case model.UDF:
		_, _, err = t.run(ctx, doing, zeroOnly, "udflabel", "--utf8", path, label)
	case model.JFS:
		_, _, err = t.run(ctx, doing, zeroOnly, "jfs_tune", "-L", label, path)
	case model.ReiserFS:
		_, _, err = t.run(ctx, doing, zeroOnly, "reiserfstune", "-l", label, path)
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
	case after.Label != label:
		return fmt.Errorf("%s: the label is %q afterwards instead of %q", doing, after.Label, label)
	}
	return nil
}
