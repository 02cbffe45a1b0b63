package ops

import "shunt/model"

// RepairImage writes the tables of an image's own format anew, as its references ask for. The disk in it stays as it is.
type RepairImage struct{ wholeDisk }

// Describe returns "Repair the tables of the image".
func (o RepairImage) Describe(model.Disk) Phrase { return phrase(repairing, "the tables of the image") }

// Apply returns the disk with an image that can be edited.
func (o RepairImage) Apply(before model.Disk, _ Env) (model.Disk, error) {
	if before.Image.Faults.OK() && !before.Image.Leaks {
		return before, &Refusal{What: "repair the image", Reason: "there is nothing to repair in it"}
	}
	before.Image.Faults, before.Image.Leaks = "", false
	return before, nil
}

// Steps returns the one step.
func (o RepairImage) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepRepairImage, Ref: "image"}}
}

// DropBitmaps removes the persistent bitmaps of an image. The next incremental backup then has to be a full one.
type DropBitmaps struct{ wholeDisk }

// Describe returns "Drop the bitmaps of the image (2)".
func (o DropBitmaps) Describe(before model.Disk) Phrase {
	return phrase(dropping, "the bitmaps of the image (%d)", before.Image.Bitmaps)
}

// Apply returns the disk of an image without bitmaps.
func (o DropBitmaps) Apply(before model.Disk, _ Env) (model.Disk, error) {
	if before.Image.Bitmaps == 0 {
		return before, &Refusal{What: "drop the bitmaps", Reason: "there are none"}
	}
	before.Image.Bitmaps = 0
	return before, nil
}

// Steps returns the one step.
func (o DropBitmaps) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepDropBitmaps, Ref: "image"}}
}

// fitForEdits returns a *Refusal if the image's own format has to be seen to before op.
func fitForEdits(d model.Disk, op Operation) error {
	switch op.(type) {
	case RepairImage, DropBitmaps:
		return nil
	}
	return Unfit(d)
}

// Unfit returns a *Refusal for all edits if the image's own format has to be seen to first, or nil.
func Unfit(d model.Disk) error {
	switch {
	case !d.Image.Faults.OK():
		return &Refusal{
			What: "edit the disk", Reason: d.Image.Faults, Nearest: "repair it first (`image repair`)", First: []Operation{RepairImage{}},
		}
	case d.Image.Bitmaps > 0:
		return &Refusal{
			What: "edit the disk", Reason: model.Because("the image has persistent bitmaps for incremental backups (%d), which any edit makes worthless", d.Image.Bitmaps),
			Nearest: "drop them first (`image drop-bitmaps`); the next incremental backup then is a full one", First: []Operation{DropBitmaps{}},
		}
	}
	return nil
}
