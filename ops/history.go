package ops

import (
	"slices"

	"shunt/model"
)

// ChangeKind says what was done to the list of pending operations, as a verb.
type ChangeKind string

// The ways to change the list.
const (
	Staged    ChangeKind = "stage"
	Removed   ChangeKind = "remove"
	Reordered ChangeKind = "reorder"
)

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

// list is the pending operations with the disk after each of them. It is never written to.
type list struct {
	ops   []Operation
	disks []model.Disk
}

// change is a Change with the list on its other side: before it for Undo, after it for Redo.
type change struct {
	Change
	list list
}

// changed is q, which a change made of the queue before, with that in its history.
func (q Queue) changed(before Queue, c Change) Queue {
	q.past = append(slices.Clone(before.past), change{c, before.list})
	q.undone = nil
	return q
}

// Undo is the queue before its last change, that change, and whether there was one.
func (q Queue) Undo() (Queue, Change, bool) {
	c, ok := q.walk(&q.past, &q.undone)
	return q, c, ok
}

// Redo is the queue with the change that Undo or Clear took back last, that change, and whether there was one.
func (q Queue) Redo() (Queue, Change, bool) {
	c, ok := q.walk(&q.undone, &q.past)
	return q, c, ok
}

// walk takes the last change of one list, goes to the other side of it, and puts it at the end of the other list.
func (q *Queue) walk(from, to *[]change) (Change, bool) {
	last := len(*from) - 1
	if last < 0 {
		return Change{}, false
	}
	c := (*from)[last]
	*from, *to = slices.Clone((*from)[:last]), append(slices.Clone(*to), change{c.Change, q.list})
	q.list = c.list
	return c.Change, true
}

// Clear is the queue without operations and without a past; Redo brings everything back one by one.
func (q Queue) Clear() Queue {
	for len(q.past) > 0 {
		q, _, _ = q.Undo()
	}
	return q
}
