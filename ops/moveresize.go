package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// MoveResize moves a partition, resizes it, or both. What it holds is the intent: a distance and a
// length, not a place, so that it keeps its meaning when an operation before it is removed.
type MoveResize struct {
	ID model.PartID
	// Shift is how far the start moves, in sectors; negative is towards the start of the disk, 0 is none.
	Shift geometry.Sector
	// Len is the new length in sectors; 0 keeps the length.
	Len geometry.Sector
}

// MoveResizeTo is the operation that brings partition id of disk d to the given span.
func MoveResizeTo(d model.Disk, id model.PartID, span geometry.Span) MoveResize {
	op := MoveResize{ID: id}
	p, ok := d.Partition(id)
	if !ok {
		return op
	}
	op.Shift = span.Start - p.Span.Start
	if span.Len() != p.Span.Len() {
		op.Len = span.Len()
	}
	return op
}

// GrowToFill is the operation that grows partition id over the free space right behind it, up to the
// last grid line there. A *Refusal says why there is none.
func GrowToFill(d model.Disk, env Env, id model.PartID, align geometry.Alignment) (MoveResize, error) {
	p, err := subject(d, id, growing)
	if err != nil {
		return MoveResize{}, err
	}
	l := Limit(d, env, id)
	if !l.Grow.OK() {
		return MoveResize{}, &Refusal{What: "grow " + p.Ref(), Reason: l.Grow}
	}
	end := min(l.Chosen.End, p.Span.Start+l.MaxLen)
	if grid := align.Down(end, d.SectorSize); grid > p.Span.End {
		return MoveResize{ID: id, Len: grid - p.Span.Start}, nil
	}
	refusal := &Refusal{What: "grow " + p.Ref()}
	free := min(l.Room.End-p.Span.End, l.MaxLen-p.Span.Len())
	switch {
	case l.Room.End <= p.Span.End:
		refusal.Reason = model.Because("there is no free space behind it: %s", l.WhyEnd)
	case free <= 0:
		refusal.Reason = "it is as large as it can be"
	default:
		refusal.Reason = "the free space behind it does not reach the next grid line"
		refusal.Nearest = "resize it by an exact size, at most " + AtMost(free, d.SectorSize)
		refusal.Bounds = []Bound{{Length, p.Span.Len() + free}}
	}
	return MoveResize{}, refusal
}

// ShrinkToMin is the operation that shrinks partition id to the least length its contents allow, its end
// on the grid. A *Refusal says why there is none.
func ShrinkToMin(d model.Disk, env Env, id model.PartID, align geometry.Alignment) (MoveResize, error) {
	p, err := subject(d, id, "shrink")
	if err != nil {
		return MoveResize{}, err
	}
	l := Limit(d, env, id)
	if !l.Shrink.OK() {
		return MoveResize{}, &Refusal{What: "shrink " + p.Ref(), Reason: l.Shrink}
	}
	end := align.Up(max(p.Span.Start+l.MinLen, l.Keep.End), d.SectorSize)
	if end >= p.Span.End {
		return MoveResize{}, &Refusal{What: "shrink " + p.Ref(), Reason: model.Because("it is as small as it can be: %s", l.WhyMin)}
	}
	return MoveResize{ID: id, Len: end - p.Span.Start}, nil
}

// ResizeBy is the operation that makes partition id longer by n sectors, or shorter for a negative n. A *Refusal says that
// nothing would be left of it.
func ResizeBy(d model.Disk, id model.PartID, n geometry.Sector) (MoveResize, error) {
	p, err := subject(d, id, resizing)
	if err != nil {
		return MoveResize{}, err
	}
	if z := d.SectorSize; p.Span.Len()+n < 1 {
		return MoveResize{}, &Refusal{
			What:   fmt.Sprintf("shrink %s by %s", p.Ref(), amount(z.Bytes(-n))),
			Reason: model.Because("it is only %s long", geometry.FormatBytes(z.Bytes(p.Span.Len()))),
		}
	}
	return MoveResize{ID: id, Len: p.Span.Len() + n}, nil
}

// Part is the partition that is moved or resized.
func (o MoveResize) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o MoveResize) Verb() string {
	switch {
	case o.Len == 0:
		return "Move"
	case o.Shift == 0:
		return "Resize"
	}
	return "Resize/Move"
}

// target is where p lies after the edit.
func (o MoveResize) target(p model.Partition) geometry.Span {
	length := o.Len
	if length == 0 {
		length = p.Span.Len()
	}
	return geometry.SpanOf(p.Span.Start+o.Shift, length)
}

