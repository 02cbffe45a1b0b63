package ops

import (
	"fmt"

	"shunt/model"
)

// NewUUID gives the file system in a partition another UUID, as two with the same one confuse whatever goes
// by it. The PARTUUID in the table stays.
type NewUUID struct {
	ID model.PartID
	// Half changes only the half of a serial number that Windows shows.
	Half bool
}

// UnknownUUID stands in a preview for the UUID that will only be known when it is made.
const UnknownUUID = "new"

// Part is the partition that holds the file system.
func (o NewUUID) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o NewUUID) Verb() string { return "UUID" }

// Describe is "Set a new UUID on xfs in p1".
func (o NewUUID) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	if o.Half {
		return fmt.Sprintf("Set half of a new UUID on %s in %s", contents(p), p.Ref())
	}
	return fmt.Sprintf("Set a new UUID on %s in %s", contents(p), p.Ref())
}

// Apply is the disk with the UUID "new". The file system is checked for that where it can be.
func (o NewUUID) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := subject(before, o.ID, "change the UUID in")
	if err != nil {
		return before, err
	}
	c := env.Caps.For(p.FS)
	refusal := &Refusal{What: "change the UUID in " + p.Ref(), Reason: c.UUID}
	switch {
	case p.Role == model.Extended:
		refusal.Reason = "an extended partition holds no file system"
	case refusal.Reason.OK() && o.Half && !c.HalfUUID:
		refusal.Reason, refusal.Nearest = "only NTFS has a serial number of two halves", "set a whole new one"
	}
	if !refusal.Reason.OK() {
		return before, refusal
	}
	p.FS.UUID = UnknownUUID
	if c.Check.OK() {
		p.FS.Dirty = ""
	}
	return before.With(p), nil
}

// Steps checks, as some tools ask for that, sets the UUID and verifies.
func (o NewUUID) Steps(before, _ model.Disk) []Step {
	p, _ := before.Partition(o.ID)
	s := stepper{step: Step{Part: o.ID, Ref: p.Ref(), FS: p.FS.Kind, Half: o.Half}}
	s.add(StepCheckFS, p.Span)
	s.add(StepUUIDFS, p.Span)
	s.verify(p.Span)
	return s.steps
}

// keptUUID is the UUID to make a file system anew with: "" where it was to be another one anyway.
func keptUUID(fs model.Filesystem) string {
	if fs.UUID == UnknownUUID {
		return ""
	}
	return fs.UUID
}
