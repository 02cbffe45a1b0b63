package ops

import (
	"cmp"
	"fmt"

	"shunt/model"
)

// Discard throws away the hibernated system in a swap space. The swap space stays, with its label and UUID, and can be
// edited like any other. The system starts anew instead of waking up; what it had not saved is lost.
type Discard struct {
	ID model.PartID
}

// Part returns the partition with the swap space.
func (o Discard) Part() model.PartID { return o.ID }

// Describe returns "Discard the hibernated system in p1".
func (o Discard) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	return phrase(Verb{"discard", "discarding", "discarded"}, "the hibernated system in %s", p.Ref())
}

// Apply returns the disk with an empty swap space.
func (o Discard) Apply(before model.Disk, env Env) (model.Disk, error) {
	return edited(before, fitting, o.ID, "discard what is in", func(p *model.Partition) *Refusal {
		if !p.FS.Kind.Frozen() {
			return refusedFor("it is not swap space with a hibernated system")
		}
		reason := cmp.Or(inUse(*p), env.Caps.Of(model.Swap).Create)
		fs := newFilesystem(env, model.Swap, p.FS.Label, before.SectorSize.Bytes(p.Span.Len()), before.SectorSize)
		fs.UUID = p.FS.UUID
		p.FS = fs
		return refusedFor(reason)
	})
}

// Steps make the swap space anew.
func (o Discard) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	s := stepsOn(p)
	s.step.UUID = old.FS.UUID
	return s.remake(p.Span)
}

// OrDiscard completes the refusal of an edit of p. If only a hibernated system is in the way, that can be discarded first.
func (r *Refusal) OrDiscard(p model.Partition) *Refusal {
	if p.FS.Kind.Frozen() {
		r.Nearest = fmt.Sprintf("or discard it first (`discard %d`), if what it had not saved may be lost", p.Number)
		r.First = []Operation{Discard{ID: p.ID}}
	}
	return r
}
