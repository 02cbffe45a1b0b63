package ops

import (
	"slices"

	"shunt/model"
)

// Queue is the ordered list of pending operations over an initial disk. It is an immutable value: every
// edit returns a new Queue, and every edit replays what follows it, so each prefix of a Queue is valid.
type Queue struct {
	initial model.Disk
	env     Env
	ops     []Operation
	disks   []model.Disk // disks[i] is the disk after ops[:i+1]
	undone  []Operation  // what Redo would stage again, next last
}

// NewQueue is the empty queue over a scanned disk.
func NewQueue(initial model.Disk, env Env) Queue { return Queue{initial: initial, env: env} }

// Initial is the disk as scanned.
func (q Queue) Initial() model.Disk { return q.initial }

// Env is what operations are judged by.
func (q Queue) Env() Env { return q.env }

// Len is the number of pending operations.
func (q Queue) Len() int { return len(q.ops) }

// Ops lists the pending operations in order.
func (q Queue) Ops() []Operation { return slices.Clone(q.ops) }

// Before is the disk that operation i is applied to; Before(Len()) is the preview. i is from 0 to Len().
func (q Queue) Before(i int) model.Disk {
	if i == 0 {
		return q.initial
	}
	return q.disks[i-1]
}

// Preview is the disk after all pending operations.
func (q Queue) Preview() model.Disk { return q.Before(q.Len()) }

// NextID is an identity no partition of this queue has had, for a new partition.
func (q Queue) NextID() model.PartID {
	var highest model.PartID
	for _, p := range q.initial.Partitions() {
		highest = max(highest, p.ID)
	}
	for _, list := range [][]Operation{q.ops, q.undone} {
		for _, op := range list {
			highest = max(highest, op.Part())
		}
	}
	return highest + 1
}

// Stage is the queue with op at its end. An impossible op gives a *Refusal and the queue as it was.
// Staging forgets what could be redone.
func (q Queue) Stage(op Operation) (Queue, error) {
	next, err := q.owned().stageOwned(op)
	if err != nil {
		return q, err
	}
	return next, nil
}

// owned is the queue with arrays of its own, to which stageOwned may append.
func (q Queue) owned() Queue {
	q.ops, q.disks = slices.Clone(q.ops), slices.Clone(q.disks)
	return q
}

// stageOwned is Stage for a queue made by owned, which must not be used any more: staging a thousand operations one after
// the other does not copy the list a thousand times.
func (q Queue) stageOwned(op Operation) (Queue, error) {
	disk, err := op.Apply(q.Preview(), q.env)
	if err == nil {
		err = undisturbed(q.Preview(), disk, lowered(op.Describe(q.Preview())))
	}
	if err != nil {
		return q, err
	}
	q.ops, q.disks, q.undone = append(q.ops, op), append(q.disks, disk), nil
	return q, nil
}

// Undo is the queue without its last operation, that operation, and whether there was one.
func (q Queue) Undo() (Queue, Operation, bool) {
	if len(q.ops) == 0 {
		return q, nil, false
	}
	last := len(q.ops) - 1
	op := q.ops[last]
	next := q
	next.ops = slices.Clone(q.ops[:last])
	next.disks = slices.Clone(q.disks[:last])
	next.undone = append(slices.Clone(q.undone), op)
	return next, op, true
}

// Redo stages again what Undo or Clear took away last, and tells what that was and whether there was any.
func (q Queue) Redo() (Queue, Operation, bool) {
	if len(q.undone) == 0 {
		return q, nil, false
	}
	last := len(q.undone) - 1
	op := q.undone[last]
	next, err := q.Stage(op)
	if err != nil {
		return q, nil, false
	}
	next.undone = slices.Clone(q.undone[:last])
	return next, op, true
}

// Clear is the queue without operations; Redo brings them back one by one.
func (q Queue) Clear() Queue {
	for q.Len() > 0 {
		q, _, _ = q.Undo()
	}
	return q
}

// Remove is the queue without operation i (0-based). If a later operation is impossible without it, the
// *Refusal names that one and the queue stays as it was. Removing forgets what could be redone.
func (q Queue) Remove(i int) (Queue, error) {
	return q.replay("remove", i, slices.Delete(slices.Clone(q.ops), i, i+1))
}

// Reorder is the queue with operation from (0-based) taken out and put back so that it becomes operation
// to. If an operation is impossible in the new order, the *Refusal names it and the queue stays as it was.
func (q Queue) Reorder(from, to int) (Queue, error) {
	list := slices.Delete(slices.Clone(q.ops), from, from+1)
	return q.replay("reorder", from, slices.Insert(list, to, q.ops[from]))
}
