package ops

import (
	"reflect"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// This file joins edits of the same thing. A wrong rule here does no harm: each only proposes a shorter list, which is
// taken if replaying it proves that it leads to the same disk with the same contents (equal.go).

// Edit is the queue with op at its end, as Stage makes it, or a shorter one that leads to the same: two moves are one
// move, a partition that is made and deleted is nothing. Undo still takes back op alone. Plan files are staged, not
// edited: they are carried out as they were written.
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

// merger proposes the first operations of the queue and then the list. joined is the index in both of the operation that
// two became, -1 if there is none.
type merger struct {
	from   int
	list   []Operation
	joined int
}

// mostPartners bounds with how many earlier edits of the same partition the last one is paired. After more of them some
// have been joined already.
const mostPartners = 4

// mergers proposes shorter lists for a queue whose last operation was just staged, the shortest first.
func (q Queue) mergers() []merger {
	last := len(q.ops) - 1
	switch b := q.ops[last].(type) {
	case Delete:
		return q.deletion(b)
	case NewTable:
		keep := func(op Operation) bool { return reflect.TypeOf(op) == reflect.TypeFor[ImageSize]() }
		return []merger{q.without(func(i int) bool { return i < last && !keep(q.ops[i]) })}
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
			break // what was done since the check before may be what this one is for
		}
	}
	return append(both, one...)
}

// touches reports whether op edits or reads the partition, or edits the disk as a whole if that is what id says.
func touches(op Operation, id model.PartID) bool {
	from, source := copiedFrom(op)
	return op.Part() == id || id != 0 && source == nil && from == id
}

func sameKind(a, b Operation) bool {
	return a.Part() == b.Part() && reflect.TypeOf(a) == reflect.TypeOf(b)
}

// without proposes the queue less some operations.
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

// deletion proposes to drop the edits of a partition before it was deleted, and the deletion too if the queue made it.
func (q Queue) deletion(b Delete) []merger {
	last := len(q.ops) - 1
	edits := func(i int) bool { return q.ops[i].Part() == b.ID }
	but := q.without(func(i int) bool { return i < last && edits(i) })
	if _, scanned := q.initial.Partition(b.ID); scanned {
		return []merger{but}
	}
	return []merger{q.without(edits), but}
}

// pair proposes to join operation i with the last one: in the place of the one, and in that of the other.
func (q Queue) pair(i int) []merger {
	last := len(q.ops) - 1
	a, b := q.ops[i], q.ops[last]
	between := q.ops[i+1 : last]
	early := func(op Operation) merger { return merger{i, append([]Operation{op}, between...), i} }
	late := func(op Operation) merger { return merger{i, append(slices.Clone(between), op), last - 1} }
	switch joined := joined(a, b, q).(type) {
	case nil:
	case MoveResize:
		// What it holds is relative to the disk it comes to be applied to.
		span, d := q.span(b.Part()), q.Before(i)
		out := []merger{early(MoveResizeTo(d, b.Part(), span))}
		if _, without, err := q.rebuilt(i, between); err == nil {
			out = append(out, late(MoveResizeTo(without.Preview(), b.Part(), span)))
		}
		return out
	default:
		return []merger{early(joined), late(joined)}
	}
	if sameKind(a, b) {
		return []merger{early(b), late(b), {i, append([]Operation{a}, between...), -1}}
	}
	if overwrites(b) && contentsOnly(a) && a.Part() == b.Part() {
		return []merger{late(b)}
	}
	return nil
}

// span is where the queue leaves a partition.
func (q Queue) span(id model.PartID) geometry.Span {
	p, _ := q.Preview().Partition(id)
	return p.Span
}

// joined is one operation that may do what a and, later, b do, or nil.
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

// madeLike is the creation of a partition as it is in the end.
func madeLike(a New, p model.Partition, kind model.TableKind) New {
	a.At, a.Len, a.FS, a.Label, a.Name, a.Type = p.Span.Start, p.Span.Len(), p.FS.Kind, p.FS.Label, p.Name, p.Type
	if p.Type == model.DefaultType(kind, a.Role, a.FS) {
		a.Type = ""
	}
	return a
}

// overwrites reports whether an operation puts something else in the place of the contents.
func overwrites(op Operation) bool {
	switch op.(type) {
	case Format, CopyOver:
		return true
	}
	return false
}

// contentsOnly reports whether an operation changes nothing but the contents of its partition. It need not know them all.
func contentsOnly(op Operation) bool {
	switch op.(type) {
	case Format, CopyOver, SetLabel, NewUUID, Check:
		return true
	}
	return false
}
