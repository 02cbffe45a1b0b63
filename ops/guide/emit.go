package guide

import (
	"cmp"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// task is one partition that gets another span.
type task struct {
	part     model.Partition
	from, to geometry.Span
}

// turn returns the place of a task in the natural order: first what only gets shorter, then the extended partition if it
// grows, then moves to the right from the right, moves to the left from the left, the extended partition if it shrinks,
// and the target.
func (t task) turn(target model.PartID) int {
	switch {
	case t.part.ID == target:
		return 5
	case t.part.Role == model.Extended && t.to.Encloses(t.from):
		return 1
	case t.part.Role == model.Extended:
		return 4
	case t.from.Start == t.to.Start:
		return 0
	case t.to.Start > t.from.Start:
		return 2
	}
	return 3
}

// tasks returns the changes that lead to a layout, in the order of turn.
func (l *line) tasks(at layout) []task {
	var list []task
	var ext task
	for _, s := range at.spots {
		it := &l.items[s.item]
		switch {
		case it.kind == opening:
			ext.part, ext.from, ext.to.Start = it.part, it.part.Span, s.span.Start
		case it.kind == closing:
			ext.to.End = s.span.Start
		case s.span != it.span:
			list = append(list, task{part: it.part, from: it.span, to: s.span})
		}
	}
	list = append(list, ends(ext)...)
	target := model.PartID(0)
	if l.target >= 0 {
		target = l.items[l.target].part.ID
	}
	slices.SortStableFunc(list, func(a, b task) int {
		turn := a.turn(target)
		if order := cmp.Compare(turn, b.turn(target)); order != 0 || turn != 2 {
			return order
		}
		return cmp.Compare(b.from.Start, a.from.Start)
	})
	return list
}

// ends splits a task for the extended partition into one for each end that changes: first the end that gains space, last
// the end that gives up space.
func ends(ext task) []task {
	var list []task
	at := ext.from
	for _, to := range []geometry.Span{
		{Start: min(at.Start, ext.to.Start), End: at.End},
		{Start: min(at.Start, ext.to.Start), End: max(at.End, ext.to.End)},
		{Start: min(at.Start, ext.to.Start), End: ext.to.End},
		ext.to,
	} {
		if to != at {
			list = append(list, task{part: ext.part, from: at, to: to})
		}
		at = to
	}
	return list
}

// ordered puts the tasks into an order in which each is possible when its turn comes. ok is false if partitions would
// have to swap places at once.
func ordered(d model.Disk, tasks []task) (done []task, ok bool) {
	parts := d.Partitions()
	for len(tasks) > 0 {
		i := slices.IndexFunc(tasks, func(t task) bool { return t.possible(parts) })
		if i < 0 {
			return nil, false
		}
		t := tasks[i]
		for j := range parts {
			if parts[j].ID == t.part.ID {
				parts[j].Span = t.to
			}
		}
		done, tasks = append(done, t), slices.Delete(tasks, i, i+1)
	}
	return done, true
}

// possible reports whether a task is possible with the partitions at these places.
func (t task) possible(parts []model.Partition) bool {
	for _, p := range parts {
		switch {
		case p.ID == t.part.ID:
			if p.Span != t.from {
				return false // another task for it comes first
			}
		case p.Role == model.Logical && t.part.Role == model.Extended:
			if !t.to.Encloses(p.Span) {
				return false
			}
		case p.Role == model.Extended && t.part.Role == model.Logical:
			if !p.Span.Encloses(t.to) {
				return false
			}
		case (p.Role == model.Logical) == (t.part.Role == model.Logical) && p.Span.Overlaps(t.to):
			return false
		}
	}
	return true
}

// stage turns the plan into operations and stages them on the queue.
func (l *line) stage(q ops.Queue, p Plan) (Plan, error) {
	p.Queue = q
	var ways wayList
	sectors, aim := p.layout.sectors, l.aim
	if aim.Ops = len(p.tasks); sectors != l.disk.Sectors {
		aim.Ops++
	}
	stage := func(op ops.Operation) (err error) {
		before := p.Queue.Preview()
		op = ops.Aimed(op, aim)
		if p.Queue, err = p.Queue.Stage(op); err != nil {
			return fmt.Errorf("%s: %w", op.Describe(before), err)
		}
		p.Ops = append(p.Ops, op)
		ways.add(l.way(op, before), op, before)
		return nil
	}
	var err error
	if sectors > l.disk.Sectors {
		err = stage(ops.ImageSize{Sectors: sectors})
	}
	for _, t := range p.tasks {
		if err == nil {
			err = stage(ops.MoveResizeTo(p.Queue.Preview(), t.part.ID, t.to))
		}
	}
	if err == nil && sectors < l.disk.Sectors {
		err = stage(ops.ImageSize{Sectors: sectors})
	}
	p.Ways = ways.words()
	if len(p.Ways) == 0 && l.target >= 0 {
		p.Ways = []string{"use the free space behind " + l.items[l.target].part.Ref()}
	}
	return p, err
}
