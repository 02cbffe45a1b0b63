package ops

import (
	"slices"

	"shunt/model"
)

// ChangeKind is a verb for a change to the list of pending operations.
type ChangeKind string

// Kinds of changes to the list.
const (
	Staged    ChangeKind = "stage"
	Removed   ChangeKind = "remove"
	Reordered ChangeKind = "reorder"
)

// Change is one step of a queue's history.
type Change struct {
	Kind ChangeKind
	// Op is the operation that was staged, removed or reordered.
	Op Operation
	// From and To are the operation's indexes in the list before and after the change, or -1 if it is not in that list.
	// After joined edits, To is the index of the resulting operation. Only the index identifies an operation, because
	// operations need not be comparable.
	From, To int
}

// list holds the pending operations and the disk after each of them. It is never modified.
type list struct {
	ops   []Operation
	disks []model.Disk
}

// change is a Change with the list to restore: the one before the change for Undo, the one after it for Redo.
type change struct {
	Change
	list list
}

// changed returns q with one more change in its history. before is the queue before that change.
func (q Queue) changed(before Queue, c Change) Queue {
	q.past = append(slices.Clone(before.past), change{c, before.list})
	q.undone = nil
	return q
}

// Undo returns the queue before its last change, and the change. ok is false if there is none.
func (q Queue) Undo() (Queue, Change, bool) {
	c, ok := q.walk(&q.past, &q.undone)
	return q, c, ok
}

// Redo returns the queue after repeating the change that Undo or Clear took back last, and that change. ok is false if
// there is none.
func (q Queue) Redo() (Queue, Change, bool) {
	c, ok := q.walk(&q.undone, &q.past)
	return q, c, ok
}

// walk takes back the last change of one list and adds it to the other list.
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

// Clear returns the queue without operations and without a past. Redo brings everything back one by one.
func (q Queue) Clear() Queue {
	for len(q.past) > 0 {
		q, _, _ = q.Undo()
	}
	return q
}
