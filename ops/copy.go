package ops

import (
	"cmp"
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Source is a partition of another target as it was scanned. Operations that are pending there do not count.
type Source struct {
	Path       string // absolute
	Part       model.Partition
	SectorSize geometry.SectorSize
}

// SourceOf returns the partition of another target that an operation copies, or nil.
func SourceOf(op Operation) *Source {
	_, source := copiedFrom(op)
	return source
}

// copiedFrom returns what an operation copies: a partition of this disk or of another target. It returns 0 and nil if the
// operation does not copy.
func copiedFrom(op Operation) (model.PartID, *Source) {
	switch op := op.(type) {
	case Copy:
		return op.From, op.Source
	case CopyOver:
		return op.From, op.Source
	}
	return 0, nil
}

// Copy makes a partition in free space with the contents of another one, which stays as it is.
type Copy struct {
	ID   model.PartID // from Queue.NextID
	From model.PartID // of this disk; what it holds at this point of the queue is copied
	// Source is the partition to copy if it is on another target. If it is nil, From is copied.
	Source *Source
	Role   model.Role
	// At is the first sector. Len is the length in sectors, or 0 for the length of the source.
	At, Len geometry.Sector
}

// Part returns the partition that is made.
func (o Copy) Part() model.PartID { return o.ID }

// Describe returns "Copy p1 (xfs, 483 MiB) to p3 at 1.00 GiB".
func (o Copy) Describe(before model.Disk) Phrase {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return phrase(copying, "a partition")
	}
	made, z := o.made(before, c), before.SectorSize
	words := phrase(copying, "%s to %s at %s", c.describe(), made.partition(before).Ref(), geometry.FormatBytes(z.Bytes(o.At)))
	if made.Len != c.part.Span.Len() {
		words = words.with(", ", geometry.FormatChosen(z.Bytes(made.Len)), " long")
	}
	words = words.with(c.twice(before))
	if after, err := made.added(before); err == nil {
		return words.with(renumbered(before, after))
	}
	return words
}

// made returns the operation that makes the partition for the copy.
func (o Copy) made(d model.Disk, c clip) New {
	return New{ID: o.ID, Role: o.Role, At: o.At, Len: cmp.Or(o.Len, c.part.Span.Len()), Type: c.typeOn(d)}
}

// Apply returns the disk with the copy on it.
func (o Copy) Apply(before model.Disk, env Env) (model.Disk, error) {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return before, err
	}
	what, made := "copy "+c.part.Ref(), o.made(before, c)
	r := refusedFor(c.cannotCopy(env, before))
	if r == nil && made.checkRole(before, env) == nil {
		least, most := c.sizes(env, before)
		r = made.fits(before, "the copy needs", least, most)
	}
	if r != nil {
		return refused(before, what, r)
	}
	after, err := made.Apply(before, env)
	if errors.As(err, &r) {
		r.What = what
	}
	if err != nil {
		return before, err
	}
	p, _ := after.Partition(o.ID)
	p.FS = c.contents(env, p.Span.Len(), before.SectorSize)
	return after.With(p), nil
}

// Steps wipes the place, copies, and grows the file system to fill the partition.
func (o Copy) Steps(before, after model.Disk) []Step {
	return copySteps(before, after, o.ID, o.From, o.Source)
}

// CopyOver replaces the contents of a partition by a copy of another one. The old contents are lost.
type CopyOver struct {
	ID     model.PartID // is overwritten
	From   model.PartID // of this disk
	Source *Source      // nil if it is From
}

// Part returns the partition that is overwritten.
func (o CopyOver) Part() model.PartID { return o.ID }

// Describe returns "Copy p1 (xfs, 483 MiB) over p2 (swap, 1.00 GiB)".
func (o CopyOver) Describe(before model.Disk) Phrase {
	c, err := clipOf(before, o.From, o.Source)
	p, ok := before.Partition(o.ID)
	if err != nil || !ok {
		return phrase(copying, "a partition over another")
	}
	return phrase(copying, "%s over %s", c.describe(), sized(p, before.SectorSize)).with(
		c.twice(before.Without(o.ID)), retyped(before, p, model.TypeFor(before.Table.Kind, p.Type, c.part.FS.Kind)))
}

// Apply returns the disk with the copy in the partition.
func (o CopyOver) Apply(before model.Disk, env Env) (model.Disk, error) {
	c, err := clipOf(before, o.From, o.Source)
	if err != nil {
		return before, err
	}
	return edited(before, subject, o.ID, "overwrite", func(p *model.Partition) *Refusal {
		reason := cmp.Or(holdsNone(p.Role), c.cannotCopy(env, before), c.cannotFill(env, before, p.Span.Len()))
		if o.Source == nil && o.ID == o.From {
			reason = "it is the same partition"
		}
		if !reason.OK() {
			return &Refusal{What: fmt.Sprintf("copy %s over %s", c.part.Ref(), p.Ref()), Reason: reason}
		}
		p.Type = model.TypeFor(before.Table.Kind, p.Type, c.part.FS.Kind)
		p.FS = c.contents(env, p.Span.Len(), before.SectorSize)
		return nil
	})
}

// Steps wipes the partition, copies, and grows the file system to fill it.
func (o CopyOver) Steps(before, after model.Disk) []Step {
	return copySteps(before, after, o.ID, o.From, o.Source)
}
