// Package guide finds the moves behind "make room": a person says how large a partition should be, and the guide answers
// with plans for that, cheapest first. It is pure: the same queue and wish give the same plans.
//
// The disk is laid out as a line of items (line.go): the partitions in their order, and the two ends of the extended
// partition, which cost nothing to move. A search from left to right (search.go) decides for each item whether it stays,
// moves, shrinks, or hops over others. For every position that it reaches it keeps the cheapest way there, so what it
// finds is the cheapest that the allowed means can do. It runs with every combination of means. Decisions become
// positions as near to the old ones as possible (place.go), and those become operations in an order in which each is
// possible (emit.go). Every plan is staged on the queue by the rules of the operations before it is returned.
//
// Invariants: a plan fulfils the wish; it touches nothing that cannot move or is in use; it shrinks no partition below the
// least that ops allows; logical partitions keep their order; a partition hops over others only where that at least halves
// what is copied.
package guide

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Wish is what a partition, or the image, should become.
type Wish struct {
	Part model.PartID    // 0: the image as a whole, which goes with Shrink only
	Size geometry.Sector // the least length that is wished for, in sectors
	Most bool            // as large as it can be without taking from other partitions or growing the image; Size does not count
	// Shrink makes the image as small as its contents allow.
	Shrink bool
}

// Plan is one way to fulfil a wish.
type Plan struct {
	// Ops is what has to be staged, in order.
	Ops []ops.Operation
	// Queue is the queue that was asked about with Ops staged.
	Queue ops.Queue
	// Copied is how many bytes of partitions are copied because of this plan. A partition that the queue moves
	// anyway costs nothing more.
	Copied geometry.Bytes
	// Moved is how many partitions begin elsewhere after it; the ends of the extended partition do not count.
	Moved int
	Risk  Risk
	// Len is the length of the partition after it, for Part 0 that of the image, in sectors.
	Len geometry.Sector
	// Grown is by how many sectors the image gets longer.
	Grown geometry.Sector
	// Hops is how many partitions change places with others.
	Hops int
	// Ways are the operations in words, without the growth that was wished for:
	// "move p2 right by 1024 MiB".
	Ways []string

	layout layout
	tasks  []task
	does   map[doing]bool
}

// Risk counts what can go wrong more easily than a move.
type Risk struct {
	Boot   int // partitions that a machine starts from and that get another place
	Shrunk int // partitions that are made smaller
}

// Impossible is a way that was considered and why it does not work.
type Impossible struct {
	What string       // "shrink p2"
	Why  model.Reason // "it is full"
	// Room is by how many sectors the partition could grow this way, 0 if by none or if that is not known.
	Room geometry.Sector
}

// String is "shrink p2: it is full".
func (n Impossible) String() string { return fmt.Sprintf("%s: %s", n.What, n.Why) }

// Why is why none of the ways works.
func Why(list []Impossible) model.Reason {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = n.String()
	}
	return model.Reason(strings.Join(texts, "; "))
}

// maxPlans is how many plans are returned at most; people do not choose among more.
const maxPlans = 8

// Few is up to how many partitions the plans for a wish are found at once: in a fraction of a millisecond, or in a few at
// worst. With 128 it takes dozens.
const Few = 16

// Plans lists the ways to fulfil the wish on the preview of q, best first: those that copy the least, then those that
// move the fewest partitions, then those with the least risk. Where the wish is as large or as small as possible, that
// counts before. Positions are on the grid of align. The ways that do not help come with their reasons; without any plan
// there is at least one of them.
func Plans(q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible) {
	return (&solver{ctx: context.Background()}).plans(q, w, align)
}

// Find is Plans for a wish that may be given up: the error is that of the context then.
func Find(ctx context.Context, q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible, error) {
	plans, no := (&solver{ctx: ctx}).plans(q, w, align)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return plans, no, nil
}

func (s *solver) plans(q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible) {
	if w.Part == 0 {
		return s.shrinkImage(q, w, align)
	}
	var no *Impossible
	if s.line, no = newLine(q, w, align); no != nil {
		return nil, []Impossible{*no}
	}
	s.solve(w)
	order := cheaper
	if w.Most {
		order = longer
	}
	plans := s.staged(q, ranked(s.found, order))
	return plans, s.impossible(plans, w)
}

// solver collects plans for one wish; they have no operations until they are staged.
type solver struct {
	ctx   context.Context // once it is over nobody waits for the plans, and what is found does not matter
	line  line
	found []Plan
	nodes []node // kept from search to search
	// Tests count the mistakes of this package: entangled are layouts in which partitions would have to change places at
	// once, failed are plans that could not be staged.
	entangled int
	failed    []error
}

// means are the kinds of help that a search may take.
type means uint8

const (
	moveBefore means = 1 << iota // partitions before the target move
	moveAfter                    // partitions behind it move
	moveSelf                     // the target moves
	shrinkOthers
	growImage
	hop        // partitions change places
	everything = moveBefore | moveAfter | moveSelf | shrinkOthers | growImage | hop
)

