package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Check checks and repairs the file system of a partition. If one package has the tools for checking and for resizing,
// Check also grows the file system to fill its partition.
type Check struct {
	ID model.PartID
}

// Part returns the partition that is checked.
func (o Check) Part() model.PartID { return o.ID }

// Describe returns "Check and repair exfat in p1". If the file system grows, it adds by how much.
func (o Check) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	words := Phrase{{checking, " and "}, {repairing, fmt.Sprintf(" %s in %s", contents(p), p.Ref())}}
	if spare := unfilled(p, before.SectorSize); spare > 0 {
		return append(words.with(", "), phrase(growing, "it by %s to fill %s", amount(spare), p.Ref())...)
	}
	return words
}

// unfilled returns by how much the file system in p can grow to fill it. It returns 0 below 1 MiB, which no tool could
// use.
func unfilled(p model.Partition, z geometry.SectorSize) geometry.Bytes {
	if !p.FS.Kind.FilledByCheck() || p.FS.Size <= 0 {
		return 0
	}
	if spare := p.FS.Filling(z.Bytes(p.Span.Len())) - p.FS.Size; spare >= geometry.MiB {
		return spare
	}
	return 0
}

// Apply returns the disk with the file system clean and as long as its partition.
func (o Check) Apply(before model.Disk, env Env) (model.Disk, error) {
	return edited(before, holder, o.ID, "check", func(p *model.Partition) *Refusal {
		if unfilled(*p, before.SectorSize) > 0 {
			p.FS.Size = p.FS.Filling(before.SectorSize.Bytes(p.Span.Len()))
		}
		reason := env.Caps.For(p.FS).Check
		p.FS = p.FS.Checked()
		return refusedFor(reason)
	})
}

// Steps repairs, grows the file system if Apply does, and verifies the result.
func (o Check) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	s := stepsOn(p)
	s.add(StepRepairFS, p.Span)
	if p.FS.Size > old.FS.Size {
		s.add(StepResizeFS, p.Span).NewSize = p.FS.Size
	}
	s.add(StepVerifyFS, p.Span)
	return s.steps
}
