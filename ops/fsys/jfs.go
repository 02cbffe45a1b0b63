package fsys

import (
	"context"

	"shunt/geometry"
)

var jfsFeature = feature{
	pkg: "jfsutils", create: can("mkfs.jfs"), grow: cannot(jfsInWindow), shrink: cannot("JFS cannot be shrunk"),
	check: can("jfs_fsck"), label: can("jfs_tune"), uuid: can("jfs_tune"), online: can("mount"),
	minSize: 16 * geometry.MiB,
}

// jfsInWindow: growing takes a mount, and JFS over a loop device over FUSE, which a window is, has been seen to bring down a
// kernel (6.1, in copy_page_from_iter_atomic).
const jfsInWindow = "JFS is grown by the kernel alone, on the device itself: mount it from a block device and grow it there"

// repairJFS replays the log and checks everything.
func (t Tools) repairJFS(ctx context.Context, doing, path string) error {
	codes := fsckCodes
	codes.ok = []int{0, 1}
	if _, _, err := t.run(ctx, doing, codes, "jfs_fsck", "-f", "-p", path); err != nil {
		return advise(err, "run jfs_fsck by hand, after making a copy")
	}
	return t.verifyJFS(ctx, doing, path)
}

func (t Tools) verifyJFS(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, fsckCodes, "jfs_fsck", "-n", path)
	return advise(err, "check it first, which repairs it")
}

// makeJFS runs mkfs.jfs. It only knows blocks of 4 KiB, so every sector size is right.
func (t Tools) makeJFS(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{"mkfs.jfs", "-q"}
	if spec.Label != "" {
		argv = append(argv, "-L", spec.Label)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}

// growMountedJFS has the kernel grow it, which it does when it is told to mount it again with the option resize.
func (t Tools) growMountedJFS(ctx context.Context, doing, dir string) error {
	_, _, err := t.run(ctx, doing, mountCodes, "mount", "-n", "-i", "-o", "remount,resize", dir)
	return err
}
