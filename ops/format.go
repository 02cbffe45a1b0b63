package ops

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// Format replaces the contents of a partition by an empty file system. The contents are lost. The partition keeps its
// number, PARTUUID, name, attributes and active flag. Its type changes only if it does not suit the new contents.
type Format struct {
	ID    model.PartID
	FS    model.FSKind // Unformatted only erases signatures
	Label string
}

// Part returns the partition that is formatted.
func (o Format) Part() model.PartID { return o.ID }

// Describe returns `Format p1 as xfs, label "home"; its type becomes Linux file system`.
func (o Format) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	words := o.words(p)
	if o.Label != "" {
		words = words.with(", label ", safetext.Quoted(o.Label))
	}
	return words.with(retyped(before, p, model.TypeFor(before.Table.Kind, p.Type, o.FS)))
}

func (o Format) words(p model.Partition) Phrase {
	if o.FS == model.Unformatted {
		return phrase(clearing, "%s", p.Ref())
	}
	return phrase(Verb{"format", "formatting", "formatted"}, "%s as %s", p.Ref(), o.FS)
}

// Apply returns the disk with the new file system, which is expected to fill the partition.
func (o Format) Apply(before model.Disk, env Env) (model.Disk, error) {
	return edited(before, subject, o.ID, "format", func(p *model.Partition) *Refusal {
		reason := cmp.Or(holdsNone(p.Role), cannotMake(env, o.FS, p.Span.Len(), before.SectorSize),
			cannotLabel(env, o.FS, o.Label))
		if !reason.OK() {
			return &Refusal{What: o.words(*p).Do(), Reason: reason}
		}
		p.Type = model.TypeFor(before.Table.Kind, p.Type, o.FS)
		p.FS = newFilesystem(env, o.FS, o.Label, before.SectorSize.Bytes(p.Span.Len()), before.SectorSize)
		return nil
	})
}

// Steps erases the signatures of the old contents and makes the file system, if one is wanted.
func (o Format) Steps(_, after model.Disk) []Step { return remakeSteps(after, o.ID, o.Label) }

// remakeSteps returns the steps that replace everything in a partition by an empty file system.
func remakeSteps(after model.Disk, id model.PartID, label string) []Step {
	p, _ := after.Partition(id)
	s := stepsOn(p)
	s.step.Label = label
	return s.remake(p.Span)
}

// newFilesystem returns the file system that the tools make in a partition of this length.
func newFilesystem(env Env, kind model.FSKind, label string, length geometry.Bytes,
	z geometry.SectorSize,
) model.Filesystem {
	if kind == model.Unformatted {
		return model.Filesystem{}
	}
	c := env.Caps.Of(kind)
	fs := model.Filesystem{Kind: kind, Label: c.Labels.Kept(label), BlockSize: 4 * geometry.KiB}
	if c.NewBlock != nil {
		fs.BlockSize = c.NewBlock(length, z)
	}
	fs.Size = fs.Filling(length)
	return fs
}

// cannotMake returns the reason why a file system cannot be made in a partition of this length, or "". Unformatted is
// always possible.
func cannotMake(env Env, kind model.FSKind, length geometry.Sector, z geometry.SectorSize) model.Reason {
	least, most := sizesFor(env, kind, z)
	size := geometry.FormatBytes(z.Bytes(length))
	switch reason := cannotMakeAny(env, kind, z); {
	case !reason.OK():
		return reason
	case length < least:
		return model.Because("%s is too small for %s, which needs %s", size, kind, AtLeast(least, z))
	case length > most:
		return model.Because("%s is too large for %s, which can have %s", size, kind, AtMost(most, z))
	}
	return ""
}

// cannotMakeAny returns the reason why a kind of file system cannot be made on this disk at any size, or "".
func cannotMakeAny(env Env, kind model.FSKind, z geometry.SectorSize) model.Reason {
	switch {
	case kind == model.Unformatted:
		return ""
	case !env.Caps.Of(kind).Create.OK():
		return env.Caps.Of(kind).Create
	case z != geometry.Sector512:
		return env.Caps.Of(kind).Only512
	}
	return ""
}

// sizesFor returns the lengths in sectors of the shortest and longest partition for a new file system of a kind.
func sizesFor(env Env, kind model.FSKind, z geometry.SectorSize) (least, most geometry.Sector) {
	least, most = 1, z.Down(maxImage)
	if kind == model.Unformatted {
		return least, most
	}
	c := env.Caps.Of(kind)
	least = max(least, z.Up(c.MinSize), c.MinSectors)
	if c.MaxSize > 0 {
		most = z.Down(c.MaxSize)
	}
	return least, most
}

// cannotLabel returns the reason why a file system of this kind cannot have a label, or "".
func cannotLabel(env Env, kind model.FSKind, label string) model.Reason {
	if label != "" && kind == model.Unformatted {
		return "without a file system there is nothing to label"
	}
	return env.Caps.Of(kind).Labels.Fault(kind, label)
}
