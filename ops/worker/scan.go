package worker

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/table"
	"shunt/ops"
	"shunt/ops/target"
)

// Scan reads the table and the file systems of a target. The result also says whether the target's size is fixed and which
// of its partitions are in use.
func Scan(t target.Target) (model.Disk, error) { return ScanWithProgress(t, func(string) {}) }

// ContentsOf returns the function that says what lies in a span of a target.
func ContentsOf(t target.Target) func(geometry.Span) model.Filesystem {
	return func(s geometry.Span) model.Filesystem {
		z := t.SectorSize()
		return scan.Contents(t, int64(z.Bytes(s.Start)), int64(z.Bytes(s.Len())))
	}
}

// ReadingsOf returns the function that says how the table of a target can be understood.
func ReadingsOf(t target.Target) func() []ops.Reading {
	return func() (list []ops.Reading) {
		found, err := table.Readings(t, t.Size(), t.SectorSize())
		if err != nil {
			return nil // the scan has said so
		}
		for _, r := range found {
			list = append(list, ops.Reading(r))
		}
		return list
	}
}

// ScanWithProgress does the work of Scan and calls tell before each part, with words for people.
func ScanWithProgress(t target.Target, tell func(what string)) (model.Disk, error) {
	disk, err := scan.WithProgress(t, t.Size(), t.SectorSize(), tell)
	if err != nil {
		return disk, err
	}
	tell("looking for its users")
	disk.Fixed = t.Fixed()
	switch t := t.(type) {
	case target.Switching:
		disk.Image = t.ImageState()
	case target.Replacing:
		disk.Image, disk.Fixed = t.ImageState(), false
	}
	return disk.InUse(target.Uses(t, PartsOf(disk))), nil
}
