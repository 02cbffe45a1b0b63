package ops

import (
	"fmt"
	"slices"

	"shunt/model"
)

// Queue is the ordered list of pending operations over an initial disk. It is an immutable value: every edit returns a new
// Queue and replays what follows it, so each prefix of a Queue is valid. Undo and Redo walk its history.
type Queue struct {
	initial model.Disk
	env     Env
	list
	past    []change     // how the list became what it is, last last
	undone  []change     // what Redo would do again, next last
	highest model.PartID // identity that was ever asked for
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
	highest := q.highest
	for p := range q.initial.Each() {
		highest = max(highest, p.ID)
	}
	return highest + 1
}

// Stage is the queue with op at its end. An impossible op gives a *Refusal and the queue as it was.
// Staging forgets what could be redone.
func (q Queue) Stage(op Operation) (Queue, error) {
	draft := q.Draft()
	err := draft.Stage(op)
	return draft.q, err
}

// Draft is a queue to stage many operations on: a thousand of them do not copy the list a thousand times.
type Draft struct {
	q Queue // its arrays are shared with no other queue that could append to them
}

// Draft is a draft that begins as the queue. The queue stays as it is.
func (q Queue) Draft() *Draft {
	q.ops, q.disks, q.past = slices.Clone(q.ops), slices.Clone(q.disks), slices.Clone(q.past)
	return &Draft{q}
}

// Queue is what was staged until now. It stays as it is when more is staged.
func (d *Draft) Queue() Queue { return d.q }

// Stage puts op at the end. An impossible op gives a *Refusal and changes nothing.
func (d *Draft) Stage(op Operation) error {
	q := &d.q
	disk, err := judged(q.Preview(), q.env, op)
	if err != nil {
		return err
	}
	n := len(q.ops) // the list before shares the arrays: nothing below n is written again
	q.past = append(q.past, change{Change{Kind: Staged, Op: op, From: -1, To: n}, list{q.ops[:n:n], q.disks[:n:n]}})
	q.ops, q.disks, q.undone = append(q.ops, op), append(q.disks, disk), nil
	q.highest = max(q.highest, op.Part())
	return nil
}

// judged is the disk after op, or a *Refusal.
func judged(before model.Disk, env Env, op Operation) (model.Disk, error) {
	after, err := op.Apply(before, env)
	if err != nil {
		return before, err
	}
	return after, undisturbed(before, after, op)
}

// Remove is the queue without operation i (0-based). If a later operation is impossible without it, the *Refusal names that
// one and the queue stays as it was. Redo forgets what it could do.
func (q Queue) Remove(i int) (Queue, error) {
	return q.replay(Removed, i, -1, slices.Delete(slices.Clone(q.ops), i, i+1))
}

// Reorder is the queue with operation from (0-based) as operation to. If an operation is impossible in the new order, the
// *Refusal names it and the queue stays as it was.
func (q Queue) Reorder(from, to int) (Queue, error) {
	list := slices.Delete(slices.Clone(q.ops), from, from+1)
	return q.replay(Reordered, from, to, slices.Insert(list, to, q.ops[from]))
}

// replay is the queue with another list of operations over the same disk: the one after a change to operation i, which
// becomes operation to.
func (q Queue) replay(doing ChangeKind, i, to int, list []Operation) (Queue, error) {
	at, next, err := q.rebuilt(0, list)
	if err != nil {
		return q, &Refusal{
			What:   fmt.Sprintf("%s operation %d (%v)", doing, i+1, q.ops[i].Describe(q.Before(i))),
			Reason: model.Because("operation %d of the new list would be impossible: %v", at+1, err),
		}
	}
	return next.changed(q, Change{Kind: doing, Op: q.ops[i], From: i, To: to}), nil
}

// rebuilt is the queue with its first n operations and the list behind them. An error comes with the index in the whole
// list of the operation that is impossible.
func (q Queue) rebuilt(n int, list []Operation) (at int, next Queue, err error) {
	next = q
	next.ops = append(slices.Clone(q.ops[:n]), list...)
	next.disks = slices.Grow(slices.Clone(q.disks[:n]), len(list))
	for i, op := range list {
		disk, err := judged(next.Before(n+i), q.env, op)
		if err != nil {
			return n + i, q, err
		}
		next.disks = append(next.disks, disk)
	}
	return 0, next, nil
}
