package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// clip is the source of a copy.
type clip struct {
	part  model.Partition
	path  string // path of its target, or "" for the target that is edited
	z     geometry.SectorSize
	table model.TableKind // guessed from the type if the target is another one
}

// clipOf returns the source of a copy.
func clipOf(d model.Disk, from model.PartID, source *Source) (clip, error) {
	if source != nil {
		kind := model.TableMBR
		if len(source.Part.Type) > len("0x00") {
			kind = model.TableGPT
		}
		return clip{part: source.Part, path: source.Path, z: source.SectorSize, table: kind}, nil
	}
	p, err := subject(d, from, "copy")
	return clip{part: p, z: d.SectorSize, table: d.Table.Kind}, err
}

func (c clip) describe() string {
	text := sized(c.part, c.z)
	if c.path != "" {
		text += " of " + c.path
	}
	return text
}

// twice returns a warning if the copy and its source will have the same UUID, else "".
func (c clip) twice(d model.Disk) string {
	uuid := c.part.FS.UUID
	if uuid == "" || uuid == UnknownUUID || c.remade() {
		return ""
	}
	for _, p := range d.Partitions() {
		if p.FS.UUID == uuid {
			return fmt.Sprintf("; the copy has the same UUID as %s until you set a new one", p.Ref())
		}
	}
	return ""
}

// remade reports whether the contents are made anew instead of copied, as swap space is.
func (c clip) remade() bool { return c.part.FS.Kind.MadeAnew() }

// typeOn returns the partition type of the copy in the table of d.
func (c clip) typeOn(d model.Disk) model.PartType {
	switch {
	case c.table == d.Table.Kind:
		return c.part.Type
	case d.Table.Kind == model.TableGPT:
		return model.GPTType(c.part.Type, c.part.FS.Kind)
	}
	return model.MBRType(c.part.Type, c.part.FS.Kind)
}

// needs returns the smallest number of sectors for a copy. It leaves out what is behind the end of the file system, if
// nothing is stored there.
func (c clip) needs(env Env) geometry.Sector {
	n := c.part.Span.Len()
	if fs := c.part.FS; env.Caps.Of(fs.Kind).EndsAtSize && fs.Size > 0 {
		n = min(n, c.z.Up(fs.Size))
	}
	return n
}

// cannotCopy returns the reason why the source cannot be copied at all, or "".
func (c clip) cannotCopy(env Env, d model.Disk) model.Reason {
	caps := env.Caps.For(c.part.FS)
	switch {
	case c.part.Role == model.Extended:
		return "an extended partition holds no data of its own"
	case !untouchable(c.part.FS).OK():
		return untouchable(c.part.FS)
	case c.part.Use.Busy():
		return inUse(c.part)
	case c.part.FS.Trait == model.Anchored:
		return pointsElsewhere
	case c.remade():
		return caps.Create
	case c.z != d.SectorSize:
		return model.Because("its disk has sectors of %d bytes and this one of %d", c.z, d.SectorSize)
	case c.part.FS.Excess(c.z.Bytes(c.part.Span.Len())) > 0:
		return "its file system is longer than the partition, so that a copy would lack its end"
	}
	return caps.Copy
}

// sizes returns the smallest and the largest number of sectors for a copy.
func (c clip) sizes(env Env, d model.Disk) (least, most geometry.Sector) {
	if c.remade() {
		return sizesFor(env, c.part.FS.Kind, d.SectorSize)
	}
	return c.needs(env), d.SectorSize.Down(maxImage)
}

// cannotFill returns the reason why the copy does not fit into a partition of this length, or "".
func (c clip) cannotFill(env Env, d model.Disk, length geometry.Sector) model.Reason {
	z := d.SectorSize
	if c.remade() {
		return cannotMake(env, c.part.FS.Kind, length, z)
	}
	if need := c.needs(env); length < need {
		return model.Because("%s is too small for it, which needs %s", exactAmount(length, z), AtLeast(need, z))
	}
	return ""
}

// contents returns the copy's file system in a partition of this length. It grows to fill the partition if it can.
func (c clip) contents(env Env, length geometry.Sector, z geometry.SectorSize) model.Filesystem {
	fs, bytes := c.part.FS, z.Bytes(length)
	if c.remade() {
		return newFilesystem(env, fs.Kind, fs.Label, bytes, z)
	}
	caps, full := env.Caps.For(fs), fs.Filling(bytes)
	grows := fs.Known() && fs.Size > 0 && full > fs.Size && caps.Grow.OK() && length > c.part.Span.Len()
	if grows && full >= caps.Resizable && (caps.MaxSize <= 0 || full <= caps.MaxSize) {
		fs = fs.Checked()
		fs.Size = full
	}
	return fs
}

// copySteps returns the steps that fill partition id with a copy.
func copySteps(before, after model.Disk, id, from model.PartID, source *Source) []Step {
	c, err := clipOf(before, from, source)
	if err != nil {
		return nil
	}
	p, _ := after.Partition(id)
	fs := c.part.FS
	s := stepper{step: Step{Part: id, Ref: p.Ref(), FS: fs.Kind, Label: fs.Label}}
	if c.remade() {
		return s.remake(p.Span)
	}
	s.add(StepWipe, p.Span)
	n := min(c.part.Span.Len(), p.Span.Len())
	step := s.add(StepCopy, p.Span)
	step.From, step.To, step.Path = geometry.SpanOf(c.part.Span.Start, n), geometry.SpanOf(p.Span.Start, n), c.path
	s.add(StepMoved, p.Span)
	if p.FS.Size > fs.Size {
		s.resize(p, p.Span, p.Span, p.FS.Size)
	} else if fs.Dirty.OK() {
		s.add(StepVerifyFS, p.Span)
	}
	return s.steps
}
