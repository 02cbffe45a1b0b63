package fsys

import (
	"context"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Resize makes the file system of this kind in the window at path as long as size, rounded down to what its blocks
// allow. size is at most the length of the window; when a file system grows it is exactly that. The file system must
// have been checked. After an error it must be taken for destroyed.
func (t Tools) Resize(ctx context.Context, kind model.FSKind, path string, size geometry.Bytes) error {
	doing := "resize " + string(kind)
	_, n, err := t.expect(kind, path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if int64(size) > n || size <= 0 {
		return fmt.Errorf("%s: a size of %d bytes does not fit its partition, which has %d", doing, size, n)
	}
	switch kind {
	case model.Ext2, model.Ext3, model.Ext4:
		return t.resizeExt(ctx, doing, path, size)
	case model.FAT12, model.FAT16, model.FAT32:
		return t.resizeFAT(ctx, doing, kind, path, size)
	case model.NTFS:
		return t.resizeNTFS(ctx, doing, path, size)
	case model.F2FS:
		return t.resizeF2FS(ctx, doing, path, size)
	case model.Swap:
		return t.resizeSwap(ctx, doing, path, size)
	case model.XFS:
		return t.resizeXFS(ctx, doing, path, size)
	case model.Btrfs:
		return t.resizeBtrfs(ctx, doing, path, size)
	case model.ReiserFS:
		return t.resizeReiser(ctx, doing, path, size)
	case model.NILFS2:
		return t.resizeNILFS(ctx, doing, path, size)
	case model.LVM2:
		return t.resizeLVM(doing, path, size)
	case model.LUKS:
		return nil // it takes what room it has when it is opened
	}
	return fmt.Errorf("%s: there is no tool that resizes %s", doing, kind)
}

// Make makes an empty file system of this kind over all of the window at path. Signatures of older contents must have
// been wiped (see WipeRanges).
func (t Tools) Make(ctx context.Context, kind model.FSKind, path string, spec Spec) error {
	doing := "make " + string(kind)
	if !spec.SectorSize.Valid() {
		return fmt.Errorf("%s: a sector size of %d bytes is not possible", doing, spec.SectorSize)
	}
	var err error
	switch kind {
	case model.Ext2, model.Ext3, model.Ext4:
		err = t.makeExt(ctx, doing, kind, path, spec)
	case model.FAT16, model.FAT32:
		err = t.makeFAT(ctx, doing, kind, path, spec)
	case model.Swap:
		const page = 4 * geometry.KiB
		err = t.mkswap(ctx, doing, path, spec, page, 0)
	case model.ExFAT:
		err = t.makeExFAT(ctx, doing, path, spec)
	case model.NTFS:
		err = t.makeNTFS(ctx, doing, path, spec)
	case model.XFS:
		err = t.makeXFS(ctx, doing, path, spec)
	case model.Btrfs:
		err = t.makeBtrfs(ctx, doing, path, spec)
	case model.F2FS:
		err = t.makeF2FS(ctx, doing, path, spec)
	case model.NILFS2:
		err = t.makeNILFS(ctx, doing, path, spec)
	case model.UDF:
		err = t.makeUDF(ctx, doing, path, spec)
	case model.JFS:
		err = t.makeJFS(ctx, doing, path, spec)
	case model.ReiserFS:
		err = t.makeReiser(ctx, doing, path, spec)
	case model.LVM2:
		err = t.makeLVM(doing, path)
	default:
		err = fmt.Errorf("%s: there is no tool that makes %s", doing, kind)
	}
	if err != nil {
		return err
	}
	if _, _, err := t.expect(kind, path); err != nil {
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	}
	return nil
}
