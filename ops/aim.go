package ops

import (
	"maps"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Aim is the wish behind numbers that shunt chose. When the rehearsal finds that the contents of a partition need more room
// than their superblock says, operations with an aim get other numbers (see Queue.Knowing). Operations without one have
// the numbers that the user gave.
type Aim struct {
	Want Want
	// Part and Size are those of Env.Room, for Roomy, and Part is that of Env.Tight.
	Part  model.PartID
	Size  geometry.Sector
	Align geometry.Alignment
	// Ops is how many operations follow each other for this wish.
	Ops int
}

// Want is the kind of an aim.
type Want int

// The kinds of aims.
const (
	AsGiven  Want = iota // the numbers are the wish
	Smallest             // the partition is to be as small as its contents allow
	Roomy                // the operations are those that Env.Room returns
	Tight                // the operations are those that Env.Tight returns
)

// aimOf returns the aim of an operation.
func aimOf(op Operation) Aim {
	switch op := op.(type) {
	case MoveResize:
		return op.Aim
	case ImageSize:
		return op.Aim
	}
	return Aim{}
}

// Aimed returns the operation with an aim, if its kind can have one.
func Aimed(op Operation, a Aim) Operation {
	switch op := op.(type) {
	case MoveResize:
		op.Aim = a
		return op
	case ImageSize:
		op.Aim = a
		return op
	}
	return op
}

// Yields reports whether operation i may get other numbers.
func (q Queue) Yields(i int) bool { return aimOf(q.ops[i]).Want != AsGiven }

// Knowing returns the queue for the same disk, now that the contents of partition id are known to need at least that many
// bytes, also those that the queue itself makes. Operations with an aim get new numbers, all others stay. The error is a
// *Refusal if that cannot be done.
func (q Queue) Knowing(id model.PartID, least geometry.Bytes) (Queue, error) {
	next := NewQueue(q.initial, q.env)
	if p, ok := q.initial.Partition(id); ok {
		next.initial = q.initial.With(needing(p, least))
	}
	next.needs = q.needs
	if slices.ContainsFunc(q.ops, func(op Operation) bool { return op.Part() == id && makesContents(op) }) {
		next.needs = map[model.PartID]geometry.Bytes{}
		maps.Copy(next.needs, q.needs)
		next.needs[id] = least
	}
	for i := 0; i < len(q.ops); {
		list, n, err := q.renewed(i, next)
		for _, op := range list {
			if err == nil {
				next, err = next.Stage(op)
			}
		}
		if err != nil {
			return q, err
		}
		i += n
	}
	return next, nil
}

// needing returns p with contents that need at least that many bytes.
func needing(p model.Partition, least geometry.Bytes) model.Partition {
	p.FS.Min = min(max(p.FS.Min, least), p.FS.Size)
	return p
}

// makesContents reports whether an operation puts a new file system into its partition.
func makesContents(op Operation) bool {
	switch op.(type) {
	case New, Format, Copy, CopyOver:
		return true
	}
	return false
}

// knowing returns the disk after op with what is known of the contents that op makes.
func (q Queue) knowing(op Operation, after model.Disk) model.Disk {
	least, known := q.needs[op.Part()]
	p, ok := after.Partition(op.Part())
	if !known || !ok || !makesContents(op) {
		return after
	}
	return after.With(needing(p, least))
}

// renewed returns what takes the place of operation i and the ones that belong to it, n in all, behind the queue next.
func (q Queue) renewed(i int, next Queue) (list []Operation, n int, err error) {
	op := q.ops[i]
	switch a := aimOf(op); {
	case a.Want == Smallest:
		op, err = smallest(next.Preview(), q.env, op, a)
	case a.Want == Roomy && q.whole(i, a):
		list, err = q.env.Room(next, a.Part, a.Size, a.Align)
		return list, a.Ops, err
	case a.Want == Tight && q.whole(i, a):
		list, err = q.env.Tight(next, a.Part, a.Align)
		return list, a.Ops, err
	}
	return []Operation{op}, 1, err
}

// whole reports whether all operations of an aim still follow each other from operation i on.
func (q Queue) whole(i int, a Aim) bool {
	known := a.Want == Roomy && q.env.Room != nil || a.Want == Tight && q.env.Tight != nil
	if !known || a.Ops < 1 || i+a.Ops > len(q.ops) {
		return false
	}
	for _, op := range q.ops[i : i+a.Ops] {
		if aimOf(op) != a {
			return false
		}
	}
	return true
}

// smallest returns a move or resize with the smallest length that is possible on the disk d.
func smallest(d model.Disk, env Env, op Operation, a Aim) (Operation, error) {
	m, ok := op.(MoveResize)
	if !ok {
		return op, nil
	}
	least, err := ShrinkToMin(d, env, m.ID, a.Align)
	if err != nil {
		return op, err
	}
	m.Len = max(m.Len, least.Len)
	return m, nil
}
