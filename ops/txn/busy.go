package txn

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// A partition in use, such as a mounted one, may change at any time during the rehearsal and the commit. So its bytes are
// not written, not kept for a roll back, and not compared to recognise the target. The fence does not hide its entry: the
// entry stays at its place and at most gets longer (for logical partitions see inuse.go). Its file system grows after the
// commit.

// withoutBusy notes in c the partitions in use and drops the writes that would only repeat what they hold. On a target of
// fixed size it also drops the clearing of freed blocks. It fails if the transaction would write to a partition in use.
func (r *Rehearsal) withoutBusy(c changes) (changes, error) {
	if r.Before.Fixed {
		// An image file gives the host back its freed blocks. On a device, clearing them would only cost writes.
		c.clear = c.clear.minus(c.freed)
	}
	c.busy = r.partitions(func(p model.Partition) bool { return p.Use.Busy() })
	var places []segment
	for _, p := range c.places {
		// The overlay rounds writes out to blocks. The neighbour's part of such a block is not new.
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

// bootArea is the length of the area at the start of a disk that may hold boot code outside all partitions, in bytes.
const bootArea = 1 << 20

// unclaimed returns the bytes of a target of fixed size that belong to no partition, table or boot loader before the
// transaction. A roll back does not restore them: they hold old data that nobody owns, possibly as much as is moved. In an
// image file such bytes are mostly a hole and cost nothing to restore, so for files the result is empty.
func (r *Rehearsal) unclaimed(table ranges) ranges {
	if !r.Before.Fixed || r.Before.Table.Kind == model.TableNone {
		return nil
	}
	claimed := newRanges([]byteRange{{0, bootArea}}, table, r.partitions(isNotExtended))
	return claimed.outside(0, r.Device.Size())
}

// hidden lists the numbers of the partitions that nobody may use while the commit runs: those that the fence hides and
// those that get another number.
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
