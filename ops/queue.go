package ops

import (
	"cmp"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Queue is the ordered list of pending operations on an initial disk. It is an immutable value: every edit returns a new
// Queue and replays the operations behind it, so each prefix of a Queue is valid. Undo and Redo walk its history.
type Queue struct {
	initial model.Disk
	env     Env
	list
	past    []change                        // how the list became what it is, last last
	undone  []change                        // what Redo would do again, next last
	highest model.PartID                    // identity that was ever asked for
	needs   map[model.PartID]geometry.Bytes // what contents that the queue makes are known to need (see Knowing); it is never changed
}

// NewQueue returns an empty queue on a scanned disk.
func NewQueue(initial model.Disk, env Env) Queue { return Queue{initial: initial, env: env} }

// Initial returns the disk as it was scanned.
func (q Queue) Initial() model.Disk { return q.initial }

// Env returns what decides, besides the disk, whether an operation is possible.
func (q Queue) Env() Env { return q.env }

// Len returns the number of pending operations.
func (q Queue) Len() int { return len(q.ops) }

// Ops returns the pending operations in order.
func (q Queue) Ops() []Operation { return slices.Clone(q.ops) }

// Before returns the disk to which operation i is applied. i is from 0 to Len(); Before(Len()) is the preview.
func (q Queue) Before(i int) model.Disk {
	if i == 0 {
		return q.initial
	}
	return q.disks[i-1]
}

// DescribeAt describes operation i. It knows the other operations, which Operation.Describe does not.
func (q Queue) DescribeAt(i int) Phrase {
	if o, ok := q.ops[i].(NewTable); ok {
		return o.describe(q.Before(i), q.rescues())
	}
	return q.ops[i].Describe(q.Before(i))
}

// Same reports whether two queues hold the same list of operations. It does not look into the operations: after a change and its
// reverse the list is another one.
func (q Queue) Same(other Queue) bool {
	return len(q.ops) == len(other.ops) && (len(q.ops) == 0 || &q.ops[0] == &other.ops[0])
}

// Preview returns the disk after all pending operations.
func (q Queue) Preview() model.Disk { return q.Before(q.Len()) }

// NextID returns an identity for a new partition that no partition of this queue has had.
func (q Queue) NextID() model.PartID {
	return max(q.highest, highest(q.initial)) + 1
}

// highest returns the highest identity of a partition of d, or 0.
func highest(d model.Disk) (id model.PartID) {
	for p := range d.Each() {
		id = max(id, p.ID)
	}
	return id
}

// Stage returns the queue with op at its end. If op is impossible, it returns a *Refusal and the unchanged queue. After
// Stage there is nothing to redo.
func (q Queue) Stage(op Operation) (Queue, error) {
	draft := q.Draft()
	err := draft.Stage(op)
	return draft.q, err
}

// Draft is a queue for staging many operations. It does not copy the list for each of them.
type Draft struct {
	q Queue // no other queue can append to its arrays
}

// Draft returns a draft that begins as a copy of the queue.
func (q Queue) Draft() *Draft {
	q.ops, q.disks, q.past = slices.Clone(q.ops), slices.Clone(q.disks), slices.Clone(q.past)
	return &Draft{q}
}

// Queue returns the operations staged so far. Later calls of Stage do not change the result.
func (d *Draft) Queue() Queue { return d.q }

// Stage adds op at the end. If op is impossible, it returns a *Refusal and changes nothing.
func (d *Draft) Stage(op Operation) error {
	q := &d.q
	disk, err := q.judged(len(q.ops), q.Preview(), op)
	if err != nil {
		return orFree(err, q.Preview(), func(free model.Disk) bool {
			_, err := q.judged(len(q.ops), free, op)
			return err == nil
		})
	}
	n := len(q.ops) // earlier queues share the arrays, so nothing below n is overwritten
	q.past = append(q.past, change{Change{Kind: Staged, Op: op, From: -1, To: n}, list{q.ops[:n:n], q.disks[:n:n]}})
	q.ops, q.disks, q.undone = append(q.ops, op), append(q.disks, disk), nil
	q.highest = max(q.highest, op.Part(), highest(disk)) // a whole table can bring partitions
	return nil
}

// judged returns the disk after op, which follows the first n operations and is applied to before, or a *Refusal.
func (q Queue) judged(n int, before model.Disk, op Operation) (model.Disk, error) {
	if err := cmp.Or(fitForEdits(before, op), apart(q.ops[:n], op), q.overwritten(n, op)); err != nil {
		return before, err
	}
	after, err := op.Apply(before, q.env)
	if err != nil || standsAlone(op) {
		return after, err
	}
	after = q.knowing(op, after)
	return after, cmp.Or(undisturbed(before, after, op), claimed(before, after, op))
}

// Remove returns the queue without operation i (0-based). If a later operation becomes impossible, it returns a *Refusal
// that names that one, and the unchanged queue. After Remove there is nothing to redo.
func (q Queue) Remove(i int) (Queue, error) {
	return q.replay(Removed, i, -1, slices.Delete(slices.Clone(q.ops), i, i+1))
}

// Reorder returns the queue after operation from (0-based) has become operation to. If an operation is impossible in the
// new order, it returns a *Refusal that names it, and the unchanged queue.
func (q Queue) Reorder(from, to int) (Queue, error) {
	list := slices.Delete(slices.Clone(q.ops), from, from+1)
	return q.replay(Reordered, from, to, slices.Insert(list, to, q.ops[from]))
}

// replay returns the queue with another list of operations on the same disk. The new list is the result of changing
// operation i, which becomes operation to.
func (q Queue) replay(doing ChangeKind, i, to int, list []Operation) (Queue, error) {
	at, next, err := q.rebuilt(0, list)
	if err != nil {
		return q, &Refusal{
			What:   fmt.Sprintf("%s operation %d (%v)", doing, i+1, q.DescribeAt(i)),
			Reason: model.Because("operation %d of the new list would be impossible: %v", at+1, err),
		}
	}
	return next.changed(q, Change{Kind: doing, Op: q.ops[i], From: i, To: to}), nil
}

// rebuilt returns the queue with its first n operations followed by the list. If an operation is impossible, at is its
// index in the whole list.
func (q Queue) rebuilt(n int, list []Operation) (at int, next Queue, err error) {
	next = q
	next.ops = append(slices.Clone(q.ops[:n]), list...)
	next.disks = slices.Grow(slices.Clone(q.disks[:n]), len(list))
	for i, op := range list {
		disk, err := next.judged(n+i, next.Before(n+i), op)
		if err != nil {
			return n + i, q, err
		}
		next.disks = append(next.disks, disk)
	}
	return 0, next, nil
}
