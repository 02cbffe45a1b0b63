package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
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
		text += ", label " + quoted(o.Label)
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

// PlanLine is `format 1 fs=xfs label="home"` or `format 1 cleared`.
func (o Format) PlanLine(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	if o.FS == model.Unformatted {
		return fmt.Sprintf("format %d cleared", p.Number)
	}
	line := fmt.Sprintf("format %d fs=%s", p.Number, o.FS)
	if o.Label != "" {
		line += " label=" + quoted(o.Label)
	}
	return line
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
	refusal := cannotMake(env, o.FS, before.SectorSize.Bytes(p.Span.Len()), before.SectorSize)
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

// cannotMake refuses file systems that cannot be made here, or not at this size. Unformatted always can.
func cannotMake(env Env, kind model.FSKind, length geometry.Bytes, z geometry.SectorSize) *Refusal {
	if kind == model.Unformatted {
		return nil
	}
	c := env.Caps.Of(kind)
	switch {
	case c.Create != "":
		return &Refusal{Reason: c.Create}
	case length < c.MinSize:
		return &Refusal{
			Reason:  fmt.Sprintf("%s is too small for %s", geometry.FormatBytes(length), kind),
			Nearest: fmt.Sprintf("make it %s or more", bound(z.Up(c.MinSize), z)),
		}
	case c.MaxSize > 0 && length > c.MaxSize:
		return &Refusal{
			Reason:  fmt.Sprintf("%s is too large for %s", geometry.FormatBytes(length), kind),
			Nearest: fmt.Sprintf("make it %s or less", bound(z.Down(c.MaxSize), z)),
		}
	}
	switch least := z.Bytes(c.MinSectors); {
	case c.Only512 != "" && z != geometry.Sector512:
		return &Refusal{Reason: c.Only512, Nearest: c.Instead}
	case length < least:
		return &Refusal{
			Reason:  fmt.Sprintf("%s is too small for %s with sectors of %d bytes", geometry.FormatBytes(length), kind, z),
			Nearest: fmt.Sprintf("make it larger than %s, or %s", geometry.FormatBytes(least), c.Instead),
		}
	}
	return nil
}

// cannotLabel refuses labels that a file system of this kind cannot have.
func cannotLabel(env Env, kind model.FSKind, label string) *Refusal {
	if label != "" && kind == model.Unformatted {
		return &Refusal{Reason: "without a file system there is nothing to label"}
	}
	if reason := env.Caps.Of(kind).Labels.Fault(kind, label); reason != "" {
		return &Refusal{Reason: reason}
	}
	return nil
}