// Describe is "Move p2 right by 1024 MiB", "Grow p1 by 1024 MiB to 1.47 GiB", or both.
func (o MoveResize) Describe(before model.Disk) string {
	z := before.SectorSize
	by := func(n geometry.Sector) string { return amount(z.Bytes(n)) }
	to := func(n geometry.Sector) string { return geometry.FormatBytes(z.Bytes(n)) }
	return o.describe(before, by, to)
}

// exactly is Describe for refusals, in numbers that can be compared with those that would be possible.
func (o MoveResize) exactly(before model.Disk) string {
	exact := func(n geometry.Sector) string { return exactAmount(n, before.SectorSize) }
	return lowered(o.describe(before, exact, exact))
}

// describe is Describe with words for distances and for lengths.
func (o MoveResize) describe(before model.Disk, distance, length func(geometry.Sector) string) string {
	p, _ := before.Partition(o.ID)
	to := o.target(p)
	by := to.Len() - p.Span.Len()
	title, verb, much := "Grow", "grow", by
	if by < 0 {
		title, verb, much = "Shrink", "shrink", -by
	}
	change := ""
	if by != 0 {
		change = fmt.Sprintf("by %s to %s", distance(much), length(to.Len()))
	}
	if o.Shift == 0 {
		return fmt.Sprintf("%s %s %s", title, p.Ref(), change)
	}
	if p.Role == model.Extended && to.End == p.Span.End {
		// Its contents stay where they are: only its edge moves.
		return fmt.Sprintf("%s %s at its start %s", title, p.Ref(), change)
	}
	text := fmt.Sprintf("Move %s %s", p.Ref(), o.way(distance))
	if by != 0 {
		text += fmt.Sprintf(" and %s it %s", verb, change)
	}
	return text
}

// Way is where the partition moves: "right by 1024 MiB".
func (o MoveResize) Way(z geometry.SectorSize) string {
	return o.way(func(n geometry.Sector) string { return amount(z.Bytes(n)) })
}

func (o MoveResize) way(distance func(geometry.Sector) string) string {
	if o.Shift < 0 {
		return "left by " + distance(-o.Shift)
	}
	return "right by " + distance(o.Shift)
}

// Apply is the disk with the partition at its new place. The file system in it is predicted to fill the
// new length where that changes.
func (o MoveResize) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := subject(before, o.ID, resizing)
	if err != nil {
		return before, err
	}
	to := o.target(p)
	what := o.exactly(before)
	if to == p.Span {
		return before, &Refusal{What: "move or resize " + p.Ref(), Reason: "it would stay exactly as it is"}
	}
	move := moving{disk: before, limits: Limit(before, env, o.ID), part: p, to: to}
	for _, check := range []func(moving) *Refusal{moving.ability, moving.logicals, moving.length, moving.place} {
		if refusal := check(move); refusal != nil {
			refusal.What = what
			return before, refusal
		}
	}
	resized := to.Len() != p.Span.Len()
	p.Span = to
	if resized {
		p.FS = fitted(p, before.SectorSize)
	}
	after, err := model.Rechain(before.With(p))
	if err != nil {
		return before, &Refusal{What: what, Reason: model.Reason(err.Error())}
	}
	if err := sound(what, after); err != nil {
		return before, err
	}
	return after, nil
}

// lowered is a description as it goes on after "cannot".
func lowered(text string) string {
	if text == "" {
		return text
	}
	return string(text[0]|0x20) + text[1:]
}

// Steps moves and resizes in the order that keeps the contents inside the partition all the time: a
// partition that gets longer moves first, one that gets shorter shrinks first.
func (o MoveResize) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	s := stepper{step: Step{Part: o.ID, Ref: old.Ref(), FS: old.FS.Kind, Label: old.FS.Label, UUID: keptUUID(old.FS)}}
	switch {
	case old.Role == model.Extended:
		return nil // it is nothing but its entry in the table
	case old.Use.Busy():
		s.add(StepGrowMounted, p.Span).NewSize = p.FS.Size
		s.steps[0].Mounted = old.Use.GrowsAt()
		return s.steps
	case old.FS.Kind.MadeAnew():
		s.remake(p.Span)
		return s.steps
	}
	at := old.Span
	clean := old.FS.Dirty.OK()
	if p.Span.Len() < at.Len() {
		shorter := geometry.SpanOf(at.Start, p.Span.Len())
		s.resize(old, at, shorter, p.FS.Size)
		at, clean = shorter, true
	}
	if p.Span.Start != at.Start {
		moved := geometry.SpanOf(p.Span.Start, at.Len())
		s.remap(at, moved, clean)
		at = moved
	}
	if p.Span.Len() > at.Len() {
		s.resize(old, p.Span, p.Span, p.FS.Size)
	}
	return s.steps
}
