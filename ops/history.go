package ops

import (
	"slices"

	"shunt/model"
)

// ChangeKind says what was done to the list of pending operations.
type ChangeKind int

// The ways to change the list.
const (
	Staged ChangeKind = iota
	Removed
	Reordered
)

// String is the edit as a verb, for a refusal: "remove".
func (k ChangeKind) String() string {
	switch k {
	case Staged:
		return "stage"
	case Removed:
		return "remove"
	case Reordered:
		return "reorder"
	}
	return "change"
}

// Change is one step of a queue's history.
type Change struct {
	Kind ChangeKind
	// Op is the operation as it was staged, removed or reordered.
	Op Operation
	// From and To are its index in the list before and after the change, -1 where it is not in that list. For edits that
	// were joined, To is that of the operation they became. Operations are told apart by their index alone: they need not
	// be comparable.
	From, To int
}

// change is a Change with the lists it led from and to. Both are left away for an operation that simply went to the end,
// which nearly all are.
type change struct {
	Change
	was, is *list
}

// list is the pending operations with the disks after each of them. It is never written to.
type list struct {
	ops   []Operation
	disks []model.Disk
}

func (q Queue) list() *list { return &list{ops: q.ops, disks: q.disks} }

// changed is q, which a change made of the queue before, with that in its history.
func (q Queue) changed(before Queue, c Change) Queue {
	q.past = append(slices.Clone(before.past), change{Change: c, was: before.list(), is: q.list()})
	q.undone = nil
	return q
}

// Undo is the queue before its last change, that change, and whether there was one.
func (q Queue) Undo() (Queue, Change, bool) {
	if len(q.past) == 0 {
		return q, Change{}, false
	}
	last := len(q.past) - 1
	c := q.past[last]
	next := q
	if c.was != nil {
		next.ops, next.disks = c.was.ops, c.was.disks
	} else {
		next.ops, next.disks = slices.Clone(q.ops[:len(q.ops)-1]), slices.Clone(q.disks[:len(q.disks)-1])
	}
	next.past = slices.Clone(q.past[:last])
	next.undone = append(slices.Clone(q.undone), c)
	return next, c.Change, true
}

// Redo does again what Undo or Clear took back last, and tells what that was and whether there was any.
func (q Queue) Redo() (Queue, Change, bool) {
	if len(q.undone) == 0 {
		return q, Change{}, false
	}
	last := len(q.undone) - 1
	c := q.undone[last]
	next, err := q, error(nil)
	if c.is != nil {
		next.ops, next.disks = c.is.ops, c.is.disks
	} else if next, err = q.Stage(c.Op); err != nil {
		return q, Change{}, false
	}
	next.past = append(slices.Clone(q.past), c)
	next.undone = slices.Clone(q.undone[:last])
	return next, c.Change, true
}

// Clear is the queue without operations and without a past; Redo brings everything back one by one.
func (q Queue) Clear() Queue {
	for len(q.past) > 0 {
		q, _, _ = q.Undo()
	}
	return q
}
