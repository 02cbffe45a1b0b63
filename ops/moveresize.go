package ops

import (
	"cmp"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// MoveResize moves a partition, resizes it, or both. It holds a distance and a length instead of a place, so that it
// still makes sense after an earlier operation is removed.
type MoveResize struct {
	ID model.PartID
	// Shift is the distance that the start moves, in sectors. A negative Shift moves towards the start of the disk.
	Shift geometry.Sector
	// Len is the new length in sectors; 0 keeps the length.
	Len geometry.Sector
	// Aim says what the length and the distance are for, if shunt chose them.
	Aim Aim
}

// MoveResizeTo returns the operation that brings partition id of disk d to the given span.
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

// GrowToFill returns the operation that grows partition id over the free space behind it, up to the last grid line there. If
// there is none, but the file system does not fill the partition, it returns the operation that fills it. The error is a
// *Refusal with the reason why it cannot grow.
func GrowToFill(d model.Disk, env Env, id model.PartID, align geometry.Alignment) (Operation, error) {
	p, err := stretchable(d, id, "grow")
	if err != nil {
		return nil, err
	}
	l := Limit(d, env, id)
	if !l.Grow.OK() {
		return nil, &Refusal{What: "grow " + p.Ref(), Reason: l.Grow}
	}
	end := min(l.Chosen.End, p.Span.Start+l.MaxLen)
	grid := align.Down(end, d.SectorSize)
	if reach := d.Reach(p).End; grid < reach {
		grid = min(reach, end) // its file system need not end on the grid
	}
	if grid > p.Span.End {
		return MoveResize{ID: id, Len: grid - p.Span.Start}, nil
	}
	if d.Spare(p) > 0 && unfilled(d, env, p).OK() {
		return Fill{ID: id}, nil
	}
	r, free := refusedFor("it is as large as it can be"), min(l.Room.End-p.Span.End, l.MaxLen-p.Span.Len())
	switch r.What = "grow " + p.Ref(); {
	case l.Room.End <= p.Span.End:
		r.Reason = model.Because("there is no free space behind it: %s", l.WhyEnd)
	case free > 0:
		r.Reason = "the free space behind it does not reach the next grid line"
		return nil, r.near("resize it by an exact size, at most "+AtMost(free, d.SectorSize),
			Bound{Length, p.Span.Len() + free})
	}
	return nil, r
}

// ResizeTo returns the operation that makes partition id so many sectors long. If it has that length already, but its file
// system does not fill it, it returns the operation that fills it.
func ResizeTo(d model.Disk, env Env, id model.PartID, n geometry.Sector) Operation {
	if p, ok := d.Partition(id); ok && p.Span.Len() == n && d.Spare(p) > 0 && unfilled(d, env, p).OK() {
		return Fill{ID: id}
	}
	return MoveResize{ID: id, Len: n}
}

// ShrinkToMin returns the operation that shrinks partition id to the smallest length that its contents allow, with its
// end on the grid. The error is a *Refusal with the reason why it cannot shrink.
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
		reason := model.Because("it is as small as it can be: %s", l.WhyMin)
		return MoveResize{}, &Refusal{What: "shrink " + p.Ref(), Reason: reason}
	}
	return MoveResize{ID: id, Len: end - p.Span.Start, Aim: Aim{Want: Smallest, Align: align}}, nil
}

