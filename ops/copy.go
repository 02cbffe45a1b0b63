package ops

import (
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Source is a partition of another target, as it was scanned: what is pending there does not count.
type Source struct {
	Path       string // absolute
	Part       model.Partition
	SectorSize geometry.SectorSize
}

// SourceOf is where an operation copies from, nil if it is not from another target.
func SourceOf(op Operation) *Source {
	switch op := op.(type) {
	case Copy:
		return op.Source
	case CopyOver:
		return op.Source
	}
	return nil
}

// Copy makes a partition in free space that holds the same as another one, which stays as it is.
type Copy struct {
	ID   model.PartID // from Queue.NextID
	From model.PartID // of this disk; what it holds at this point of the queue is copied
	// Source is where the partition to be copied is if it is on another target; nil if it is From.
	Source *Source
	Role   model.Role
	// At is the first sector and Len the length in sectors, 0 for that of the source.
	At, Len geometry.Sector
}

// Part is the partition that is made.
func (o Copy) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o Copy) Verb() string { return "Copy" }

// Describe is "Copy p1 (xfs, 483 MiB) to p3 at 1.00 GiB".
func (o Copy) Describe(before model.Disk) string {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return "Copy a partition"
	}
	n := o.partition(before, c)
	text := fmt.Sprintf("Copy %s to %s at %s", c.describe(), n.Ref(), geometry.FormatBytes(before.SectorSize.Bytes(o.At)))
	if o.length(c) != c.part.Span.Len() {
		text += fmt.Sprintf(", %s long", geometry.FormatBytes(before.SectorSize.Bytes(o.length(c))))
	}
	text += c.twice(before)
	if after, err := o.new(before, c).added(before); err == nil {
		text += renumbered(before, after)
	}
	return text
}

func (o Copy) length(c clip) geometry.Sector {
	if o.Len != 0 {
		return o.Len
	}
	return c.part.Span.Len()
}

// new is the edit that makes room for the copy.
func (o Copy) new(d model.Disk, c clip) New {
	return New{ID: o.ID, Role: o.Role, At: o.At, Len: o.length(c), Type: c.typeOn(d)}
}

func (o Copy) partition(d model.Disk, c clip) model.Partition { return o.new(d, c).partition(d) }

// Apply is the disk with the copy in it.
func (o Copy) Apply(before model.Disk, env Env) (model.Disk, error) {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return before, err
	}
	what := "copy " + c.part.Ref()
	if refusal := c.cannotCopy(env, before); refusal != nil {
		refusal.What = what
		return before, refusal
	}
	made := o.new(before, c)
	if refusal := made.checkRole(before, env); refusal == nil {
		least, most := c.sizes(env, before)
		if refusal := made.fits(before, "the copy needs", least, most); refusal != nil {
			refusal.What = what
			return before, refusal
		}
	}
	after, err := o.new(before, c).Apply(before, env)
	if refusal := new(Refusal); errors.As(err, &refusal) {
		refusal.What = what
	}
	if err != nil {
		return before, err
	}
	p, _ := after.Partition(o.ID)
	p.FS = c.contents(env, p.Span.Len(), before.SectorSize)
	return after.With(p), nil
}

// Steps wipe the place, copy, and make the file system fill it.
func (o Copy) Steps(before, after model.Disk) []Step {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return nil
	}
	p, _ := after.Partition(o.ID)
	return c.steps(p)
}

// CopyOver puts a copy of a partition in the place of what another one holds, which is lost.
type CopyOver struct {
	ID     model.PartID // is overwritten
	From   model.PartID // of this disk
	Source *Source      // nil if it is From
}

// Part is the partition that is overwritten.
func (o CopyOver) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o CopyOver) Verb() string { return "Copy over" }

// Describe is "Copy p1 (xfs, 483 MiB) over p2 (swap, 1.00 GiB)".
func (o CopyOver) Describe(before model.Disk) string {
	c, err := clipOf(before, o.From, o.Source)
	p, ok := before.Partition(o.ID)
	if err != nil || !ok {
		return "Copy a partition over another"
	}
	return fmt.Sprintf("Copy %s over %s", c.describe(), sized(p, before.SectorSize)) + c.twice(before.Without(o.ID)) +
		retyped(before, p, o.pasted(before, c, p))
}

func (o CopyOver) pasted(d model.Disk, c clip, p model.Partition) model.Partition {
	p.Type = model.TypeFor(d.Table.Kind, p.Type, c.part.FS.Kind)
	return p
}

// Apply is the disk with the copy in the partition.
func (o CopyOver) Apply(before model.Disk, env Env) (model.Disk, error) {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return before, err
	}
	p, err := subject(before, o.ID, "overwrite")
	if err != nil {
		return before, err
	}
	refusal := c.cannotCopy(env, before)
	if refusal == nil {
		refusal = c.cannotFill(env, before, p.Span.Len())
	}
	switch {
	case p.Role == model.Extended:
		refusal = &Refusal{Reason: "an extended partition holds no file system"}
	case o.Source == nil && o.ID == o.From:
		refusal = &Refusal{Reason: "it is the same partition"}
	}
	if refusal != nil {
		refusal.What = fmt.Sprintf("copy %s over %s", c.part.Ref(), p.Ref())
		return before, refusal
	}
	p = o.pasted(before, c, p)
	p.FS = c.contents(env, p.Span.Len(), before.SectorSize)
	return before.With(p), nil
}

// Steps wipe the partition, copy, and make the file system fill it.
func (o CopyOver) Steps(before, after model.Disk) []Step {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return nil
	}
	p, _ := after.Partition(o.ID)
	return c.steps(p)
}
