package fsys

import (
	"math/bits"
	"sort"
)

// clusterSet is a set of numbers below a bound. It has one bit per number, and none for parts of the range without
// members. The largest possible FAT volume therefore needs 32 MiB at most. After seal the set can also count: members
// below a number, and the k-th number that is not a member.
type clusterSet struct {
	n     int64      // numbers are below this
	pages []*setPage // nil where there is no member
	ranks []uint32   // members before each group of words
}

const (
	wordBits   = 64
	groupWords = 8
	groupBits  = wordBits * groupWords
	pageWords  = 512
	pageBits   = wordBits * pageWords
)

type setPage [pageWords]uint64

func newClusterSet(n int64) *clusterSet {
	return &clusterSet{n: n, pages: make([]*setPage, (n+pageBits-1)/pageBits)}
}

func (s *clusterSet) add(c int64) {
	page := &s.pages[c/pageBits]
	if *page == nil {
		*page = new(setPage)
	}
	(*page)[c%pageBits/wordBits] |= 1 << (c % wordBits)
}

// word returns the i-th word of the set. The word must begin below n.
func (s *clusterSet) word(i int64) uint64 {
	if page := s.pages[i/pageWords]; page != nil {
		return page[i%pageWords]
	}
	return 0
}

// has reports whether c is in the set. Numbers out of bounds are not.
func (s *clusterSet) has(c int64) bool {
	return c >= 0 && c < s.n && s.word(c/wordBits)&(1<<(c%wordBits)) != 0
}

// seal prepares the set for counting. It must be called again after each change.
func (s *clusterSet) seal() {
	words := (s.n + wordBits - 1) / wordBits
	s.ranks = make([]uint32, 0, words/groupWords+2)
	sum := uint32(0)
	for i := range words {
		if i%groupWords == 0 {
			s.ranks = append(s.ranks, sum)
		}
		sum += uint32(bits.OnesCount64(s.word(i)))
	}
	s.ranks = append(s.ranks, sum)
}

// before returns the number of members below c. c must lie in [0, n].
func (s *clusterSet) before(c int64) int64 {
	sum := int64(s.ranks[c/groupBits])
	for i := c / groupBits * groupWords; i < c/wordBits; i++ {
		sum += int64(bits.OnesCount64(s.word(i)))
	}
	if rest := c % wordBits; rest > 0 {
		sum += int64(bits.OnesCount64(s.word(c/wordBits) & (1<<rest - 1)))
	}
	return sum
}

// gap returns the k-th number from start on that is not a member. k counts from 0. Numbers beyond n are never members.
func (s *clusterSet) gap(start, k int64) int64 {
	if start >= s.n {
		return start + k
	}
	gapsBefore := func(c int64) int64 { return c - s.before(c) }
	want := gapsBefore(start) + k
	if all := gapsBefore(s.n); want >= all {
		return s.n + want - all
	}
	return start + int64(sort.Search(int(s.n-start), func(i int) bool { return gapsBefore(start+int64(i)+1) > want }))
}
