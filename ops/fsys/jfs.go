package fsys

import (
	"context"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// jfsDriver does not grow JFS in a window, because the kernel would have to mount it there. Mounting JFS from a loop
// device over FUSE has crashed a kernel (6.1, in copy_page_from_iter_atomic).
func jfsDriver() Driver {
	return Driver{
		Kind: model.JFS, Package: "jfsutils", create: can("mkfs.jfs"),
		grow:   cannot("JFS is grown by the kernel alone, on the device itself: mount it from a block device and grow it there"),
		shrink: cannot("JFS cannot be shrunk"), online: can("mount"),
		check: can("jfs_fsck"), label: can("jfs_tune"), uuid: can("jfs_tune"),
		facts: ops.Capability{MinSize: 16 * geometry.MiB, Labels: ops.LabelRule{Most: 11}},
		// JFS always has blocks of 4 KiB, which suit every sector size.
		make:   mkfs([]string{"mkfs.jfs", "-q"}, "-L", "{label}"),
		verify: checking(fsckCodes, "check it first, which repairs it", "jfs_fsck", "-n", "{}"),
		// -f -p replays the log and checks everything.
		repair:   repairing(fsckCodes, "run jfs_fsck by hand, after making a copy", "jfs_fsck", "-f", "-p", "{}"),
		setLabel: command("jfs_tune", "-L", "{=}", "{}"), setUUID: command("jfs_tune", "-U", "{=}", "{}"),
		growMounted: func(j job, ctx context.Context, _ string) error {
			_, _, err := j.run(ctx, mountCodes, "mount", "-n", "-i", "-o", "remount,resize", j.dir)
			return err
		},
		byHand: []string{"mount", "-o", "remount,resize", "{dir}"},
		Ask:    ask("jfsutils", "jfs_tune", "-l", "{}"),
		Mounts: mountedAs("jfs", ""),
	}
}
