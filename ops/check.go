package ops

import (
	"fmt"

	"shunt/model"
)

// Check checks and repairs the file system of a partition. If that does not fill the partition and can be made longer on this
// machine, Check also fills it.
type Check struct {
	ID model.PartID
}

// Part returns the partition that is checked.
func (o Check) Part() model.PartID { return o.ID }

// Describe returns "Check and repair exfat in p1". If the file system does not fill the partition, it adds by how much it grows.
func (o Check) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	words := Phrase{{checking, " and "}, {repairing, fmt.Sprintf(" %s in %s", contents(p), p.Ref())}}
	if before.Spare(p) == 0 {
		return words
	}
	words = append(words.with(", "), Fill(o).Describe(before)...)
	if p.FS.Kind.GrowsMounted() {
		words = words.with(", if it can be mounted here")
	}
	return words
}

// Apply returns the disk with the file system clean and as long as its partition.
func (o Check) Apply(before model.Disk, env Env) (model.Disk, error) {
	return edited(before, holder, o.ID, "check", func(p *model.Partition) *Refusal {
		reason := env.Caps.For(p.FS).Check
		p.FS = p.FS.Checked()
		if before.Spare(*p) > 0 && unfilled(before, env, *p).OK() {
			p.FS.Size, reason = filled(before, *p), "" // also where there is nothing to check
		}
		return refusedFor(reason)
	})
}

// Steps repairs, makes the file system longer if Apply does, and verifies the result.
func (o Check) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	s := stepsOn(p)
	s.add(StepRepairFS, p.Span)
	switch grows := p.FS.Size > old.FS.Size; {
	case grows && p.FS.Kind.MadeAnew():
		return append(s.steps, fillSteps(old, p)...)
	case grows:
		s.add(StepResizeFS, p.Span).NewSize = p.FS.Size
	}
	s.add(StepVerifyFS, p.Span)
	return s.steps
}
