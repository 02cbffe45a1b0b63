package ops

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// Format puts an empty file system in the place of what a partition holds, which is lost. The partition keeps its number,
// PARTUUID, name, attributes and active flag; its type changes only if it does not go with the new contents.
type Format struct {
	ID    model.PartID
	FS    model.FSKind // Unformatted: "cleared", signatures are erased and no file system is made
	Label string
}

// Part is the partition that is formatted.
func (o Format) Part() model.PartID { return o.ID }

// Describe is `Format p1 as xfs, label "home"; its type becomes Linux file system`.
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

// Apply is the disk with the new file system as it is expected to fill the partition.
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

// Steps erases the signatures of the old contents and makes the file system, if there is to be one.
func (o Format) Steps(_, after model.Disk) []Step { return remakeSteps(after, o.ID, o.Label) }

// remakeSteps put an empty file system in the place of all that is in a partition.
func remakeSteps(after model.Disk, id model.PartID, label string) []Step {
	p, _ := after.Partition(id)
	s := stepsOn(p)
	s.step.Label = label
	return s.remake(p.Span)
}

// newFilesystem is what the tools make of a partition of this length.
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
	fs.Size = fsLength(fs, length)
	return fs
}

// cannotMake is why a file system cannot be made here, or not in a partition of this length. Unformatted always can.
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

// cannotMakeAny is why a file system of a kind cannot be made on this disk at any size.
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

// sizesFor are the shortest and the longest partition, in sectors, that a file system of a kind can be made in.
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

// cannotLabel is why a file system of this kind cannot have a label.
func cannotLabel(env Env, kind model.FSKind, label string) model.Reason {
	if label != "" && kind == model.Unformatted {
		return "without a file system there is nothing to label"
	}
	return env.Caps.Of(kind).Labels.Fault(kind, label)
}
