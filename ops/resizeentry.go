package ops

import (
	"cmp"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// ResizeEntry changes the length of a partition in the table and leaves its contents as they are. A file system that becomes
// longer than its partition cannot be used until the partition has its room back, so nothing but the wish of a user stages
// such an edit.
type ResizeEntry struct {
	tableOnly
	ID  model.PartID
	Len geometry.Sector // the new length in sectors
}

// Part returns the partition whose entry changes.
func (o ResizeEntry) Part() model.PartID { return o.ID }

// Cuts returns how many bytes of the file system of the partition lie behind its new end, or 0.
func (o ResizeEntry) Cuts(d model.Disk) geometry.Bytes {
	p, _ := d.Partition(o.ID)
	return p.FS.Excess(d.SectorSize.Bytes(o.Len))
}

// Describe returns "Set the entry of p1 to 1.00 GiB, 200 MiB shorter; its ext4 is not resized and fits".
func (o ResizeEntry) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	z := before.SectorSize
	by, way := o.Len-p.Span.Len(), "longer"
	if by < 0 {
		by, way = -by, "shorter"
	}
	words := phrase(setting, "the entry of %s to %s, %s %s; ", p.Ref(), geometry.FormatChosen(z.Bytes(o.Len)), amount(z.Bytes(by)), way)
	switch cut := o.Cuts(before); {
	case !p.FS.Known() || p.FS.Size == 0:
		return words.with("what is in it stays as it is")
	case cut > 0:
		return words.with(fmt.Sprintf("its %s is not resized and is %s longer than the partition", contents(p), amount(cut)))
	case way == "shorter":
		return words.with(fmt.Sprintf("its %s is not resized and fits", contents(p)))
	}
	return words.with(fmt.Sprintf("its %s is not resized", contents(p)))
}

// Apply returns the disk with the new length.
func (o ResizeEntry) Apply(before model.Disk, env Env) (model.Disk, error) {
	const verb = "resize the entry of"
	p, err := stretchable(before, o.ID, verb)
	if err != nil {
		return before, err
	}
	raid, typed := model.TypeByAlias(before.Table.Kind, "raid")
	var reason model.Reason
	switch {
	case p.ID == 0:
		reason = "the disk has no partition table"
	case p.Role == model.Extended:
		reason = "it is nothing but an entry: resize it"
	case o.Len < 1:
		reason = "no sector would be left"
	case o.Len == p.Span.Len():
		reason = "it would stay exactly as it is"
	case model.IsDynamic(p.Type):
		reason = dynamicDisk
	case typed && p.Type == raid || p.FS.Kind == model.RAID:
		reason = "a RAID member may be described at its end"
	case o.Len < p.Span.Len():
		reason = inUse(p)
	}
	r := refusedFor(reason)
	if r == nil {
		m := relocation{disk: before, limits: Limit(before, env, o.ID), part: p, to: geometry.SpanOf(p.Span.Start, o.Len)}
		r = m.place()
	}
	if r != nil {
		return refused(before, cmp.Or(r.What, verb+" "+p.Ref()), r)
	}
	p.Span.End = p.Span.Start + o.Len
	return rearranged(before, before.With(p), verb+" "+p.Ref())
}
