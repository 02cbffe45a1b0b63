package tool

import (
	"errors"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// dropCapabilities permanently takes from this thread all capabilities that are not needed. It also removes them from the
// bounding set, so that programs started by the thread cannot have them either.
func dropCapabilities(needs Needs) error {
	var keep uint64
	if needs&(Admin|Mount) != 0 {
		keep = 1 << unix.CAP_SYS_ADMIN
	}
	if needs&(Admin|Search) != 0 {
		keep |= 1 << unix.CAP_DAC_READ_SEARCH
	}
	if needs&Override != 0 {
		keep |= 1<<unix.CAP_DAC_READ_SEARCH | 1<<unix.CAP_DAC_OVERRIDE
	}
	for cap := range uintptr(64) {
		if keep&(1<<cap) != 0 {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, cap, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			break // the kernel knows no higher one
		}
		if err != nil && !errors.Is(err, unix.EPERM) { // EPERM: this process has none to drop
			return tried.Errorf("give up capabilities: %w", err)
		}
	}
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) // an error means that the kernel has no ambient set
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return tried.Errorf("give up capabilities: %w", err)
	}
	for i := range data {
		mine := uint32(keep>>(32*i)) & data[i].Permitted
		data[i] = unix.CapUserData{Effective: mine, Permitted: mine}
	}
	if err := unix.Capset(&head, &data[0]); err != nil {
		return tried.Errorf("give up capabilities: %w", err)
	}
	return nil
}
