package ops

import (
	"fmt"
	"strings"

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
	if l.CanGrow != "" {
		return MoveResize{}, &Refusal{What: "grow " + p.Ref(), Reason: l.CanGrow}
	}
	end := min(l.Chosen.End, p.Span.Start+l.MaxLen)
	if grid := align.Down(end, d.SectorSize); grid > p.Span.End {
		return MoveResize{ID: id, Len: grid - p.Span.Start}, nil
	}
	refusal := &Refusal{What: "grow " + p.Ref()}
	free := min(l.Room.End-p.Span.End, l.MaxLen-p.Span.Len())
	switch {
	case l.Room.End <= p.Span.End:
		refusal.Reason = "there is no free space behind it: " + l.WhyEnd
	case free <= 0:
		refusal.Reason = "it is as large as it can be"
	default:
		refusal.Reason = "the free space behind it does not reach the next grid line"
		refusal.Nearest = "resize it by an exact size, at most " + bound(free, d.SectorSize)
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
	if l.CanShrink != "" {
		return MoveResize{}, &Refusal{What: "shrink " + p.Ref(), Reason: l.CanShrink}
	}
	end := align.Up(max(p.Span.Start+l.MinLen, l.Keep.End), d.SectorSize)
	if end >= p.Span.End {
		return MoveResize{}, &Refusal{What: "shrink " + p.Ref(), Reason: "it is as small as it can be: " + l.WhyMin}
	}
	return MoveResize{ID: id, Len: end - p.Span.Start}, nil
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
	p, _ := before.Partition(o.ID)
	z, to := before.SectorSize, o.target(p)
	change, by := "", to.Len()-p.Span.Len()
	switch {
	case by > 0:
		change = fmt.Sprintf("by %s to %s", amount(z.Bytes(by)), geometry.FormatBytes(z.Bytes(to.Len())))
	case by < 0:
		change = fmt.Sprintf("by %s to %s", amount(z.Bytes(-by)), geometry.FormatBytes(z.Bytes(to.Len())))
	}
	verb := "grow"
	if by < 0 {
		verb = "shrink"
	}
	if o.Shift == 0 {
		return fmt.Sprintf("%s %s %s", titled(verb), p.Ref(), change)
	}
	if p.Role == model.Extended && to.End == p.Span.End {
		// Its contents stay where they are: only its edge moves.
		return fmt.Sprintf("%s %s at its start %s", titled(verb), p.Ref(), change)
	}
	text := fmt.Sprintf("Move %s %s", p.Ref(), o.direction(z))
	if by != 0 {
		text += fmt.Sprintf(" and %s it %s", verb, change)
	}
	return text
}

// direction is "right by 1024 MiB".
func (o MoveResize) direction(z geometry.SectorSize) string {
	if o.Shift < 0 {
		return "left by " + amount(z.Bytes(-o.Shift))
	}
	return "right by " + amount(z.Bytes(o.Shift))
}

func titled(verb string) string {
	if verb == "shrink" {
		return "Shrink"
	}
	return "Grow"
}

// PlanLine is "move 2 right 1024MiB", "resize 1 to 1.5GiB", or "move 2 left 1GiB and resize to 483MiB".
func (o MoveResize) PlanLine(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	z, to := before.SectorSize, o.target(p)
	switch {
	case o.Shift == 0:
		return fmt.Sprintf("resize %d to %s", p.Number, exactSize(to.Len(), z))
	case o.Shift < 0:
		return fmt.Sprintf("move %d left %s", p.Number, exactDistance(-o.Shift, z)) + o.planSize(p, to, z)
	}
	return fmt.Sprintf("move %d right %s", p.Number, exactDistance(o.Shift, z)) + o.planSize(p, to, z)
}

func (o MoveResize) planSize(p model.Partition, to geometry.Span, z geometry.SectorSize) string {
	if to.Len() == p.Span.Len() {
		return ""
	}
	return " and resize to " + exactSize(to.Len(), z)
}

// Apply is the disk with the partition at its new place. The file system in it is predicted to fill the
// new length where that changes.
func (o MoveResize) Apply(before model.Disk, env Env) (model.Disk, error) {
	p, err := subject(before, o.ID, resizing)
	if err != nil {
		return before, err
	}
	to := o.target(p)
	what := lowered(o.Describe(before))
	if to == p.Span {
		return before, &Refusal{What: "move or resize " + p.Ref(), Reason: "it would stay exactly as it is"}
	}
	l := Limit(before, env, o.ID)
	for _, check := range []func(model.Disk, Limits, model.Partition, geometry.Span) *Refusal{
		checkAbility, checkLength, checkLogicals, checkPlace,
	} {
		if refusal := check(before, l, p, to); refusal != nil {
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
		return before, &Refusal{What: what, Reason: err.Error()}
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

// checkAbility refuses what the contents do not allow at all.
func checkAbility(_ model.Disk, l Limits, p model.Partition, to geometry.Span) *Refusal {
	switch {
	case to.Start != p.Span.Start && l.CanMove != "":
		return &Refusal{Reason: l.CanMove}
	case to.Len() > p.Span.Len() && l.CanGrow != "":
		return &Refusal{Reason: l.CanGrow}
	case to.Len() < p.Span.Len() && l.CanShrink != "":
		return &Refusal{Reason: l.CanShrink}
	}
	return nil
}

// checkLength refuses lengths that the contents or the table do not allow, wherever the partition lies.
func checkLength(d model.Disk, l Limits, p model.Partition, to geometry.Span) *Refusal {
	if to.Len() < p.Span.Len() && to.Len() < l.MinLen {
		r := &Refusal{Reason: l.WhyMin}
		if free := p.Span.Len() - l.MinLen; free > 0 {
			r.Nearest = fmt.Sprintf("it can shrink by at most %s to %s", bound(free, d.SectorSize), bound(l.MinLen, d.SectorSize))
		}
		return r
	}
	if l.MaxLen < l.Room.Len() && to.Len() > l.MaxLen {
		r := &Refusal{Reason: "it cannot be that large"}
		if p.FS.Max > 0 && d.SectorSize.Down(p.FS.Max) <= l.MaxLen {
			r.Reason = fmt.Sprintf("with blocks of %s its %s cannot be that large", geometry.FormatBytes(p.FS.BlockSize), p.FS.Kind)
		}
		if free := l.MaxLen - p.Span.Len(); free > 0 {
			r.Nearest = fmt.Sprintf("it can grow by at most %s to %s", bound(free, d.SectorSize), bound(l.MaxLen, d.SectorSize))
		}
		return r
	}
	return nil
}

// checkLogicals refuses to move an extended partition away from what lies in it.
func checkLogicals(d model.Disk, l Limits, p model.Partition, to geometry.Span) *Refusal {
	if l.Keep.Empty() || to.Encloses(l.Keep) && to.Len() != p.Span.Len() {
		return nil
	}
	if to.Len() == p.Span.Len() {
		return &Refusal{
			Reason:  "the logical partitions in it do not move along",
			Nearest: "resize it at its ends, or delete the logical partitions first",
		}
	}
	return &Refusal{
		Reason: "it must go on enclosing the logical partitions in it",
		Nearest: fmt.Sprintf("its start can go up to sector %d and its end down to sector %d",
			l.Keep.Start, l.Keep.End),
	}
}

// checkPlace refuses a place that is not free, and tells how far the partition can go.
func checkPlace(d model.Disk, l Limits, p model.Partition, to geometry.Span) *Refusal {
	if l.Room.Encloses(to) {
		return nil
	}
	if to.Start == p.Span.Start {
		return outgrown(d, l, p)
	}
	other, reason := obstacle(d, p, to)
	if reason == "" {
		return nil // it jumps over a neighbour into another gap
	}
	r := &Refusal{Reason: reason}
	z := d.SectorSize
	right, left := l.Room.End-to.Len()-p.Span.Start, p.Span.Start-l.Room.Start
	switch {
	case other && to.Len() > l.Room.Len():
		r.Nearest = fmt.Sprintf("there is room for %s around it", bound(l.Room.Len(), z))
	case to.Start < p.Span.Start && left > 0:
		r.Nearest = fmt.Sprintf("it can move left by at most %s", bound(left, z))
	case to.Start > p.Span.Start && right > 0:
		r.Nearest = fmt.Sprintf("it can move right by at most %s", bound(right, z))
	case !other && to.Start < p.Span.Start && p.Role != model.Logical && l.Room.Start > d.Table.Usable.Start:
		r.Nearest = "it cannot move left: " + l.WhyStart
	case !other && to.End > d.Table.Usable.End && !d.Fixed:
		r.Nearest = "grow the image first"
	}
	return r
}

// outgrown is the refusal to grow p, in place, beyond its room.
func outgrown(d model.Disk, l Limits, p model.Partition) *Refusal {
	end := strings.TrimSuffix(l.WhyEnd, " there")
	free := l.Room.End - p.Span.End
	if free <= 0 {
		return &Refusal{Reason: end + " right behind it"}
	}
	return &Refusal{
		Reason:  fmt.Sprintf("%s %s behind it", end, amount(d.SectorSize.Bytes(free))),
		Nearest: "it can grow by at most " + bound(free, d.SectorSize),
	}
}

// obstacle is why p cannot lie at to, or "". other says that the obstacle is another partition.
func obstacle(d model.Disk, p model.Partition, to geometry.Span) (other bool, reason string) {
	within, name := d.Table.Usable, "the disk"
	if ext, ok := d.Extended(); ok && p.Role == model.Logical {
		within, name = ext.Span, "the extended partition"
	}
	switch {
	case to.Start < within.Start:
		return false, fmt.Sprintf("it would begin before the first usable sector of %s, %d", name, within.Start)
	case to.End > within.End:
		return false, fmt.Sprintf("it would end %s behind the last usable sector of %s",
			amount(d.SectorSize.Bytes(to.End-within.End)), name)
	}
	for _, q := range d.Partitions() {
		if q.ID == p.ID || (q.Role == model.Logical) != (p.Role == model.Logical) {
			continue
		}
		if to.Overlaps(q.Span) {
			return true, fmt.Sprintf("%s lies there", q.Ref())
		}
		// A link of the chain that points backwards is not followed by every reader.
		if p.Role == model.Logical && (q.Span.Start < p.Span.Start) != (q.Span.Start < to.Start) {
			return true, fmt.Sprintf("logical partitions keep their order and %s is in between", q.Ref())
		}
	}
	if p.Role == model.Logical {
		return true, "the boot record of a logical partition needs a free sector there"
	}
	return false, ""
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
	case old.Busy != "":
		s.add(StepGrowMounted, p.Span).NewSize = p.FS.Size
		s.steps[0].Mounted = old.MountedAt
		return s.steps
	case old.FS.Kind.MadeAnew():
		s.remake(p.Span)
		return s.steps
	}
	at := old.Span
	clean := old.FS.Dirty == ""
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
