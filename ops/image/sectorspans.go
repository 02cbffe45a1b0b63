package image

import (
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// A recount describes a disk in sectors of another size. Nothing but the table changes its place.
type recount struct {
	from   model.Disk
	was, z geometry.SectorSize
	note   func(string)
}

// withSectors returns the description of the disk from, which is size bytes long, in sectors of z bytes.
func withSectors(from model.Disk, size int64, z geometry.SectorSize, note func(string)) (model.Disk, error) {
	c := recount{from: from, was: from.SectorSize, z: z, note: note}
	t := from.Table
	t.Array = 0 // the entries go to their usual place
	after := model.Disk{SectorSize: z, Sectors: z.Up(geometry.Bytes(size))}
	least := geometry.Sector(1) // the first sector behind the table
	if t.Kind == model.TableGPT {
		least = model.UsualArray + t.ArraySectors(z)
	}
	var parts []model.Partition
	var errs []error
	for p := range from.Each() {
		span, r := c.span(p, least)
		if r != nil {
			r.What = toSectors(z)
			errs = append(errs, r)
			continue
		}
		p.Span, p.EBR = span, c.down(p.EBR)
		parts = append(parts, p)
	}
	if len(errs) > 0 {
		return after, errors.Join(errs...)
	}
	after.Table, after.Sectors = c.table(t, after.Sectors, parts)
	after, err := model.Rechain(after.WithPartitions(parts))
	if err != nil {
		return after, &ops.Refusal{What: toSectors(z), Reason: model.Reason(err.Error())}
	}
	return after, nil
}

func (c recount) down(at geometry.Sector) geometry.Sector { return c.z.Down(c.was.Bytes(at)) }
func (c recount) up(at geometry.Sector) geometry.Sector   { return c.z.Up(c.was.Bytes(at)) }

// table returns the table for a disk of n sectors with these partitions, and the number of sectors, which is larger if a GPT
// needs more room behind the last partition.
func (c recount) table(t model.Table, n geometry.Sector, parts []model.Partition) (model.Table, geometry.Sector) {
	switch t.Kind {
	case model.TableMBR:
		t.Usable = model.FreshTable(t.Kind, n, c.z).Usable
	case model.TableGPT:
		tail := t.ArraySectors(c.z) + 1
		for _, p := range parts {
			n = max(n, p.Span.End+tail)
		}
		tight := model.UsualArray + t.ArraySectors(c.was)
		usable := geometry.Span{Start: model.UsualArray + t.ArraySectors(c.z), End: n - tail}
		if t.Usable.Start != tight { // a range that begins at a place of its own keeps it
			usable.Start = max(usable.Start, c.up(t.Usable.Start))
		}
		if end := c.down(t.Usable.End); c.from.Sectors-t.Usable.End > t.ArraySectors(c.was)+1 {
			usable.End = min(usable.End, end)
		}
		t.Usable = usable
	case model.TableNone:
	}
	return t, n
}

// span returns the sectors of a partition, none of them before least.
func (c recount) span(p model.Partition, least geometry.Sector) (geometry.Span, *ops.Refusal) {
	span := geometry.Span{Start: c.down(p.Span.Start), End: c.down(p.Span.End)}
	whole := span.Start == c.up(p.Span.Start) && span.End == c.up(p.Span.End)
	switch {
	case p.Role == model.Extended && !whole:
		return c.extended(p)
	case !whole:
		start := max(c.up(p.Span.Start), least)
		return span, c.refuse(p, start, max(1, c.down(p.Span.Len())), model.Because(
			"%s at %s does not begin and end with sectors of %d bytes", p.Ref(), p.Span.Named(), c.z))
	case span.Start < least:
		return span, c.refuse(p, least, span.Len(), model.Because("%s begins at sector %s, and the table reaches up to sector %s", p.Ref(),
			p.Span.Start, c.was.Down(c.z.Bytes(least))-1))
	case c.from.Table.Kind == model.TableMBR && span.End > model.MBRSectors:
		return span, &ops.Refusal{
			Reason: model.Because("%s ends behind the %s that an MBR can address in sectors of %d bytes", p.Ref(),
				geometry.FormatBytes(c.z.Bytes(model.MBRSectors)), c.z),
			Nearest: "first make the table a GPT: the line `table gpt` of a plan",
		}
	}
	return span, nil
}

// refuse returns a refusal with the line of a plan that cures it. start and length are in sectors of the result. The partition
// becomes shorter if what is behind it leaves no more room.
func (c recount) refuse(p model.Partition, start, length geometry.Sector, reason model.Reason) *ops.Refusal {
	limit := c.from.Table.Usable.End
	for q := range c.from.Each() {
		switch inside := p.Role == model.Logical && q.Role == model.Extended; {
		case inside:
			limit = min(limit, q.Span.End)
		case q.ID != p.ID && q.Span.Start >= p.Span.End:
			limit = min(limit, q.Span.Start)
			if q.EBR >= p.Span.End {
				limit = min(limit, q.EBR)
			}
		}
	}
	length = min(length, c.down(limit)-start)
	if length < 1 || c.z.Bytes(length) < min(geometry.MiB, c.was.Bytes(p.Span.Len())) { // no edit makes a partition so small
		return &ops.Refusal{Reason: reason, Nearest: fmt.Sprintf("first make room for whole sectors behind it, or, if it is not needed, `delete %s`", p.Ref())}
	}
	ratio := geometry.Sector(c.z / c.was)
	start, length = start*ratio, length*ratio
	var lines string
	switch {
	case start == p.Span.Start:
		lines = fmt.Sprintf("`resize %s to %ds`", p.Ref(), length)
	case length == p.Span.Len():
		lines = fmt.Sprintf("`move %s to %ds`", p.Ref(), start)
	default:
		lines = fmt.Sprintf("`move %s to %ds and resize to %ds`", p.Ref(), start, length)
	}
	return &ops.Refusal{Reason: reason, Nearest: "first apply a plan with the line " + lines}
}

// extended returns the sectors of an extended partition that does not begin or end with a sector. It holds nothing but the
// logical partitions and their boot records, so it becomes longer where there is room, or shorter at its end.
func (c recount) extended(p model.Partition) (geometry.Span, *ops.Refusal) {
	span := geometry.Span{Start: c.down(p.Span.Start), End: c.up(p.Span.End)}
	room := geometry.Span{Start: 1, End: max(span.End, c.down(c.from.Sectors))}
	inside := geometry.Sector(0)
	for q := range c.from.Each() {
		switch {
		case q.Role == model.Logical:
			inside = max(inside, c.up(q.Span.End))
			span.Start = min(span.Start, c.down(q.Span.Start)-1)
		case q.ID == p.ID:
		case q.Span.Start < p.Span.Start:
			room.Start = max(room.Start, c.up(q.Span.End))
		default:
			room.End = min(room.End, c.down(q.Span.Start))
		}
	}
	span.End = min(span.End, room.End)
	if span.Start < room.Start || span.End < inside || span.Empty() {
		return span, &ops.Refusal{
			Reason:  model.Because("%s at %s, the extended partition, has no room to begin with a sector of %d bytes", p.Ref(), p.Span.Named(), c.z),
			Nearest: "first move or shrink what is right before it",
		}
	}
	c.note(fmt.Sprintf("The extended partition %s is now at bytes %d to %d, whole sectors.", p.Ref(), c.z.Bytes(span.Start), c.z.Bytes(span.End)-1))
	return span, nil
}
