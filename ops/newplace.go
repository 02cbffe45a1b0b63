package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// logicalRoom returns the part of a gap in which a new partition can be. A logical one leaves reserve sectors before it
// for its own boot record, and as many behind it for the next one.
func logicalRoom(d model.Disk, gap model.Gap, reserve geometry.Sector) geometry.Span {
	room := gap.Span
	ext, ok := d.Extended()
	if gap.Role != model.Logical || !ok {
		return room
	}
	room.Start += reserve
	if room.End < ext.Span.End {
		room.End -= reserve
	}
	return room
}

// RoomForNew returns the span for a new partition in a gap, on the grid of align. It leaves 1 MiB for boot loaders at the
// start of the disk and for each boot record of a logical partition. Without a grid nothing is left at the start of a GPT,
// whose boot loaders have a partition. The error is a *Refusal if the gap is too small.
func RoomForNew(d model.Disk, gap model.Gap, align geometry.Alignment) (geometry.Span, error) {
	grain := geometry.AlignMiB.Grain(d.SectorSize)
	room := logicalRoom(d, gap, grain)
	if align != geometry.AlignNone || d.Table.Kind != model.TableGPT {
		room.Start = max(room.Start, grain)
	}
	room.Start = align.Up(room.Start, d.SectorSize)
	room.End = align.Down(room.End, d.SectorSize)
	if room.Empty() {
		reason := model.Because("the free space there, %s, is too small on the %s grid", exactAmount(gap.Span.Len(),
			d.SectorSize), align)
		return room, &Refusal{What: creation, Reason: reason}
	}
	return room, nil
}

// creation names the edit in refusals of a new partition.
const creation = "create a partition"

// Placed returns o with At, Len and Type filled in where they are zero. Without At it uses the first gap that is large
// enough; without At and Len the largest gap; without Len all free space from At on. The error is a *Refusal if there is
// no such place.
func (o New) Placed(d model.Disk, env Env, align geometry.Alignment) (New, error) {
	if r := o.checkRole(d, env); r != nil {
		r.What = creation
		return o, r
	}
	if o.Type == "" {
		o.Type = model.DefaultType(d.Table.Kind, o.Role, o.FS)
	}
	if o.At != 0 && o.Len != 0 {
		return o, nil
	}
	var best geometry.Span
	for _, gap := range model.Gaps(d, model.Everything) {
		room, err := RoomForNew(d, gap, align)
		switch {
		case err != nil || (gap.Role == model.Logical) != (o.Role == model.Logical):
		case o.At != 0 && gap.Span.Contains(o.At) && room.End > o.At:
			o.Len = room.End - o.At
			return o, nil
		case o.At == 0 && o.Len != 0 && room.Len() >= o.Len:
			o.At = room.Start
			return o, nil
		case room.Len() > best.Len():
			best = room
		}
	}
	if r := o.unplaced(d, env, best); r != nil {
		r.What = creation
		return o, r
	}
	o.At, o.Len = best.Start, best.Len()
	return o, nil
}

// unplaced returns the refusal if o cannot have the largest free space, or nil if it can.
func (o New) unplaced(d model.Disk, env Env, best geometry.Span) *Refusal {
	z := d.SectorSize
	least, most := sizesFor(env, o.FS, z)
	switch {
	case o.At != 0:
		return refusedFor(o.occupied(d))
	case best.Empty():
		return refusedFor("there is no free space for it").near(o.freeing(d))
	case o.Len == 0:
		return nil
	case best.Len() < least:
		return refusedFor(model.Because("%s needs %s, and the largest free space has %s", o.FS, AtLeast(least, z),
			AtMost(best.Len(), z)))
	}
	longest := min(best.Len(), most)
	return refusedFor("no free space is that large").near("there is room for "+AtMost(longest, z), Bound{Length, longest})
}

// freeing returns advice on how to get free space for o.
func (o New) freeing(d model.Disk) string {
	switch {
	case o.Role == model.Logical:
		return "make some inside the extended partition first"
	case d.Fixed:
		return "shrink or delete a partition first"
	}
	return "grow the image, or shrink or delete a partition first"
}

// LikelyRole returns the role of a new partition that starts at the sector at, or anywhere for 0, if the user chooses no
// role. It is Logical if the sector is inside the extended partition, or if no other role is possible.
func LikelyRole(d model.Disk, at geometry.Sector) model.Role {
	ext, ok := d.Extended()
	_, hasSlot := freeSlot(d)
	if ok && (ext.Span.Contains(at) || (at == 0 && !hasSlot)) {
		return model.Logical
	}
	return model.Primary
}
