package guide

import (
	"cmp"
	"slices"

	"shunt/geometry"
)

// act is a set of changes to an item. The empty set leaves it as it is.
type act uint8

const (
	moved  act = 1 << iota
	shrunk     // to its least length as far as the search knows; place gives back what is not needed
	hopped     // with moved: over other items
)

// deed is the change to one item. Deeds are in the final order of the items.
type deed struct {
	item int
	act  act
}

// cost is what the search minimises. The first field that differs decides.
type cost struct {
	bytes geometry.Bytes
	moved int32
	risk  int32 // boot partitions that move, and partitions that shrink
	hops  int32
	bends int32 // moved ends of the extended partition
}

func (c cost) compare(o cost) int {
	if c.bytes != o.bytes {
		return cmp.Compare(c.bytes, o.bytes)
	}
	return cmp.Or(cmp.Compare(c.moved, o.moved), cmp.Compare(c.risk, o.risk),
		cmp.Compare(c.hops, o.hops), cmp.Compare(c.bends, o.bends))
}

// limits restrict a search.
type limits struct {
	means means
	// bytes is the largest number of copied bytes, or -1 for any.
	bytes geometry.Bytes
	// spared is 1 + the index of an item that must stay as it is, or 0.
	spared int
	// shrunk is 1 + the index of an item that has its smallest length, or 0. It is for longest.
	shrunk int
}

// node is a position that the search has reached: everything before front is placed.
type node struct {
	front geometry.Sector
	cost  cost
	from  int32 // the node before it
	deed  deed
}

// search is one run over a line.
type search struct {
	*line
	limits
	nodes []node
	// hoppers are the items that may change places. Bit i of a mask says that hopper i is placed.
	hoppers []int
	reached [][]int32 // the nodes by mask
}

const (
	// maxFronts limits the positions that are kept for an item. Only disks with dozens of shrinkable partitions reach it.
	maxFronts = 96
	// fewHoppers limits the items that may change places on a disk with many.
	fewHoppers, allHoppers = 3, 6
)

// deeds returns the way to a node.
func (s *search) deeds(n int32) []deed {
	var list []deed
	for ; n > 0; n = s.nodes[n].from {
		list = append(list, s.nodes[n].deed)
	}
	slices.Reverse(list)
	return list
}

// run returns every useful end. Each reaches further than the ones before it and costs less.
func (s *search) run() []int32 {
	s.chooseHoppers()
	s.nodes = append(s.nodes, node{front: s.start, from: -1})
	s.reached = make([][]int32, 1<<len(s.hoppers))
	s.reached[0] = []int32{0}
	for i := 0; ; i++ {
		s.insert(i)
		if i == len(s.items) {
			break
		}
		s.take(i)
	}
	return s.prune(s.reached[len(s.reached)-1])
}

// chooseHoppers chooses the items that may change places: all primary partitions if there are few, else those near the
// target.
func (s *search) chooseHoppers() {
	if !s.means.has(hop) || s.target < 0 {
		return
	}
	var all []int
	for i := range s.items {
		if s.canHop(i) {
			all = append(all, i)
		}
	}
	if len(all) > allHoppers {
		near := slices.Clone(all)
		slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(s.farness(a), s.farness(b)) })
		all = near[:fewHoppers]
		slices.Sort(all)
	}
	s.hoppers = all
}

// farness orders items by their distance from the target, those behind it first.
func (s *search) farness(i int) int {
	if i < s.target {
		return 2 * (s.target - i)
	}
	return 2*(i-s.target) - 1
}

func (s *search) canHop(i int) bool {
	it := &s.items[i]
	return it.counts() && !it.inside() && it.stuck.OK() && s.spared != i+1 && (i != s.target || s.means.has(moveSelf))
}

func (s *search) hopper(i int) int { return slices.Index(s.hoppers, i) }

// insert places hoppers from elsewhere before item i.
func (s *search) insert(i int) {
	if len(s.hoppers) == 0 || i < len(s.items) && s.items[i].inside() {
		return
	}
	for mask := range s.reached {
		if mask > 0 {
			s.reached[mask] = s.prune(s.reached[mask])
		}
		for h, from := range s.hoppers {
			if mask&(1<<h) != 0 || from == i || from+1 == i {
				continue
			}
			for _, n := range s.reached[mask] {
				s.put(mask|1<<h, n, from, moved|hopped)
				if s.shrinks(from) {
					s.put(mask|1<<h, n, from, moved|hopped|shrunk)
				}
			}
		}
	}
}

