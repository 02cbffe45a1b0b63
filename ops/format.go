package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// Format puts an empty file system in the place of what a partition holds, which is lost. Its number,
// PARTUUID, name, attributes and active flag stay; its type changes only if it does not go with the new
// contents.
type Format struct {
	ID    model.PartID
	FS    model.FSKind // Unformatted: "cleared", signatures are erased and no file system is made
	Label string
}

// Part is the partition that is formatted.
func (o Format) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o Format) Verb() string { return "Format" }

// Describe is `Format p1 as xfs, label "home"; its type becomes Linux file system`.
func (o Format) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	text := fmt.Sprintf("Format %s as %s", p.Ref(), o.FS)
	if o.FS == model.Unformatted {
		text = fmt.Sprintf("Clear %s", p.Ref())
	}
	if o.Label != "" {
		text += ", label " + safetext.Quoted(o.Label)
	}
	return text + retyped(before, p, o.formatted(before, p))
}

// retyped tells that an edit changes the type of a partition on the side, as a clause to put behind it.
func retyped(d model.Disk, was, is model.Partition) string {
	if was.Type == is.Type {
		return ""
	}
	return "; its type becomes " + model.TypeName(d.Table.Kind, is.Type)
}

// formatted is p as it is afterwards, but for the details of its file system.
func (o Format) formatted(d model.Disk, p model.Partition) model.Partition {
	p.FS = model.Filesystem{Kind: o.FS}
	p.Type = model.TypeFor(d.Table.Kind, p.Type, o.FS)
	return p
}

// Apply is the disk with the new file system predicted to fill the partition.
func (o Format) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := subject(before, o.ID, "format")
	if err != nil {
		return before, err
	}
	what := fmt.Sprintf("format %s as %s", p.Ref(), o.FS)
	if o.FS == model.Unformatted {
		what = "clear " + p.Ref()
	}
	if p.Role == model.Extended {
		return before, &Refusal{What: what, Reason: "an extended partition holds no file system"}
	}
	refusal := cannotMake(env, o.FS, p.Span.Len(), before.SectorSize)
	if refusal == nil {
		refusal = cannotLabel(env, o.FS, o.Label)
	}
	if refusal != nil {
		refusal.What = what
		return before, refusal
	}
	p = o.formatted(before, p)
	p.FS = newFilesystem(env, o.FS, o.Label, before.SectorSize.Bytes(p.Span.Len()), before.SectorSize)
	return before.With(p), nil
}

// Steps erases the signatures of the old contents and makes the file system, if there is to be one.
func (o Format) Steps(_, after model.Disk) []Step {
	p, _ := after.Partition(o.ID)
	s := stepper{step: Step{Part: o.ID, Ref: p.Ref(), FS: o.FS, Label: o.Label}}
	s.remake(p.Span)
	return s.steps
}

// newFilesystem is what the tools make of a partition of this length.
func newFilesystem(env Env, kind model.FSKind, label string, length geometry.Bytes, z geometry.SectorSize) model.Filesystem {
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

// cannotMake refuses file systems that cannot be made here, or not in a partition of this length. Unformatted always can.
func cannotMake(env Env, kind model.FSKind, length geometry.Sector, z geometry.SectorSize) *Refusal {
	if reason := cannotMakeAny(env, kind, z); !reason.OK() {
		return &Refusal{Reason: reason}
	}
	least, most := sizesFor(env, kind, z)
	size := geometry.FormatBytes(z.Bytes(length))
	switch {
	case length < least:
		return &Refusal{Reason: model.Because("%s is too small for %s, which needs %s", size, kind, AtLeast(least, z))}
	case length > most:
		return &Refusal{Reason: model.Because("%s is too large for %s, which can have %s", size, kind, AtMost(most, z))}
	}
	return nil
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

// cannotLabel refuses labels that a file system of this kind cannot have.
func cannotLabel(env Env, kind model.FSKind, label string) *Refusal {
	if label != "" && kind == model.Unformatted {
		return &Refusal{Reason: "without a file system there is nothing to label"}
	}
	return refusedFor(env.Caps.Of(kind).Labels.Fault(kind, label))
}