// ResizeBy returns the operation that makes partition id longer by n sectors, or shorter if n is negative. The error is a
// *Refusal if no sector would be left.
func ResizeBy(d model.Disk, id model.PartID, n geometry.Sector) (MoveResize, error) {
	p, err := stretchable(d, id, "move or resize")
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

// Part returns the partition that is moved or resized.
func (o MoveResize) Part() model.PartID { return o.ID }

// target returns the place of p after the edit.
func (o MoveResize) target(p model.Partition) geometry.Span {
	return geometry.SpanOf(p.Span.Start+o.Shift, cmp.Or(o.Len, p.Span.Len()))
}

// Describe returns "Move p2 right by 1024 MiB", "Grow p1 by 1024 MiB to 1.47 GiB", or both.
func (o MoveResize) Describe(before model.Disk) Phrase {
	z := before.SectorSize
	by := func(n geometry.Sector) string { return amount(z.Bytes(n)) }
	to := func(n geometry.Sector) string { return geometry.FormatChosen(z.Bytes(n)) }
	return o.words(before, by, to)
}

// words is like Describe; distance and length format the numbers.
func (o MoveResize) words(before model.Disk, distance, length func(geometry.Sector) string) Phrase {
	p, _ := before.Partition(o.ID)
	to := o.target(p)
	verb, by := growing, to.Len()-p.Span.Len()
	if by < 0 {
		verb, by = shrinking, -by
	}
	change := fmt.Sprintf("by %s to %s", distance(by), length(to.Len()))
	switch {
	case o.Shift == 0:
		return phrase(verb, "%s %s", p.Ref(), change)
	case p.Role == model.Extended && to.End == p.Span.End: // only its edge moves, its contents stay
		return phrase(verb, "%s at its start %s", p.Ref(), change)
	}
	words := phrase(moving, "%s %s", p.Ref(), o.way(distance))
	if by == 0 {
		return words
	}
	return append(words.with(" and "), phrase(verb, "it %s", change)...)
}

// Way returns the direction and the distance of the move: "right by 1024 MiB".
func (o MoveResize) Way(z geometry.SectorSize) string {
	return o.way(func(n geometry.Sector) string { return amount(z.Bytes(n)) })
}

func (o MoveResize) way(distance func(geometry.Sector) string) string {
	if o.Shift < 0 {
		return "left by " + distance(-o.Shift)
	}
	return "right by " + distance(o.Shift)
}

// Apply returns the disk with the partition at its new place. If the length changes, the file system is expected to fill
// it.
func (o MoveResize) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := stretchable(before, o.ID, "move or resize")
	if err != nil {
		return before, err
	}
	to := o.target(p)
	if to == p.Span {
		return before, &Refusal{What: "move or resize " + p.Ref(), Reason: "it would stay exactly as it is"}
	}
	// A refusal has exact numbers, because people compare them with those that it offers.
	exact := func(n geometry.Sector) string { return exactAmount(n, before.SectorSize) }
	what := o.words(before, exact, exact).Do()
	m := relocation{disk: before, limits: Limit(before, env, o.ID), part: p, to: to}
	for _, check := range []func() *Refusal{m.ability, m.logicals, m.length, m.place} {
		if r := check(); r != nil {
			return refused(before, what, r)
		}
	}
	if p.FS.Kind.MadeAnew() || p.FS.Known() && to.Len() != p.Span.Len() {
		p.FS = resized(before, env, p, before.SectorSize.Bytes(to.Len()))
	}
	before.Loader = loaderAfter(before, p, to)
	p.Span = to
	return rearranged(before, before.With(p), what)
}

// resized returns the file system of p after its partition has become n bytes long. One that was longer than its partition
// stays as it is, unless there is more room than it needs.
func resized(d model.Disk, env Env, p model.Partition, n geometry.Bytes) model.Filesystem {
	if cut := !d.Overhang(p).Empty(); cut && (p.FS.Spare(n) == 0 || !cannotGrow(d, env, p).OK()) {
		p.FS.Dirty = "" // it was dirty because it was cut
		return p.FS
	}
	fs := p.FS.Checked()
	fs.Size = fs.Filling(n)
	fs.Used, fs.Min = min(fs.Used, fs.Size), min(fs.Min, fs.Size) // tables that count as used shrink with it
	return fs
}

// Steps moves and resizes in the order in which the contents always fit: a partition that gets longer moves first, one
// that gets shorter shrinks first. A file system that only gets its room back is not touched.
func (o MoveResize) Steps(before, after model.Disk) []Step {
	old, _ := before.Partition(o.ID)
	p, _ := after.Partition(o.ID)
	s := stepsOn(old)
	if s.step.UUID = old.FS.UUID; old.FS.UUID == UnknownUUID {
		s.step.UUID = "" // the plan changes the UUID anyway
	}
	cut := !before.Overhang(old).Empty()
	switch {
	case old.Role == model.Extended, cut && p.FS.Size == old.FS.Size:
		return nil // only the entry in the table changes
	case old.Use.Busy() || old.FS.Kind.MadeAnew():
		return fillSteps(old, p)
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
		s.loader(before, after, old)
		at = moved
	}
	if p.Span.Len() > at.Len() {
		s.resize(old, p.Span, p.Span, p.FS.Size)
	}
	return s.steps
}
