package guide

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Room returns the operations for the plan lines "room" and "image min": those of the best plan (see ops.Env). Nobody may
// look at a plan file before it is applied, so Room shrinks other partitions only if nothing else makes room.
func Room(q ops.Queue, id model.PartID, size geometry.Sector, align geometry.Alignment) ([]ops.Operation, error) {
	w := Wish{Part: id, Size: size, Most: id != 0 && size == 0, Shrink: id == 0}
	plans, no := Plans(q, w, align)
	for _, p := range plans {
		if p.Risk.Shrunk == 0 && id != 0 {
			return p.Ops, nil
		}
	}
	if len(plans) > 0 {
		return plans[0].Ops, nil
	}
	if w.Most {
		fill := ops.Fill{ID: id}
		if _, err := q.Stage(fill); err == nil {
			return []ops.Operation{fill}, nil
		}
	}
	refusal := &ops.Refusal{What: "make the image smaller", Reason: Why(no)}
	if p, ok := q.Preview().Partition(id); ok {
		refusal.What = "make room for " + p.Ref()
	}
	room := geometry.Sector(0)
	for _, n := range no {
		room = max(room, n.Room)
	}
	if p, ok := q.Preview().Partition(id); ok && room > 0 {
		refusal.Nearest = "there is room for " + ops.AtMost(room, q.Preview().SectorSize) + " more"
		refusal.Bounds = []ops.Bound{{Of: ops.Length, Sectors: p.Span.Len() + room}}
	}
	return nil, refusal
}

// aim returns the aim of the operations for a wish, which Room would fulfil in another way if it had to.
func (w Wish) aim(align geometry.Alignment) ops.Aim {
	a := ops.Aim{Want: ops.Roomy, Part: w.Part, Size: w.Size, Align: align}
	if w.Most || w.Shrink {
		a.Size = 0
	}
	return a
}
