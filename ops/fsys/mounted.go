package fsys

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shunt/model"
)

// whileMounted mounts the window at path through a loop device, as the file system that the kernel knows by the name
// fs, and unmounts it again when do has ended, whatever came of it. mount(8) makes the loop device, which
// goes away by itself with the mount: when the last process of the mount namespace of t.MountPoint is killed, too.
func (t Tools) whileMounted(ctx context.Context, doing, path, fs, options string, do func(dir string) error) error {
	if t.MountPoint == "" {
		return fmt.Errorf("%s: it takes a mount, and there is no place for one", doing)
	}
	if options != "" {
		options = "," + options
	}
	// -n: nothing is noted outside this mount namespace. -i: no helper that would start a daemon.
	// rw: otherwise it would be mounted read-only where the loop device is, which somebody may have left so.
	argv := []string{"mount", "-n", "-i", "-t", fs, "-o", "loop,rw,nodev,nosuid,noexec" + options, path, t.MountPoint}
	_, output, err := t.run(ctx, doing, mountCodes, argv...)
	if err != nil && strings.Contains(output, "write-protected") && t.makeWritable(ctx, doing) {
		_, _, err = t.run(ctx, doing, mountCodes, argv...)
	}
	if err != nil {
		return advise(err, "look into the kernel's log (dmesg) for the reason")
	}
	err = do(t.MountPoint)
	// Cancelled or not, the mount must not stay: what is in the window would not be complete.
	_, _, left := t.run(context.WithoutCancel(ctx), doing, mountCodes, "umount", "-n", "-i", t.MountPoint)
	return errors.Join(err, left)
}

// makeWritable lets the loop device that comes next be written to. It reports whether it did.
func (t Tools) makeWritable(ctx context.Context, doing string) bool {
	_, output, err := t.run(ctx, doing, zeroOnly, "losetup", "-f")
	if err != nil {
		return false
	}
	_, _, err = t.run(ctx, doing, zeroOnly, "blockdev", "--setrw", strings.TrimSpace(output))
	return err == nil
}

// mount(8), "Exit status".
var mountCodes = exitCodes{ok: []int{0}, bits: true, text: map[int]string{
	1: "incorrect invocation or permissions", 2: "system error", 4: "internal bug of mount", 8: "interrupted",
	16: "problems with /etc/mtab", 32: "the mount failed", 64: "some mounts succeeded",
}}

// GrowMounted grows the file system of this kind, which is on the block device and mounted at the directory, to the
// end of the device. The kernel must know the device's new size. After an error it has either size and goes on working.
func (t Tools) GrowMounted(ctx context.Context, kind model.FSKind, device, mountpoint string) error {
	doing := "grow the mounted " + string(kind)
	var err error
	switch kind {
	case model.Ext3, model.Ext4:
		_, _, err = t.run(ctx, doing, zeroOnly, "resize2fs", device)
	case model.XFS:
		_, _, err = t.run(ctx, doing, zeroOnly, "xfs_growfs", "-d", mountpoint)
	case model.Btrfs:
		err = t.growMountedBtrfs(ctx, doing, device, mountpoint)
	case model.NILFS2:
		_, _, err = t.run(ctx, doing, zeroOnly, "nilfs-resize", "--yes", device)
	case model.JFS:
		err = t.growMountedJFS(ctx, doing, mountpoint)
	default:
		err = fmt.Errorf("%s: there is no tool that does it", doing)
	}
	return err
}

// growMountedBtrfs grows the one device of a file system that may have more.
func (t Tools) growMountedBtrfs(ctx context.Context, doing, device, mountpoint string) error {
	id, err := t.btrfsDevice(device)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	_, _, err = t.run(ctx, doing, zeroOnly, "btrfs", "filesystem", "resize", fmt.Sprintf("%d:max", id), mountpoint)
	return err
}
