package ops

import (
	"reflect"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// This file joins edits of the same thing. A wrong rule here does no harm. Each rule only proposes a shorter list, and
// the list is used only if a replay proves that it leads to the same disk with the same contents (equal.go).

// Edit returns the queue with op at its end, like Stage, or a shorter queue with the same result: two moves become one
// move, and a partition that is made and deleted disappears. Undo still takes back only op. Plan files are not shortened:
// they are carried out as they were written.
func (q Queue) Edit(op Operation) (Queue, error) {
	staged, err := q.Stage(op)
	if err != nil {
		return q, err
	}
	for _, m := range staged.mergers() {
		_, shorter, err := staged.rebuilt(m.from, m.list)
		if err == nil && shorter.Len() < staged.Len() && equal(staged, shorter) {
			return shorter.changed(q, Change{Kind: Staged, Op: op, From: -1, To: m.joined}), nil
		}
	}
	return staged, nil
}

// merger is a proposal: the first operations of the queue, followed by the list. joined is the index of the operation
// that replaces two others, or -1.
type merger struct {
	from   int
	list   []Operation
	joined int
}

// mostPartners limits how many earlier edits of the same partition are tried as a partner for the last one. If there were
// more, some of them would already be joined.
const mostPartners = 4

// mergers returns proposals to shorten a queue whose last operation was just staged, the shortest first.
func (q Queue) mergers() []merger {
	last := len(q.ops) - 1
	switch b := q.ops[last].(type) {
	case Delete:
		return q.deletion(b)
	case NewTable:
		return []merger{q.without(func(i int) bool {
			_, size := q.ops[i].(ImageSize)
			return i < last && !size && !leavesNoMark(q.ops[i])
		})}
	}
	var both, one []merger
	partners := 0
	for i := last - 1; i >= 0 && partners < mostPartners; i-- {
		if !touches(q.ops[i], q.ops[last].Part()) {
			continue
		}
		partners++
		if sameKind(q.ops[i], q.ops[last]) {
			both = append(both, q.without(func(j int) bool { return j == i || j == last }))
		}
		one = append(one, q.pair(i)...)
		if _, check := q.ops[last].(Check); check {
			break // this check may be needed because of edits after the earlier one
		}
	}
	return append(both, one...)
}

// touches reports whether op edits or reads partition id. For id 0 it reports whether op edits the whole disk.
func touches(op Operation, id model.PartID) bool {
	from, source := copiedFrom(op)
	return op.Part() == id || id != 0 && source == nil && from == id
}

func sameKind(a, b Operation) bool {
	return a.Part() == b.Part() && reflect.TypeOf(a) == reflect.TypeOf(b)
}

// without proposes the queue without some operations.
func (q Queue) without(drop func(i int) bool) merger {
	m := merger{from: -1, joined: -1}
	for i, op := range q.ops {
		switch {
		case drop(i) && m.from < 0:
			m.from = i
		case !drop(i) && m.from >= 0:
			m.list = append(m.list, op)
		}
	}
	if m.from < 0 {
		m.from = len(q.ops)
	}
	return m
}

// deletion proposes to drop the edits of a partition before its deletion but not a wipe, and also the deletion if the
// queue made the partition. Where others took the room that a dropped move made, the deletion comes in place of the first edit.
func (q Queue) deletion(b Delete) []merger {
	last := len(q.ops) - 1
	edits := func(i int) bool { return q.ops[i].Part() == b.ID && !leavesNoMark(q.ops[i]) }
	but := q.without(func(i int) bool { return i < last && edits(i) })
	if _, scanned := q.initial.Partition(b.ID); !scanned {
		return []merger{q.without(edits), but}
	}
	early := q.without(edits) // its list begins at the first edit
	early.list, early.joined = append([]Operation{b}, early.list...), early.from
	return []merger{but, early}
}

// pair proposes to replace operation i and the last one by a single one, at either place.
func (q Queue) pair(i int) []merger {
	last := len(q.ops) - 1
	a, b := q.ops[i], q.ops[last]
	between := q.ops[i+1 : last]
	early := func(op Operation) merger { return merger{i, append([]Operation{op}, between...), i} }
	late := func(op Operation) merger { return merger{i, append(slices.Clone(between), op), last - 1} }
	switch joined := joined(a, b, q).(type) {
	case nil:
	case MoveResize:
		// Its distances are relative to the disk to which it will be applied.
		span := q.span(b.Part())
		at := func(d model.Disk) Operation {
			op := MoveResizeTo(d, b.Part(), span)
			if a := aimOf(b); a.Want == Smallest {
				op.Aim = a
			}
			return op
		}
		out := []merger{early(at(q.Before(i)))}
		if _, without, err := q.rebuilt(i, between); err == nil {
			out = append(out, late(at(without.Preview())))
		}
		return out
	default:
		return []merger{early(joined), late(joined)}
	}
	if sameKind(a, b) {
		return []merger{early(b), late(b), {i, append([]Operation{a}, between...), -1}}
	}
	_, filled := a.(Fill) // a resize fills the partition anyway
	if (filled || overwrites(b) && contentsOnly(a)) && a.Part() == b.Part() {
		return []merger{late(b)}
	}
	return nil
}

// span returns the place of a partition after the queue.
func (q Queue) span(id model.PartID) geometry.Span {
	p, _ := q.Preview().Partition(id)
	return p.Span
}

// joined returns one operation that may have the same effect as a followed by b, or nil.
func joined(a, b Operation, q Queue) Operation {
	if a.Part() != b.Part() {
		return nil
	}
	p, _ := q.Preview().Partition(b.Part())
	switch a := a.(type) {
	case MoveResize:
		if _, ok := b.(MoveResize); ok {
			return MoveResize{ID: a.ID}
		}
	case New:
		switch b.(type) {
		case MoveResize, Format, SetLabel, SetName, SetType, SetFlag:
			return madeLike(a, p, q.Preview().Table.Kind)
		}
	case Copy:
		if _, ok := b.(MoveResize); ok {
			a.At, a.Len = p.Span.Start, p.Span.Len()
			return a
		}
	case Format:
		if b, ok := b.(SetLabel); ok {
			a.Label = b.Label
			return a
		}
	}
	return nil
}

// madeLike returns the operation that creates a partition in its final form.
func madeLike(a New, p model.Partition, kind model.TableKind) New {
	a.At, a.Len, a.FS, a.Label, a.Name, a.Type = p.Span.Start, p.Span.Len(), p.FS.Kind, p.FS.Label, p.Name, p.Type
	if p.Type == model.DefaultType(kind, a.Role, a.FS) {
		a.Type = ""
	}
	return a
}

// overwrites reports whether an operation replaces the contents of its partition.
func overwrites(op Operation) bool {
	switch op.(type) {
	case Format, CopyOver, Discard, Wipe:
		return true
	}
	return false
}

// contentsOnly reports whether an operation changes only the contents of its partition. It may miss some that do.
func contentsOnly(op Operation) bool {
	switch op.(type) {
	case Format, CopyOver, Discard, SetLabel, NewUUID, Check, Fill:
		return true
	}
	return false
}
