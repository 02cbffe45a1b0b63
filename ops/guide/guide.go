// Package guide finds the moves behind "make room": a person says how large a partition should be, and the guide
// answers with the queues of operations that get there, cheapest first. It imports geometry, model and ops only and is
// as pure as they are: the same queue and wish give the same plans.
//
// How it works. The disk is laid out as a line of items (line.go): the partitions in their order, and the two ends of
// the extended partition, which can be moved for nothing. A search from left to right (search.go) decides for each
// item whether it stays, moves, shrinks, or hops over others into another place, and keeps for every position that was
// reached the cheapest way to reach it; so what it finds is the cheapest there is, for the means it was allowed. It
// is run with every combination of means, which gives the ways a person can choose from. Decisions become positions
// that are as near to the old ones as possible (place.go), and those become operations in an order in which each is
// possible (emit.go). Every plan was staged on the queue by the operations' own rules before it is returned.
//
// Invariants: a plan reaches the wish; nothing that is immovable or in use is touched; a partition is never shrunk
// below the least that ops allows; logical partitions keep their order, and what hops over others does so only where
// that at least halves what has to be copied.
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
	// Ways tells in words what is done to other things than the partition itself, and to it besides growing:
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
	// Room is by how many sectors the partition could grow this way, 0 if by none or if that is not told.
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

// Plans lists the ways to fulfil the wish on the preview of q, best first: those that copy the least, then those that
// move the fewest partitions, then those with the least risk. As large as possible and as small as possible come
// first where that is the wish. Positions are on the grid of align. What does not help, or cannot be done, is told
// with its reason; without any plan there is at least one.
func Plans(q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible) {
	return (&solver{}).plans(q, w, align)
}

// Few is up to how many partitions the plans for a wish are found in a moment: a fraction of a millisecond, and a few at
// worst. With 128 it takes dozens.
const Few = 16

// Find is Plans for a wish that may be given up: the error is that of the context then.
func Find(ctx context.Context, q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible, error) {
	s := &solver{ctx: ctx}
	plans, no := s.plans(q, w, align)
	if s.givenUp() {
		return nil, nil, ctx.Err()
	}
	return plans, no, nil
}

func (s *solver) plans(q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible) {
	if w.Part == 0 {
		return s.shrinkImage(q, w, align)
	}
	return s.plansFor(q, w, align)
}

func (s *solver) plansFor(q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible) {
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
	ctx   context.Context // of this one search; nil if it is not given up
	line  line
	found []Plan
	seen  map[string]bool
	nodes []node // kept from search to search
	// entangled counts layouts in which partitions would have to change places at once; failed are plans that could not be
	// staged: blunders of this package, for its tests.
	entangled int
	failed    []error
}

// givenUp reports whether nobody waits for the plans any more. What is found from then on does not matter: it is looked at
// between the parts of the work that take long.
func (s *solver) givenUp() bool { return s.ctx != nil && s.ctx.Err() != nil }

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

// solve runs the search with every combination of means, and again without what the best plans lean on.
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
		combinations := []means{allowed, allowed &^ growImage, allowed &^ moveSelf}
		if len(s.line.items) > fewItems {
			combinations = combinations[:1]
		}
		for _, m := range combinations {
			s.try(w, limits{means: m, bytes: most})
		}
	}
}

// try adds the best plan within the limits, if there is one.
func (s *solver) try(w Wish, within limits) {
	if s.givenUp() {
		return
	}
	l := s.line
	if w.Most {
		var ok bool
		if l, ok = l.longest(within); !ok {
			return
		}
	}
	run := search{line: &l, limits: within, nodes: s.nodes[:0]}
	ends := run.run()
	s.nodes = run.nodes
	// The last end is the cheapest. The others are for the case that its partitions cannot change places one by one.
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
	key := at.key()
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if s.seen[key] {
		return true
	}
	p := l.count(at)
	if p.tasks, ok = ordered(l.disk, l.tasks(at)); !ok {
		s.entangled++
		return false
	}
	s.seen[key] = true
	s.found = append(s.found, p)
	return true
}

// manyOps is how many operations are staged for the plans behind the first one in all; disks on which that matters have
// dozens of partitions to move.
const manyOps = 128

// staged is the plans with their operations, on the queue.
func (s *solver) staged(q ops.Queue, plans []Plan) []Plan {
	var list []Plan
	n := 0
	for _, p := range plans {
		if len(list) > 0 && n+len(p.does) > manyOps {
			continue
		}
		if s.givenUp() {
			break
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
	return list[:min(len(list), maxPlans)]
}

// ranked is the plans in order, without those that others make pointless.
func ranked(plans []Plan, better func(a, b Plan) int) []Plan {
	list := slices.Clone(plans)
	slices.SortStableFunc(list, better)
	var kept []Plan
	for _, p := range list {
		if !slices.ContainsFunc(kept, func(k Plan) bool { return k.outdoes(p) }) {
			kept = append(kept, p)
		}
	}
	return kept
}
