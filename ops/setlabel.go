package ops

import (
	"fmt"

	"shunt/model"
	"shunt/model/safetext"
)

// SetLabel gives the file system in a partition a label, or takes it away.
type SetLabel struct {
	ID    model.PartID
	Label string // "" clears it
}

// Part is the partition that holds the file system.
func (o SetLabel) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o SetLabel) Verb() string { return "Label" }

// Describe is `Label xfs in p1 "home"` or "Clear the label of xfs in p1".
func (o SetLabel) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	if o.Label == "" {
		return fmt.Sprintf("Clear the label of %s in %s", contents(p), p.Ref())
	}
	return fmt.Sprintf("Label %s in %s %s", contents(p), p.Ref(), safetext.Quoted(o.Label))
}

// Apply is the disk with the label.
func (o SetLabel) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := subject(before, o.ID, "label")
	if err != nil {
		return before, err
	}
	what := "label " + p.Ref()
	c := env.Caps.For(p.FS)
	reason, kept := c.Label, c.Labels.Kept(o.Label)
	if p.Role == model.Extended {
		reason = "an extended partition holds no file system"
	}
	if reason.OK() && c.NoLabel != nil {
		reason = c.NoLabel(p.FS)
	}
	if reason.OK() && kept == p.FS.Label {
		reason = "it has this label already"
	}
	if !reason.OK() {
		return before, &Refusal{What: what, Reason: reason}
	}
	if refusal := cannotLabel(env, p.FS.Kind, o.Label); refusal != nil {
		refusal.What = what
		return before, refusal
	}
	p.FS.Label = kept
	return before.With(p), nil
}

// Steps sets the label and verifies a file system that was clean.
func (o SetLabel) Steps(before, _ model.Disk) []Step {
	p, _ := before.Partition(o.ID)
	s := stepper{step: Step{Part: o.ID, Ref: p.Ref(), FS: p.FS.Kind, Label: o.Label}}
	s.add(StepLabelFS, p.Span)
	if p.FS.Dirty.OK() {
		s.verify(p.Span)
	}
	return s.steps
}
