package kernel

import (
	"fmt"
	"io/fs"

	"shunt/ops/target"
)

// Fit refuses block devices that are no whole disks.
func (k Kernel) Fit(path string, d Disk) error {
	if w, ok := d.Whole(); ok {
		return fmt.Errorf("%s %w: give the whole disk, %s", path, target.ErrPartition, k.Node(w))
	}
	return nil
}

// Admit makes sure that a block device may be edited now.
func (k Kernel) Admit(path string, d Disk, opts target.Options) error {
	switch {
	case d.Text("size") == "0":
		return fmt.Errorf("%s %w", path, target.ErrNoMedium)
	case d.Text("ro") == "1" && opts.Mode == target.Edit:
		return fmt.Errorf("%s %w: the device is read-only; run `blockdev --setrw %s` if that is not on purpose", path, target.ErrReadOnly, path)
	case k.Physical(d) && !opts.AllowDisks && opts.Mode == target.Edit:
		return fmt.Errorf("%s %w", path, target.ErrPhysical)
	}
	if use := k.WholeUser(path, d); use != nil {
		return use
	}
	return nil
}

// IsBlock reports whether a file is the node of a block device.
func IsBlock(info fs.FileInfo) bool {
	return info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0
}
