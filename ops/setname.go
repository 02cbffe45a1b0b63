package ops

import (
	"fmt"

	"shunt/model"
	"shunt/model/safetext"
)

// SetName gives a partition of a GPT a name, or takes it away.
type SetName struct {
	ID   model.PartID
	Name string // "" clears it
}

// Part is the partition that is named.
func (o SetName) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o SetName) Verb() string { return "Name" }

// Describe is `Name p1 "EFI"` or "Clear the name of p1".
func (o SetName) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	if o.Name == "" {
		return "Clear the name of " + p.Ref()
	}
	return fmt.Sprintf("Name %s %s", p.Ref(), safetext.Quoted(o.Name))
}

// Apply is the disk with the name.
func (o SetName) Apply(before model.Disk, _ Env) (model.Disk, error) {
	p, err := entry(before, o.ID, "name")
	if err != nil {
		return before, err
	}
	if refusal := cannotName(before, o.Name); refusal != nil {
		refusal.What = "name " + p.Ref()
		return before, refusal
	}
	if o.Name == p.Name {
		return before, &Refusal{What: "name " + p.Ref(), Reason: "it has this name already"}
	}
	p.Name = o.Name
	return before.With(p), nil
}

// cannotName refuses names that a table cannot hold.
func cannotName(d model.Disk, name string) *Refusal {
	if d.Table.Kind != model.TableGPT {
		return &Refusal{Reason: "partitions have names on GPT only"}
	}
	return refusedFor(badName(name))
}

// Steps are none: only the table changes.
func (o SetName) Steps(_, _ model.Disk) []Step { return nil }
