package tool

import (
	"errors"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// StopMountsSpreading keeps mounts that this thread makes from spreading to other mount namespaces. Mounts in those still
// spread to this one. If the root directory is not a mount, as in a chroot, this holds only below mounts that are visible
// here: see RootMounted.
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

// Spreads reports whether new mounts below m spread to other namespaces.
func Spreads(m *mountinfo.Info) bool { return strings.Contains(m.Optional, "shared:") }

// RootMounted reports whether the root directory of this process is a mount. If not, this process cannot find out whether
// mounts on that file system spread to others.
func RootMounted() bool {
	mounted, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter("/"))
	return err == nil && len(mounted) > 0
}
