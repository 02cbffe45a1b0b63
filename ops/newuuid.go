package ops

import "shunt/model"

// NewUUID gives the file system in a partition another UUID: two file systems with the same one confuse all that find file
// systems by it. The PARTUUID in the table stays.
type NewUUID struct {
	ID model.PartID
	// Half changes only the half of a serial number that Windows shows.
	Half bool
}

// UnknownUUID stands in a preview for the UUID that will only be known when it is made.
const UnknownUUID = "new"

// Part is the partition that holds the file system.
func (o NewUUID) Part() model.PartID { return o.ID }

// Describe is "Set a new UUID on xfs in p1".
func (o NewUUID) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	half := ""
	if o.Half {
		half = "half of "
	}
	return phrase(setting, "%sa new UUID on %s in %s", half, contents(p), p.Ref())
}

// Apply is the disk with the UUID "new". The file system is checked for that where it can be.
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
			p.FS.Dirty = ""
		}
		return nil
	})
}

// Steps checks, as some tools ask for that, sets the UUID and verifies.
func (o NewUUID) Steps(before, _ model.Disk) []Step {
	p, _ := before.Partition(o.ID)
	s := stepsOn(p)
	s.add(StepCheckFS, p.Span)
	s.add(StepUUIDFS, p.Span).Half = o.Half
	s.add(StepVerifyFS, p.Span)
	return s.steps
}
