package ops

import (
	"cmp"

	"shunt/model"
	"shunt/model/safetext"
)

// SetLabel sets or clears the label of the file system in a partition.
type SetLabel struct {
	ID    model.PartID
	Label string // "" clears it
}

// Part returns the partition that holds the file system.
func (o SetLabel) Part() model.PartID { return o.ID }

// Describe returns `Label xfs in p1 "home"` or "Clear the label of xfs in p1".
func (o SetLabel) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	if o.Label == "" {
		return phrase(clearing, "the label of %s in %s", contents(p), p.Ref())
	}
	return phrase(labeling, "%s in %s %s", contents(p), p.Ref(), safetext.Quoted(o.Label))
}

// Apply returns the disk with the new label.
func (o SetLabel) Apply(before model.Disk, env Env) (model.Disk, error) {
	return edited(before, holder, o.ID, "label", func(p *model.Partition) *Refusal {
		c := env.Caps.For(p.FS)
		reason, kept := c.Label, c.Labels.Kept(o.Label)
		if reason.OK() && kept == p.FS.Label {
			reason = "it has this label already"
		}
		reason = cmp.Or(reason, cannotLabel(env, p.FS.Kind, o.Label))
		p.FS.Label = kept
		if p.FS.Features.Has(model.Unreplayed) {
			p.FS = p.FS.Checked()
		}
		return refusedFor(reason)
	})
}

// Steps sets the label. If the file system was clean, it also verifies it. A journal is replayed before: it can hold an
// older superblock with the old label, and tools that change the superblock can make the rest of the journal useless.
func (o SetLabel) Steps(before, _ model.Disk) []Step {
	p, _ := before.Partition(o.ID)
	s := stepsOn(p)
	unreplayed := p.FS.Features.Has(model.Unreplayed)
	if unreplayed {
		s.add(StepCheckFS, p.Span)
	}
	s.add(StepLabelFS, p.Span).Label = o.Label
	if p.FS.Dirty.OK() || unreplayed {
		s.add(StepVerifyFS, p.Span)
	}
	return s.steps
}
