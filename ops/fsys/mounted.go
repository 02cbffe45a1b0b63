package fsys

import (
	"context"
	"errors"
	"slices"
	"strings"

	runner "shunt/ops/tool"
)

// whileMounted mounts the window through a loop device, calls do and unmounts it again, whether do fails or not. mount(8)
// makes the loop device. It disappears together with the mount, also if the last process in the mount namespace of
// j.MountPoint is killed.
func (j job) whileMounted(ctx context.Context, options string, do func(dir string) error) error {
	if j.MountPoint == "" {
		return errors.New("it must be mounted for that, and there is no directory to mount it at")
	}
	if options != "" {
		options = "," + options
	}
	// -n: nothing is noted outside this mount namespace. -i: no helper that would start a daemon.
	// rw: another program may have left the loop device read-only, and then the mount would be read-only too.
	options = "loop,rw,nodev,nosuid,noexec" + options
	argv := []string{"mount", "-n", "-i", "-t", j.driver.grow.mounts, "-o", options, j.path, j.MountPoint}
	exit, _, err := j.run(ctx, mountCodes, argv...)
	for tries := 1; exit == mountFailed && tries < mountTries && ctx.Err() == nil; tries++ {
		if tries > 1 {
			j.makeWritable(ctx)
		}
		exit, _, err = j.run(ctx, mountCodes, argv...)
	}
	if err != nil {
		return advise(err, "look into the kernel's log (dmesg) for the reason")
	}
	err = do(j.MountPoint)
	// Unmount even if ctx is cancelled: without that the contents of the window would be incomplete.
	_, _, left := j.run(context.WithoutCancel(ctx), mountCodes, "umount", "-n", "-i", j.MountPoint)
	return errors.Join(err, left)
}

// nothing is done while a file system is mounted if only the mount is wanted.
func nothing(string) error { return nil }

// makeWritable makes the next free loop device writable. If that cannot be done, the next mount fails as the last one did.
func (j job) makeWritable(ctx context.Context) {
	if _, output, err := j.run(ctx, zeroOnly, "losetup", "-f"); err == nil {
		_, _, _ = j.run(ctx, zeroOnly, "blockdev", "--setrw", strings.TrimSpace(output))
	}
}

const (
	// mountFailed is an exit code of mount(8). It does not tell a file system that cannot be mounted from a loop device that
	// somebody took first, that came free only after the sandbox was made, or that another program left read-only.
	mountFailed = 32
	mountTries  = 5
)

// mount(8), "Exit status".
var mountCodes = exitCodes{ok: []int{0}, bits: true, text: map[int]string{
	1: "incorrect invocation or permissions", 2: "system error", 4: "internal bug of mount", 8: "interrupted",
	16: "problems with /etc/mtab", mountFailed: "the mount failed", 64: "some mounts succeeded",
}}

// notMounted is the reason why most kinds cannot be grown while they are mounted.
const notMounted = "it cannot be grown while it is mounted: unmount it first"

// Needs returns the rights that a tool must keep for what argv asks of it. Only tools that mount a window, or resize what
// is mounted, need any; all others work on a window as on any file.
func Needs(argv []string) runner.Needs {
	switch argv[0] {
	case "mount", "losetup", "blockdev":
		return runner.Mount | runner.Loop
	case "umount":
		return runner.Mount
	}
	for _, d := range drivers {
		for _, begin := range d.admin {
			if len(argv) >= len(begin) && slices.Equal(argv[:len(begin)], begin) {
				return runner.Admin
			}
		}
	}
	return 0
}
