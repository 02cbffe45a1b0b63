package fsys

import (
	"context"
	"errors"
	"fmt"

	"shunt/model"
)

// Check checks the file system of this kind in the window at path, and repairs what its tool repairs without asking;
// what it repaired is in the tool's output. Only ext2, ext3, ext4, FAT, exFAT, JFS and ReiserFS are repaired, the others are
// left as they are. An error means that the file system is not, or not certainly, in order.
func (t Tools) Check(ctx context.Context, kind model.FSKind, path string) error {
	doing := "check " + string(kind)
	if _, _, err := t.expect(kind, path); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch kind {
	case model.Ext2, model.Ext3, model.Ext4:
		return t.repairExt(ctx, doing, path)
	case model.FAT12, model.FAT16, model.FAT32:
		return t.repairFAT(ctx, doing, path)
	case model.ExFAT:
		return t.repairExFAT(ctx, doing, path)
	case model.JFS:
		return t.repairJFS(ctx, doing, path)
	case model.ReiserFS:
		return t.repairReiser(ctx, doing, path)
	}
	if check, ok := readOnly[kind]; ok {
		return check(t, ctx, doing, path)
	}
	return fmt.Errorf("%s: there is no tool that checks %s", doing, kind)
}

// Verify makes sure that the file system of this kind in the window at path is in order, without changing anything.
// Where there is no tool for the kind, or it is not installed, only the superblock is looked at: it must be of the kind
// and fit into the window.
func (t Tools) Verify(ctx context.Context, kind model.FSKind, path string) error {
	doing := "verify " + string(kind)
	if _, _, err := t.expect(kind, path); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	check, ok := readOnly[kind]
	if tools := features[kind].check.tools; !ok || len(tools) > 0 && !t.installed(tools[0]) {
		return nil
	}
	return check(t, ctx, doing, path)
}

// readOnly are the checks that change nothing.
var readOnly = map[model.FSKind]func(t Tools, ctx context.Context, doing, path string) error{
	model.Ext2:     Tools.verifyExt,
	model.Ext3:     Tools.verifyExt,
	model.Ext4:     Tools.verifyExt,
	model.FAT12:    Tools.verifyFAT,
	model.FAT16:    Tools.verifyFAT,
	model.FAT32:    Tools.verifyFAT,
	model.ExFAT:    Tools.verifyExFAT,
	model.NTFS:     Tools.verifyNTFS,
	model.XFS:      Tools.verifyXFS,
	model.Btrfs:    Tools.verifyBtrfs,
	model.F2FS:     Tools.verifyF2FS,
	model.JFS:      Tools.verifyJFS,
	model.ReiserFS: Tools.verifyReiser,
	model.LVM2: func(t Tools, _ context.Context, doing, path string) error {
		return t.verifyLVM(doing, path)
	},
}

// advise adds what to do to a tool's error.
func advise(err error, what string) error {
	if failed := (*ToolError)(nil); errors.As(err, &failed) {
		failed.Advice = what
	}
	return err
}
