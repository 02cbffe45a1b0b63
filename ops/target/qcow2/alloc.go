package qcow2

import (
	"cmp"
	"iter"
	"maps"
	"math/bits"
	"slices"
	"sort"

	"shunt/ops/target"
)

// An allocator hands out clusters that are free in the committed image. It never hands out one that this edit frees, since
// the old disk needs it until the switch.
type allocator struct {
	refs  *counts    // of the committed image
	lost  []clusters // leaks: counted, so the header that is committed does not call them free
	kept  []clusters // free, but an undo shows them again
	given set
	next  int64 // no cluster below is free
	end   int64 // behind the last cluster of the file
}

// one returns a free cluster.
func (a *allocator) one() int64 { return a.run(1) }

// run returns the first of n free clusters in a row.
func (a *allocator) run(n int64) int64 {
	g := a.next
	for length := int64(0); ; {
		if length == n {
			break
		}
		if at := g + length; a.free(at) {
			length++
		} else {
			g, length = at+1, 0
			if n == 1 {
				a.next = g
			}
		}
	}
	for i := range n {
		a.given.put(g+i, true)
	}
	if n == 1 {
		a.next = g + 1
	}
	a.end = max(a.end, g+n)
	return g
}

// hole returns a cluster that lies behind all that was ever written to the file, so it reads as zero.
func (a *allocator) hole() int64 {
	for !a.free(a.end) {
		a.end++
	}
	g := a.end
	a.given.put(g, true)
	a.end++
	return g
}

// giveBack makes clusters free again that this edit has not used after all.
func (a *allocator) giveBack(g, n int64) {
	for i := range n {
		a.given.put(g+i, false)
	}
	a.next = min(a.next, g)
}

func (a *allocator) free(g int64) bool {
	return a.refs.get(g) == 0 && !a.given.has(g) && !within(a.lost, g) && !within(a.kept, g)
}

// touched returns the clusters that runs of the file touch, in order.
func touched(list []target.Part, cluster int64) []clusters {
	var all []clusters
	for _, p := range list {
		if p.Start >= 0 && p.Len > 0 {
			all = append(all, clusters{p.Start / cluster, ceil(p.Start+p.Len, cluster)})
		}
	}
	slices.SortFunc(all, func(a, b clusters) int { return cmp.Compare(a.start, b.start) })
	joined := all[:0]
	for _, run := range all {
		if n := len(joined); n > 0 && run.start <= joined[n-1].end {
			joined[n-1].end = max(joined[n-1].end, run.end)
		} else {
			joined = append(joined, run)
		}
	}
	return joined
}

// within reports whether one of the runs, which are in order, has cluster g.
func within(list []clusters, g int64) bool {
	i := sort.Search(len(list), func(i int) bool { return list[i].end > g })
	return i < len(list) && list[i].start <= g
}

// A set holds numbers of clusters. It takes memory where there are some.
type set struct {
	pages map[int64]*[countPage / 64]uint64
}

func (s *set) put(g int64, in bool) {
	page := s.pages[g/countPage]
	if page == nil {
		if s.pages == nil {
			s.pages = map[int64]*[countPage / 64]uint64{}
		}
		page = new([countPage / 64]uint64)
		s.pages[g/countPage] = page
	}
	word, bit := &page[g%countPage/64], uint64(1)<<(g%64)
	if *word &^= bit; in {
		*word |= bit
	}
}

func (s *set) has(g int64) bool {
	page := s.pages[g/countPage]
	return page != nil && page[g%countPage/64]>>(g%64)&1 != 0
}

// all yields the numbers in order.
func (s *set) all() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for _, p := range slices.Sorted(maps.Keys(s.pages)) {
			for i, word := range s.pages[p] {
				for ; word != 0; word &= word - 1 {
					if !yield(p*countPage + int64(i*64+bits.TrailingZeros64(word))) {
						return
					}
				}
			}
		}
	}
}

// changes holds by how much the number of references of each cluster changes.
type changes struct {
	pages []*[countPage]int32 // nil where nothing changes
}

// add notes n references more to each cluster that [off, off+length) touches.
func (c *changes) add(off, length, cluster int64, n int32) {
	for g := off / cluster; g <= (off+length-1)/cluster; g++ {
		page := c.at(g / countPage)
		if page == nil {
			page = c.turn(g / countPage)
		}
		page[g%countPage] += n
	}
}

// at returns page p, or nil if nothing changes there.
func (c *changes) at(p int64) *[countPage]int32 {
	if p >= int64(len(c.pages)) {
		return nil
	}
	return c.pages[p]
}

// turn makes page p, and returns it.
func (c *changes) turn(p int64) *[countPage]int32 {
	if more := p + 1 - int64(len(c.pages)); more > 0 {
		c.pages = append(c.pages, make([]*[countPage]int32, more)...)
	}
	c.pages[p] = new([countPage]int32)
	return c.pages[p]
}

// all yields the clusters whose number of references changes, in order.
func (c *changes) all() iter.Seq2[int64, int32] {
	return func(yield func(int64, int32) bool) {
		for p, page := range c.pages {
			if page == nil {
				continue
			}
			for j, n := range page {
				if n != 0 && !yield(int64(p)*countPage+int64(j), n) {
					return
				}
			}
		}
	}
}

// of returns by how much the number of references of cluster g changes.
func (c *changes) of(g int64) int64 {
	if page := c.at(g / countPage); page != nil {
		return int64(page[g%countPage])
	}
	return 0
}

// in yields those of the clusters [start, end).
func (c *changes) in(start, end int64) iter.Seq2[int64, int32] {
	return func(yield func(int64, int32) bool) {
		for g := start; g < end; {
			page, next := c.at(g/countPage), min(end, (g/countPage+1)*countPage)
			for ; page != nil && g < next; g++ {
				if n := page[g%countPage]; n != 0 && !yield(g, n) {
					return
				}
			}
			g = next
		}
	}
}

// freed yields the clusters that lose their last reference.
func (c *changes) freed(refs *counts) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for g, n := range c.all() {
			if n < 0 && refs.get(g) == uint64(-n) && !yield(g) {
				return
			}
		}
	}
}
