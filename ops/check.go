package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Check checks and repairs a partition's file system. One of a kind that has its tools for resizing and for checking
// from one package is also grown to fill its partition.
type Check struct {
	ID model.PartID
}

// Part is the partition that is checked.
func (o Check) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o Check) Verb() string { return "Check" }

// Describe is "Check and repair exfat in p1", with how much it is grown if it is.
func (o Check) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	text := fmt.Sprintf("Check and repair %s in %s", contents(p), p.Ref())
	if spare := unfilled(p, before.SectorSize); spare > 0 {
		text += fmt.Sprintf(", grow it by %s to fill %s", amount(spare), p.Ref())
	}
	return text
}

// unfilled is by how much the file system in p is grown to fill it. What is shorter by less than 1 MiB fills its
// partition as well as its tool could make it.
func unfilled(p model.Partition, z geometry.SectorSize) geometry.Bytes {
	if !p.FS.Kind.FilledByCheck() || p.FS.Size <= 0 {
		return 0
	}
	if spare := fsLength(p.FS, z.Bytes(p.Span.Len())) - p.FS.Size; spare >= geometry.MiB {
		return spare
	}
	return 0
}

// Apply is the disk with the file system clean and filling its partition.
func (o Check) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := subject(before, o.ID, "check")
	if err != nil {
		return before, err
	}
	reason := env.Caps.For(p.FS).Check
	if p.Role == model.Extended {
		reason = "an extended partition holds no file system"
	}
	if !reason.OK() {
		return before, &Refusal{What: "check " + p.Ref(), Reason: reason}
	}
	if unfilled(p, before.SectorSize) > 0 {
		p.FS = fitted(p, before.SectorSize)
	}
	p.FS.Dirty = ""
	return before.With(p), nil
}

// Steps checks with repair, grows where Apply did, and verifies.
func (o Check) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	s := stepper{step: Step{Part: o.ID, Ref: p.Ref(), FS: p.FS.Kind}}
	if p.FS.Size > old.FS.Size {
		s.resize(p, p.Span, p.Span, p.FS.Size)
		return s.steps
	}
	s.add(StepCheckFS, p.Span)
	s.verify(p.Span)
	return s.steps
}
