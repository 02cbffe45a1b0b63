// Package guide finds the moves behind "make room": a person chooses the size of a partition, and the guide returns plans
// for that, cheapest first. It is pure: the same queue and wish give the same plans.
//
// The disk is a line of items (line.go): the partitions in their order, and the two ends of the extended partition, which
// are free to move. A search from left to right (search.go) decides for each item whether it stays, moves, shrinks, or
// hops over others. For every position that it reaches, it keeps the cheapest way there. The result is therefore the
// cheapest that the allowed means can do, and the search runs with every combination of means. Decisions become positions
// as near to the old ones as possible (place.go), and positions become operations in an order in which each is possible
// (emit.go). Every plan is staged on the queue, by the rules of the operations, before it is returned.
//
// Invariants: a plan fulfils the wish. It changes no partition that cannot move or is in use. It shrinks no partition
// below the smallest size that ops allows. Logical partitions keep their order. A partition hops over others only if that
// at least halves the copied bytes.
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

// Wish is the wanted change of a partition or of the image.
type Wish struct {
	Part model.PartID    // 0: the image as a whole, which goes with Shrink only
	Size geometry.Sector // the wanted length in sectors, at least
	Most bool            // as large as possible without a cost to other partitions or the image; Size is ignored
	// Shrink makes the image as small as its contents allow.
	Shrink bool
}

// Plan is one way to fulfil a wish.
type Plan struct {
	// Ops are the operations to stage, in order.
	Ops []ops.Operation
	// Queue is the original queue with Ops staged.
	Queue ops.Queue
	// Copied is the number of bytes that are copied because of this plan. A partition that the queue moves anyway costs
	// nothing more.
	Copied geometry.Bytes
	About  bool // Copied is an estimate
	// Moved is the number of partitions with a new start. The ends of the extended partition do not count.
	Moved int
	Risk  Risk
	// Len is the length of the partition after the plan in sectors, or of the image for Part 0.
	Len geometry.Sector
	// Grown is the number of sectors by which the image gets longer.
	Grown geometry.Sector
	// Hops is the number of partitions that change places with others.
	Hops int
	// Ways describes the operations, except the wanted growth: "move p2 right by 1024 MiB".
	Ways []string

	layout layout
	tasks  []task
	does   map[doing]bool
}

// Risk counts changes that are riskier than a move.
type Risk struct {
	Boot   int // boot partitions that move
	Shrunk int // partitions that shrink
}

// Impossible is a way that does not work, with the reason.
type Impossible struct {
	What string       // "shrink p2"
	Why  model.Reason // "it is full"
	// Room is the number of sectors that the partition could gain this way, or 0 if that is none or unknown.
	Room geometry.Sector
}

// String returns "shrink p2: it is full".
func (n Impossible) String() string { return fmt.Sprintf("%s: %s", n.What, n.Why) }

// Why returns the reason why none of the ways works.
func Why(list []Impossible) model.Reason {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = n.String()
	}
	return model.Reason(strings.Join(texts, "; "))
}

// maxPlans is the largest number of returned plans. People do not choose among more.
const maxPlans = 8

// Few is the number of partitions up to which plans are found within a few milliseconds. With 128 partitions it takes
// dozens.
const Few = 16

// Plans returns the ways to fulfil the wish on the preview of q, best first: those that copy least, then those that move
// the fewest partitions, then those with the least risk. If the wish is as large or as small as possible, the size comes
// before all that. Positions are on the grid of align. The second result holds ways that do not help, with reasons.
// Without a plan it has at least one.
func Plans(q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible) {
	return (&solver{ctx: context.Background()}).plans(q, w, align)
}

// Find is like Plans, but can be cancelled. The error is then that of the context.
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

// solver collects plans for one wish. They have no operations until they are staged.
type solver struct {
	ctx   context.Context // after it ends, nobody waits for the plans
	line  line
	found []Plan
	nodes []node // kept from search to search
	// Tests count the failures of this package: entangled counts layouts in which partitions would have to swap places at
	// once, failed counts plans that could not be staged.
	entangled int
	failed    []error
}

// means is a set of changes that a search may make.
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

// fewItems is the number of items up to which every combination of means is tried.
const fewItems = 24

// broad reports whether a combination is tried even on disks with many partitions.
func (m means) broad() bool {
	sides := m & (moveBefore | moveAfter)
	return !m.has(shrinkOthers) || !m.has(growImage) && (sides == 0 || sides == moveBefore|moveAfter)
}

func (m means) has(x means) bool { return m&x != 0 }

// solve searches with every combination of means, and again without each partition that the best plans change.
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

// branch looks for plans without each partition that the best plans change.
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

// hops looks for plans in which partitions change places, if that at least halves the copied bytes. Such plans make the
// image longer only if nothing else helps. Plans without shrinking are compared only with each other.
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
	// The last end is the cheapest. The others are used if its partitions cannot change places one after another.
	for i := len(ends) - 1; i >= 0; i-- {
		if s.add(&l, run.deeds(ends[i]), run.bound()) {
			return
		}
	}
}

// add turns deeds into a plan and keeps it, if that is possible.
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

// manyOps limits the operations that are staged for all plans but the first. Only disks with dozens of partitions to move
// reach it.
const manyOps = 128

// staged returns the plans with their operations staged on the queue.
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

// ranked sorts the plans and drops those that others make pointless.
func ranked(plans []Plan, better func(a, b Plan) int) []Plan {
	var kept []Plan
	for _, p := range slices.SortedStableFunc(slices.Values(plans), better) {
		if !slices.ContainsFunc(kept, func(k Plan) bool { return k.outdoes(p) }) {
			kept = append(kept, p)
		}
	}
	return kept
}
