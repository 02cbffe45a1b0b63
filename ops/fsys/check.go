package fsys

import (
	"context"
	"errors"
	"fmt"

	"shunt/model"
)

// Check checks the file system of this kind in the window at path, and repairs what its tool repairs without asking;
// what it repaired is in the tool's output. Only ext2, ext3, ext4 and FAT are repaired, the others are left as they are. An
// error means that the file system is not, or not certainly, in order.
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
	if !ok || !t.installed(features[kind].check.tools[0]) {
		return nil
	}
	return check(t, ctx, doing, path)
}

// readOnly are the checks that change nothing.
var readOnly = map[model.FSKind]func(t Tools, ctx context.Context, doing, path string) error{
	model.Ext2:  Tools.verifyExt,
	model.Ext3:  Tools.verifyExt,
	model.Ext4:  Tools.verifyExt,
	model.FAT12: Tools.verifyFAT,
	model.FAT16: Tools.verifyFAT,
	model.FAT32: Tools.verifyFAT,
	model.ExFAT: Tools.verifyExFAT,
	model.NTFS:  Tools.verifyNTFS,
	model.XFS:   Tools.verifyXFS,
	model.Btrfs: Tools.verifyBtrfs,
	model.F2FS:  Tools.verifyF2FS,
}

// xfs_repair -n: 0 no errors, 1 errors found, 2 the log must be replayed first.
var xfsRepairCodes = exitCodes{ok: []int{0}, text: map[int]string{
	1: "errors were found", 2: "the log has to be replayed first",
}}

func (t Tools) verifyXFS(ctx context.Context, doing, path string) error {
	// -f: what is checked is a regular file, whose sector size may differ from the file system's.
	_, _, err := t.run(ctx, doing, xfsRepairCodes, "xfs_repair", "-n", "-f", path)
	return advise(err, "if it was not unmounted cleanly, mount and unmount it once; otherwise repair it with xfs_repair")
}

// btrfs check: 0 no errors, else errors.
func (t Tools) verifyBtrfs(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, zeroOnly, "btrfs", "check", "--readonly", path)
	return advise(err, "see btrfs-check(8) before any attempt to repair it")
}

// fsck.exfat: the usual codes of fsck(8).
var fsckCodes = exitCodes{ok: []int{0}, bits: true, text: map[int]string{
	1: "errors were corrected", 2: "the system should be restarted", 4: "errors were left uncorrected",
	8: "operational error", 16: "usage error", 32: "cancelled", 128: "shared library error",
}}

func (t Tools) verifyExFAT(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, fsckCodes, "fsck.exfat", "-n", path)
	return advise(err, "repair it with fsck.exfat, or with chkdsk in Windows")
}

// advise adds what to do to a tool's error.
func advise(err error, what string) error {
	if failed := (*ToolError)(nil); errors.As(err, &failed) {
		failed.Advice = what
	}
	return err
}
