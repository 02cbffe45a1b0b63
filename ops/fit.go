package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// This file protects file systems that are longer than their partitions. Somebody cut the partition, and the end of the file
// system still lies behind it. Until it has its room back, nothing may write there.

// misfit returns the reason why nothing of p may change because of a file system that is longer than its partition, or "".
func misfit(d model.Disk, p model.Partition) model.Reason {
	z := d.SectorSize
	if !d.Overhang(p).Empty() {
		where := "the partition"
		if p.ID == 0 {
			where = "the disk"
		}
		return model.Because("its %s is %s longer than %s: first give it room up to sector %s", contents(p),
			geometry.FormatBytes(p.FS.Excess(z.Bytes(p.Span.Len()))), where, d.Reach(p).End-1)
	}
	if owner, ok := intrudes(d, p); ok {
		return model.Because("the %s of %s reaches into it, and it is not known which of the two is whole: copy the files of both away "+
			"and delete one of them", contents(owner), owner.Ref())
	}
	return ""
}

// intrudes returns the cut partition whose file system reaches into p.
func intrudes(d model.Disk, p model.Partition) (owner model.Partition, ok bool) {
	if p.Role == model.Extended {
		return owner, false
	}
	for owner, over := range d.Cut() {
		if owner.ID != p.ID && p.Span.Overlaps(over) {
			return owner, true
		}
	}
	return owner, false
}

// encloses reports whether p is the extended partition around q. What a cut logical partition claims is no obstacle for the
// extended one, because the logical partition gets its room back inside it.
func encloses(p, q model.Partition) bool { return p.Role == model.Extended && q.Role == model.Logical }

// goesOn says that the file system of a cut partition lies at a place.
func goesOn(p model.Partition) model.Reason {
	return model.Because("the %s of %s goes on there", contents(p), p.Ref())
}

// claimed returns a *Refusal if an edit would let something else lie where the file system of a cut partition goes on, or would
// change the partition without giving the room back. Operations refuse most such edits themselves; claimed catches the rest.
func claimed(before, after model.Disk, op Operation) error {
	for p, over := range before.Cut() {
		q, stays := after.Partition(p.ID)
		if !stays {
			continue // it is deleted, and the edit says so
		}
		if q.Span == p.Span && q.FS == p.FS && !invades(before, after, p.ID, over) {
			continue
		}
		if q.Span.Start == p.Span.Start && q.Span.End >= over.End {
			continue // it has its room back
		}
		return &Refusal{
			What: op.Describe(before).Do(), Reason: goesOn(p),
			Nearest: "first give " + p.Ref() + " its room back: " + AtLeast(before.Reach(p).Len(), before.SectorSize),
		}
	}
	return nil
}

// invades reports whether something that belongs to the table lies in a span now and did not before. owner is the partition
// whose file system goes on there.
func invades(before, after model.Disk, owner model.PartID, over geometry.Span) bool {
	over = over.Intersect(before.Span())
	if after.Sectors < over.End || after.Sectors-after.Tail() < min(over.End, before.Sectors-before.Tail()) {
		return true
	}
	for q := range after.Each() {
		was, old := before.Partition(q.ID)
		if q.ID == owner || q.Role == model.Extended {
			continue
		}
		if q.EBR != 0 && over.Contains(q.EBR) && (!old || was.EBR != q.EBR) {
			return true
		}
		if q.Span.Overlaps(over) && (!old || was.Span != q.Span || was.FS != q.FS) {
			return true
		}
	}
	return false
}
