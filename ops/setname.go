package ops

import (
	"shunt/model"
	"shunt/model/safetext"
)

// SetName sets or clears the name of a partition on a GPT.
type SetName struct {
	tableOnly
	ID   model.PartID
	Name string // "" clears it
}

// Part returns the partition that is named.
func (o SetName) Part() model.PartID { return o.ID }

// Describe returns `Name p1 "EFI"` or "Clear the name of p1".
func (o SetName) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	if o.Name == "" {
		return phrase(clearing, "the name of %s", p.Ref())
	}
	return phrase(Verb{"name", "naming", "named"}, "%s %s", p.Ref(), safetext.Quoted(o.Name))
}

// Apply returns the disk with the new name.
func (o SetName) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return edited(before, fitting, o.ID, "name", func(p *model.Partition) *Refusal {
		reason := cannotName(before, o.Name)
		if reason.OK() && o.Name == p.Name {
			reason = "it has this name already"
		}
		p.Name = o.Name
		return refusedFor(reason)
	})
}

// cannotName returns the reason why a partition cannot have a name on this disk, or "".
func cannotName(d model.Disk, name string) model.Reason {
	if d.Table.Kind != model.TableGPT {
		return "partitions have names on GPT only"
	}
	return badName(name)
}
