package fsys

import (
	"context"

	"shunt/geometry"
)

var jfsFeature = feature{
	pkg: "jfsutils", create: can("mkfs.jfs"), grow: cannot("growing JFS" + notYet), shrink: cannot("JFS cannot be shrunk"),
	check: can("jfs_fsck"), label: can("jfs_tune"), uuid: can("jfs_tune"), online: cannot("growing JFS" + notYet),
	minSize: 16 * geometry.MiB,
}

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