// take places item i in its turn.
func (s *search) take(i int) {
	before := s.reached
	s.reached = make([][]int32, len(before))
	h, acts := s.hopper(i), s.acts(i)
	for mask, list := range before {
		if h >= 0 && mask&(1<<h) != 0 {
			s.reached[mask] = append(s.reached[mask], list...)
			continue
		}
		to := mask
		if h >= 0 {
			to |= 1 << h
			s.reached[mask] = append(s.reached[mask], list...) // it will be placed further on
		}
		s.reached[to] = slices.Grow(s.reached[to], len(list)*len(acts))
		for _, n := range list {
			for _, a := range acts {
				s.put(to, n, i, a)
			}
		}
	}
	for mask := range s.reached {
		s.reached[mask] = s.prune(s.reached[mask])
	}
}

// acts returns the possible changes to item i in its turn.
func (s *search) acts(i int) []act {
	it := &s.items[i]
	if it.kind != body {
		return []act{0, moved}
	}
	side := moveSelf
	switch {
	case s.spared == i+1:
		return []act{0}
	case i < s.target:
		side = moveBefore
	case i > s.target:
		side = moveAfter
	}
	list := []act{0}
	moves := it.stuck.OK() && s.means.has(side)
	if moves {
		list = append(list, moved)
	}
	if s.shrinks(i) {
		list = append(list, shrunk)
		if moves {
			list = append(list, moved|shrunk)
		}
	}
	return list
}

func (s *search) shrinks(i int) bool {
	return i != s.target && s.items[i].full.OK() && s.means.has(shrinkOthers)
}

// put adds the position after a change a to item i at node n, if the change is possible.
func (s *search) put(mask int, n int32, i int, a act) {
	at := s.nodes[n]
	span, ok := s.spot(s.before(n, i), i, a, s.length(i, a, 0))
	if !ok || span.End > s.bound() {
		return
	}
	at.cost = at.cost.plus(&s.items[i], a)
	if s.bytes >= 0 && at.cost.bytes > s.bytes {
		return
	}
	s.reached[mask] = append(s.reached[mask], int32(len(s.nodes)))
	s.nodes = append(s.nodes, node{front: span.End, cost: at.cost, from: n, deed: deed{item: i, act: a}})
}

// before returns what is taken at node n, as far as item i needs it.
func (s *search) before(n int32, i int) taken {
	t := taken{front: s.nodes[n].front}
	if s.items[i].kind != closing {
		return t
	}
	for ; n > 0; n = s.nodes[n].from {
		if it := &s.items[s.nodes[n].deed.item]; it.kind == opening {
			t.opened = s.nodes[n].front - it.span.Len()
			break
		}
	}
	return t
}

// bound returns the sector at which items must end.
func (s *search) bound() geometry.Sector {
	if s.means.has(growImage) {
		return s.far
	}
	return s.end
}

func (c cost) plus(it *item, a act) cost {
	switch {
	case a&moved != 0 && it.counts():
		c.bytes += it.copied
		c.moved++
		if it.boot {
			c.risk++
		}
	case a&moved != 0:
		c.bends++
	}
	if a&shrunk != 0 {
		c.risk++
	}
	if a&hopped != 0 {
		c.hops++
	}
	return c
}

// prune drops the nodes that others reach at no greater cost, and sorts the rest by front.
func (s *search) prune(list []int32) []int32 {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b int32) int {
		x, y := &s.nodes[a], &s.nodes[b]
		if x.front != y.front {
			return cmp.Compare(x.front, y.front)
		}
		return cmp.Or(x.cost.compare(y.cost), cmp.Compare(a, b))
	})
	kept := list[:1]
	for _, n := range list[1:] {
		if s.nodes[n].cost.compare(s.nodes[kept[len(kept)-1]].cost) < 0 {
			kept = append(kept, n)
		}
	}
	if len(kept) > maxFronts {
		// The cheapest are at the end, and what reaches the least is the most likely to get through.
		kept = append(kept[:maxFronts/2], kept[len(kept)-maxFronts/2:]...)
	}
	return kept
}
