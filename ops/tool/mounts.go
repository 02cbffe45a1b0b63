package tool

import (
	"errors"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// StopMountsSpreading keeps what this thread mounts in its mount namespace from spreading to others. What others mount and
// unmount still spreads to it. Where the root directory is no mount, as in a chroot, this holds for the mounts below it:
// see RootMounted.
func StopMountsSpreading() error {
	err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, "")
	if errors.Is(err, unix.EINVAL) {
		var mounts []*mountinfo.Info
		mounts, err = mountinfo.GetMounts(nil)
		for _, m := range mounts {
			if err == nil && Spreads(m) {
				err = unix.Mount("", m.Mountpoint, "", unix.MS_SLAVE, "")
			}
		}
	}
	if err != nil {
		return tried.Errorf("cut the mount namespace off: %w", err)
	}
	return nil
}

// Spreads reports whether what is mounted below a mount spreads to other namespaces.
func Spreads(m *mountinfo.Info) bool { return strings.Contains(m.Optional, "shared:") }

// RootMounted reports whether the root directory of this process is a mount. If not, whether mounts on that file system
// spread to others cannot be seen from within.
func RootMounted() bool {
	mounted, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter("/"))
	return err == nil && len(mounted) > 0
}
