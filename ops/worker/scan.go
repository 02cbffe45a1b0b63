package worker

import (
	"shunt/model"
	"shunt/model/scan"
	"shunt/ops/target"
)

// Scan reads the disk that is on a target, with what is known of the target besides its bytes: whether its size can
// change and which of its partitions are in use.
func Scan(t target.Target) (model.Disk, error) { return ScanTelling(t, func(string) {}) }

// ScanTelling is Scan that tells what it is about to do, in words for people.
func ScanTelling(t target.Target, tell func(what string)) (model.Disk, error) {
	disk, err := scan.ScanWithProgress(t, t.Size(), t.SectorSize(), tell)
	if err != nil {
		return disk, err
	}
	tell("looking who uses it")
	disk.Fixed = t.Fixed()
	return disk.InUse(target.Uses(t, PartsOf(disk))), nil
}
