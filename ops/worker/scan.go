package worker

import (
	"shunt/model"
	"shunt/model/scan"
	"shunt/ops/target"
)

// Scan reads the disk that is on a target, with what is known of the target besides its bytes: whether its size can
// change and which of its partitions are in use.
func Scan(t target.Target) (model.Disk, error) {
	disk, err := scan.Scan(t, t.Size(), t.SectorSize())
	if err != nil {
		return disk, err
	}
	disk.Fixed = t.Fixed()
	uses := map[int]model.Use{}
	for number, use := range t.Uses(PartsOf(disk)) {
		uses[number] = model.Use{Why: use.Why, MountedAt: use.Mounted}
	}
	return disk.InUse(uses), nil
}
