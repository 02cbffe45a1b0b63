package txn

import (
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/journal"
)

// A partition in use, one that is mounted, changes while the transaction is rehearsed and committed, and the kernel holds
// on to it. So its bytes are not written, not kept for a roll back, not taken for a sign that the target is the same, and
// its entry is not hidden by the fence: on the disk it stays where it is and gets longer at most; insight.go does that for
// logical partitions. What the file system has to be told is told after the commit.

// apart is the changes without what a target of fixed size leaves as it is, and with the partitions in use known. An error
// means that the transaction would write to one of these.
func (r *Rehearsal) apart(l changes) (changes, error) {
	if r.Before.Fixed {
		// Giving blocks back is worth a punch in an image file. On a device it is a write.
		l.clear = l.clear.minus(l.freed)
	}
	z := r.Before.SectorSize
	var runs []byteRange
	for _, p := range r.Before.Partitions() {
		if p.Use.Busy() {
			runs = append(runs, byteRange{int64(z.Bytes(p.Span.Start)), int64(z.Bytes(p.Span.End))})
		}
	}
	l.busy = newRanges(runs)
	var places []place
	for _, p := range l.places {
		// The overlay rounds writes out to blocks; what lies in such a block of a neighbour is not new.
		for _, q := range l.busy.outside(p.off, p.off+p.len) {
			places = append(places, place{off: q.off, src: p.src + q.off - p.off, len: q.end - q.off})
		}
	}
	l.places = places
	if touched := l.writes().intersect(l.busy); len(touched) > 0 {
		return l, fmt.Errorf("the transaction would write to %s, which is in use; nothing was changed: unmount or stop it first", r.busyAt(touched[0].off))
	}
	return l, nil
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

// loaders is how much at the start of a disk may hold boot code that no partition owns, in bytes.
const loaders = 1 << 20

// unclaimed are the bytes of a target of fixed size that belong to no partition, neither before the transaction nor, being
// at its start, to a boot loader. In an image file what lies there is mostly a hole and costs nothing to bring back. On a
// device it is whatever was written there once, as much as is moved, and nobody's: a roll back does without it.
func (r *Rehearsal) unclaimed(table ranges) ranges {
	if !r.Before.Fixed || r.Before.Table.Kind == model.TableNone {
		return nil
	}
	z := r.Before.SectorSize
	claimed := append([]byteRange{{0, loaders}}, table...)
	for _, p := range r.Before.Partitions() {
		if p.Role != model.Extended {
			claimed = append(claimed, byteRange{int64(z.Bytes(p.Span.Start)), int64(z.Bytes(p.Span.End))})
		}
	}
	return newRanges([]byteRange{{0, r.Device.Size()}}).minus(newRanges(claimed))
}

// hidden lists the partitions that are to be kept from use while the commit runs: those that the fence hides and those
// that get another number.
func (r *Rehearsal) hidden(l changes) []int {
	var numbers []int
	changing := r.changing(l)
	for _, p := range r.Before.Partitions() {
		after, stays := r.After.Partition(p.ID)
		if p.Role == model.Extended {
			continue
		}
		renumbered := !stays || after.Number != p.Number
		for _, id := range changing {
			renumbered = renumbered || id == p.ID
		}
		if renumbered {
			numbers = append(numbers, p.Number)
		}
	}
	return numbers
}

// WrittenRuns lists every run of the target that the transactions in a store write, forwards or backwards, be they unfinished
// or kept for an undo.
func WrittenRuns(store journal.Store) ([]journal.Run, error) {
	var runs []journal.Run
	for _, side := range journal.Sides(store) {
		j, err := journal.Open(side)
		if errors.Is(err, journal.ErrNone) || errors.Is(err, journal.ErrKeptDamaged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p := j.Program()
		for _, u := range append(undoUnits(p, len(p.Units)), p.Units...) {
			for _, op := range u.Ops {
				if op.Kind != journal.OpSize && op.Kind != journal.OpStage {
					runs = append(runs, journal.Run{Off: op.Off, Len: op.Len})
				}
			}
		}
		if err := j.Close(); err != nil {
			return nil, err
		}
	}
	return runs, nil
}