// fewItems is up to how many items every combination of means is tried.
const fewItems = 24

// broad reports whether a combination is one of those that are tried on disks with many partitions.
func (m means) broad() bool {
	sides := m & (moveBefore | moveAfter)
	return !m.has(shrinkOthers) || !m.has(growImage) && (sides == 0 || sides == moveBefore|moveAfter)
}

func (m means) has(x means) bool { return m&x != 0 }

// solve runs the search with every combination of means, and again without each partition that the best plans need.
func (s *solver) solve(w Wish) {
	allowed := everything
	if !s.line.grows() {
		allowed &^= growImage
	}
	if w.Most {
		allowed &^= growImage | shrinkOthers | hop
	}
	for m := range hop {
		if m&^allowed == 0 && (len(s.line.items) <= fewItems || m.broad()) {
			s.try(w, limits{means: m, bytes: -1})
		}
	}
	s.branch(w, allowed&^hop)
	if allowed.has(hop) {
		s.hops(w, allowed)
	}
}

// branch looks for ways around each partition that the best plans need.
func (s *solver) branch(w Wish, allowed means) {
	best, around := ranked(s.found, cheaper), 3
	if len(s.line.items) > fewItems {
		around = 1
	}
	for _, plan := range best[:min(len(best), around)] {
		for _, spot := range plan.layout.spots {
			it := &s.line.items[spot.item]
			if spot.span != it.span && it.kind == body && spot.item != s.line.target && len(plan.does) <= 8 {
				s.try(w, limits{means: allowed, bytes: -1, spared: spot.item + 1})
			}
		}
	}
}

// hops looks for plans in which partitions change places, where that at least halves what is copied. They make the image
// longer only if nothing helps that does not. Those that shrink nothing are compared with those that shrink nothing.
func (s *solver) hops(w Wish, allowed means) {
	ordered := s.found
	for _, allowed := range []means{allowed &^ shrinkOthers, allowed} {
		most := geometry.Bytes(-1)
		for _, p := range ordered {
			if p.Risk.Shrunk > 0 && !allowed.has(shrinkOthers) {
				continue
			}
			if most < 0 || p.Copied < most {
				most = p.Copied
			}
			if p.Grown == 0 {
				allowed &^= growImage
			}
		}
		if most == 0 {
			continue
		}
		if most > 0 {
			most = (most - 1) / 2
		}
		s.try(w, limits{means: allowed, bytes: most})
		if len(s.line.items) <= fewItems {
			s.try(w, limits{means: allowed &^ growImage, bytes: most})
			s.try(w, limits{means: allowed &^ moveSelf, bytes: most})
		}
	}
}

// try adds the best plan within the limits, if there is one.
func (s *solver) try(w Wish, within limits) {
	if s.ctx.Err() != nil {
		return
	}
	l, ok := s.line, true
	if w.Most {
		l, ok = l.longest(within)
	}
	if !ok {
		return
	}
	run := search{line: &l, limits: within, nodes: s.nodes[:0]}
	ends := run.run()
	s.nodes = run.nodes
	// The last end is the cheapest. The others serve if its partitions cannot change places one by one.
	for i := len(ends) - 1; i >= 0; i-- {
		if s.add(&l, run.deeds(ends[i]), run.bound()) {
			return
		}
	}
}

// add keeps what deeds lead to as a plan, if that can be done.
func (s *solver) add(l *line, deeds []deed, bound geometry.Sector) bool {
	at, ok := l.place(deeds, bound)
	if !ok {
		return false
	}
	if slices.ContainsFunc(s.found, func(p Plan) bool { return p.layout.compare(at) == 0 }) {
		return true
	}
	p := l.count(at)
	if p.tasks, ok = ordered(l.disk, l.tasks(at)); !ok {
		s.entangled++
		return false
	}
	s.found = append(s.found, p)
	return true
}

// manyOps is how many operations are staged for the plans behind the first one in all; disks on which that matters have
// dozens of partitions to move.
const manyOps = 128

// staged is the plans with their operations, on the queue.
func (s *solver) staged(q ops.Queue, plans []Plan) (list []Plan) {
	n := 0
	for _, p := range plans {
		if s.ctx.Err() != nil || len(list) == maxPlans {
			break
		}
		if len(list) > 0 && n+len(p.does) > manyOps {
			continue
		}
		p, err := s.line.stage(q, p)
		if err != nil {
			s.failed = append(s.failed, err)
			continue
		}
		if len(list) > 0 {
			n += len(p.Ops)
		}
		list = append(list, p)
	}
	return list
}

// ranked is the plans in order, without those that others make pointless.
func ranked(plans []Plan, better func(a, b Plan) int) []Plan {
	var kept []Plan
	for _, p := range slices.SortedStableFunc(slices.Values(plans), better) {
		if !slices.ContainsFunc(kept, func(k Plan) bool { return k.outdoes(p) }) {
			kept = append(kept, p)
		}
	}
	return kept
}
