package ops

import (
	"shunt/model"
	"shunt/model/safetext"
)

// SetName gives a partition of a GPT a name, or takes it away.
type SetName struct {
	tableOnly
	ID   model.PartID
	Name string // "" clears it
}

// Part is the partition that is named.
func (o SetName) Part() model.PartID { return o.ID }

// Describe is `Name p1 "EFI"` or "Clear the name of p1".
func (o SetName) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	if o.Name == "" {
		return phrase(clearing, "the name of %s", p.Ref())
	}
	return phrase(Verb{"name", "naming", "named"}, "%s %s", p.Ref(), safetext.Quoted(o.Name))
}

// Apply is the disk with the name.
func (o SetName) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return edited(before, entry, o.ID, "name", func(p *model.Partition) *Refusal {
		reason := cannotName(before, o.Name)
		if reason.OK() && o.Name == p.Name {
			reason = "it has this name already"
		}
		p.Name = o.Name
		return refusedFor(reason)
	})
}

// cannotName is why a table cannot hold a name.
func cannotName(d model.Disk, name string) model.Reason {
	if d.Table.Kind != model.TableGPT {
		return "partitions have names on GPT only"
	}
	return badName(name)
}
