package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Check checks and repairs the file system of a partition. A kind whose tools for checking and for resizing come in one
// package is also grown to fill its partition.
type Check struct {
	ID model.PartID
}

// Part is the partition that is checked.
func (o Check) Part() model.PartID { return o.ID }

// Describe is "Check and repair exfat in p1", with how much the file system grows if it does.
func (o Check) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	words := Phrase{{checking, " and "}, {Verb{"repair", "repairing", "repaired"}, fmt.Sprintf(" %s in %s", contents(p), p.Ref())}}
	if spare := unfilled(p, before.SectorSize); spare > 0 {
		return append(words.with(", "), phrase(growing, "it by %s to fill %s", amount(spare), p.Ref())...)
	}
	return words
}

// unfilled is by how much the file system in p grows to fill it, 0 below 1 MiB: the tool could do no better.
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
	return edited(before, holder, o.ID, "check", func(p *model.Partition) *Refusal {
		if unfilled(*p, before.SectorSize) > 0 {
			p.FS.Size = fsLength(p.FS, before.SectorSize.Bytes(p.Span.Len()))
		}
		reason := env.Caps.For(p.FS).Check
		p.FS.Dirty = ""
		return refusedFor(reason)
	})
}

// Steps checks with repair, grows where Apply did, and verifies.
func (o Check) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	s := stepsOn(p)
	if p.FS.Size > old.FS.Size {
		s.resize(p, p.Span, p.Span, p.FS.Size)
		return s.steps
	}
	s.add(StepCheckFS, p.Span)
	s.add(StepVerifyFS, p.Span)
	return s.steps
}
