package fsys

import (
	"context"
	"errors"
	"strings"
)

// whileMounted mounts the window through a loop device, as the file system that the kernel knows by the name
// fs, and unmounts it again when do has ended, whatever came of it. mount(8) makes the loop device, which
// goes away by itself with the mount: when the last process of the mount namespace of j.MountPoint is killed, too.
func (j job) whileMounted(ctx context.Context, fs, options string, do func(dir string) error) error {
	if j.MountPoint == "" {
		return errors.New("it takes a mount, and there is no place for one")
	}
	if options != "" {
		options = "," + options
	}
	// -n: nothing is noted outside this mount namespace. -i: no helper that would start a daemon.
	// rw: otherwise it would be mounted read-only where the loop device is, which somebody may have left so.
	argv := []string{"mount", "-n", "-i", "-t", fs, "-o", "loop,rw,nodev,nosuid,noexec" + options, j.path, j.MountPoint}
	_, output, err := j.run(ctx, mountCodes, argv...)
	if err != nil && strings.Contains(output, "write-protected") && j.makeWritable(ctx) {
		_, _, err = j.run(ctx, mountCodes, argv...)
	}
	if err != nil {
		return advise(err, "look into the kernel's log (dmesg) for the reason")
	}
	err = do(j.MountPoint)
	// Cancelled or not, the mount must not stay: what is in the window would not be complete.
	_, _, left := j.run(context.WithoutCancel(ctx), mountCodes, "umount", "-n", "-i", j.MountPoint)
	return errors.Join(err, left)
}

// makeWritable lets the loop device that comes next be written to. It reports whether it did.
func (j job) makeWritable(ctx context.Context) bool {
	_, output, err := j.run(ctx, zeroOnly, "losetup", "-f")
	if err != nil {
		return false
	}
	_, _, err = j.run(ctx, zeroOnly, "blockdev", "--setrw", strings.TrimSpace(output))
	return err == nil
}

// mount(8), "Exit status".
var mountCodes = exitCodes{ok: []int{0}, bits: true, text: map[int]string{
	1: "incorrect invocation or permissions", 2: "system error", 4: "internal bug of mount", 8: "interrupted",
	16: "problems with /etc/mtab", 32: "the mount failed", 64: "some mounts succeeded",
}}

// notMounted is why most kinds are not grown in place.
const notMounted = "it cannot be grown while it is mounted: unmount it first"
