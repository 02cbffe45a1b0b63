package txn

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// A partition in use, one that is mounted, changes while the transaction is rehearsed and committed, and the kernel holds
// on to it. So its bytes are not written, not kept for a roll back, and not compared to recognise the target. The fence
// does not hide its entry: on the disk the entry stays where it is and gets longer at most (inuse.go, for logical
// partitions). Its file system grows after the commit.

// withoutBusy are the changes without those that a target of fixed size does not need, and with the partitions in use. An
// error means that the transaction would write to one of these.
func (r *Rehearsal) withoutBusy(c changes) (changes, error) {
	if r.Before.Fixed {
		// Giving blocks back is worth a punch in an image file. On a device it is a write.
		c.clear = c.clear.minus(c.freed)
	}
	c.busy = r.partitions(func(p model.Partition) bool { return p.Use.Busy() })
	var places []segment
	for _, p := range c.places {
		// The overlay rounds writes out to blocks; the neighbour's part of such a block is not new.
		for _, q := range c.busy.outside(p.dst, p.dst+p.len) {
			places = append(places, p.clip(q))
		}
	}
	c.places = places
	if touched := c.writes().intersect(c.busy); len(touched) > 0 {
		return c, fmt.Errorf("the transaction would write to %s, which is in use; nothing was changed: unmount or stop it first",
			r.busyAt(touched[0].off))
	}
	return c, nil
}

// busyAt names the partition in use that holds a byte of the target.
func (r *Rehearsal) busyAt(off int64) string {
	sector := geometry.Sector(off / int64(r.Before.SectorSize))
	for _, p := range r.Before.Partitions() {
		if p.Use.Busy() && p.Span.Contains(sector) {
			return p.Ref()
		}
	}
	return fmt.Sprintf("offset %d", off)
}

// bootArea is how much at the start of a disk may hold boot code that no partition owns, in bytes.
const bootArea = 1 << 20

// unclaimed are the bytes of a target of fixed size that belong to no partition before the transaction and, being
// behind its start, to no boot loader. In an image file they are mostly a hole, and cost nothing to restore. On a
// device they hold old data that nobody owns, possibly as much as is moved: a roll back does not restore them.
func (r *Rehearsal) unclaimed(table ranges) ranges {
	if !r.Before.Fixed || r.Before.Table.Kind == model.TableNone {
		return nil
	}
	claimed := newRanges([]byteRange{{0, bootArea}}, table, r.partitions(isNotExtended))
	return claimed.outside(0, r.Device.Size())
}

// hidden lists the partitions that are to be kept from use while the commit runs: those that the fence hides and those
// that get another number.
func (r *Rehearsal) hidden(c changes) []int {
	var numbers []int
	changing := r.changing(c)
	for _, p := range r.Before.Partitions() {
		after, stays := r.After.Partition(p.ID)
		if p.Role != model.Extended && (!stays || after.Number != p.Number || slices.Contains(changing, p.ID)) {
			numbers = append(numbers, p.Number)
		}
	}
	return numbers
}
