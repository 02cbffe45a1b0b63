package ops

import "shunt/model"

// NewUUID gives the file system in a partition another UUID. Programs that look up file systems by UUID are confused if
// two have the same one. The PARTUUID in the table stays.
type NewUUID struct {
	ID model.PartID
	// Half replaces only one half of a serial number.
	Half bool
}

// UnknownUUID stands for a UUID that is not made yet.
const UnknownUUID = "new"

// Part returns the partition that holds the file system.
func (o NewUUID) Part() model.PartID { return o.ID }

// Describe returns "Set a new UUID on xfs in p1".
func (o NewUUID) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	half := ""
	if o.Half {
		half = "half of "
	}
	return phrase(setting, "%sa new UUID on %s in %s", half, contents(p), p.Ref())
}

// Apply returns the disk with the UUID UnknownUUID. The file system also becomes clean if Steps checks it.
func (o NewUUID) Apply(before model.Disk, env Env) (model.Disk, error) {
	return edited(before, holder, o.ID, "change the UUID in", func(p *model.Partition) *Refusal {
		c := env.Caps.For(p.FS)
		switch {
		case !c.UUID.OK():
			return refusedFor(c.UUID)
		case o.Half && !c.HalfUUID:
			return &Refusal{Reason: "only NTFS has a serial number of two halves", Nearest: "set a whole new one"}
		}
		p.FS.UUID = UnknownUUID
		if c.Check.OK() {
			p.FS = p.FS.Checked()
		}
		return nil
	})
}

// Steps checks the file system, because some tools require that, sets the UUID and verifies the result.
func (o NewUUID) Steps(before, _ model.Disk) []Step {
	p, _ := before.Partition(o.ID)
	s := stepsOn(p)
	s.add(StepCheckFS, p.Span)
	s.add(StepUUIDFS, p.Span).Half = o.Half
	s.add(StepVerifyFS, p.Span)
	return s.steps
}
