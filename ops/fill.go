package ops

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
)

// Fill makes the file system of a partition as long as the partition, which does not change. ID 0 stands for the file system
// that covers a disk without a table.
type Fill struct {
	ID model.PartID
}

// Part returns the partition that is filled.
func (o Fill) Part() model.PartID { return o.ID }

// Describe returns "Fill p1: ext4 300 MiB larger".
func (o Fill) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	return phrase(filling, "%s: %s %s larger", p.Ref(), contents(p), amount(filled(before, p)-p.FS.Size))
}

// filled returns the size of the file system of p when it fills p, as far as its parameters allow.
func filled(d model.Disk, p model.Partition) geometry.Bytes {
	n := p.FS.Filling(d.SectorSize.Bytes(p.Span.Len()))
	if p.FS.Max > 0 {
		n = min(n, p.FS.Max)
	}
	return n
}

// unfilled returns the reason why the file system of p cannot be made to fill it, or "".
func unfilled(d model.Disk, env Env, p model.Partition) model.Reason {
	most := env.Caps.For(p.FS).MaxSize
	switch reason := cannotGrow(d, env, p); {
	case !reason.OK():
		return reason
	case filled(d, p) <= p.FS.Size && d.Spare(p) == 0:
		return model.Because("its %s fills it already", contents(p))
	case filled(d, p) < env.Caps.For(p.FS).Resizable:
		return tooSmallToResize(env, p)
	case filled(d, p) <= p.FS.Size, most > 0 && filled(d, p) > most:
		return model.Because("its %s is as large as it can be", contents(p))
	}
	return ""
}

// tooSmallToResize is the reason why contents cannot grow to a size at which they can be made.
func tooSmallToResize(env Env, p model.Partition) model.Reason {
	return model.Because("no %s can be resized to less than %s", p.FS.Kind,
		geometry.FormatAtLeast(env.Caps.For(p.FS).Resizable))
}

// Apply returns the disk with the file system at its new size.
func (o Fill) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := stretchable(before, o.ID, "fill")
	if err != nil {
		return before, err
	}
	r := refusedFor(cmp.Or(holdsNone(p.Role), misfit(before, p), unfilled(before, env, p)))
	if r != nil {
		if o.ID == 0 && p.FS.Filling(before.Size()) <= p.FS.Size {
			r = refusedFor("it is as large as it can be: the disk ends there").near("enlarge the image first")
		}
		return refused(before, "grow "+p.Ref(), r)
	}
	p.FS = p.FS.Checked()
	p.FS.Size = filled(before, p)
	return before.With(p), nil
}

// Steps checks, resizes and verifies.
func (o Fill) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	return fillSteps(old, p)
}

// fillSteps returns the steps that make the file system of p as long as the model says. old is p before.
func fillSteps(old, p model.Partition) []Step {
	s := stepsOn(old)
	switch {
	case old.Use.Busy():
		s.add(StepGrowMounted, p.Span).NewSize = p.FS.Size
		s.steps[0].Mounted = old.Use.GrowsAt()
	case old.FS.Kind.MadeAnew():
		if s.step.UUID = old.FS.UUID; old.FS.UUID == UnknownUUID {
			s.step.UUID = ""
		}
		return s.remake(p.Span)
	default:
		s.resize(old, p.Span, p.Span, p.FS.Size)
	}
	return s.steps
}
