package txn

import (
	"cmp"
	"slices"
	"sort"
)

// ranges is a set of bytes of the target, kept as half-open runs that are sorted and neither overlap nor touch.
type ranges []byteRange

type byteRange struct{ off, end int64 }

// run returns the range of n bytes from off on.
func run(off, n int64) byteRange { return byteRange{off, off + n} }

func (r byteRange) len() int64 { return r.end - r.off }

// newRanges returns the union of lists of runs. The runs may overlap and come in any order.
func newRanges(lists ...[]byteRange) ranges {
	sorted := slices.Concat(lists...)
	slices.SortFunc(sorted, func(a, b byteRange) int { return cmp.Compare(a.off, b.off) })
	var set ranges
	for _, r := range sorted {
		switch n := len(set); {
		case r.end <= r.off:
		case n > 0 && r.off <= set[n-1].end:
			set[n-1].end = max(set[n-1].end, r.end)
		default:
			set = append(set, r)
		}
	}
	return set
}

// runsOf maps a list to runs of bytes.
func runsOf[T any](list []T, toRun func(T) byteRange) []byteRange {
	runs := make([]byteRange, 0, len(list))
	for _, e := range list {
		runs = append(runs, toRun(e))
	}
	return runs
}

// size returns how many bytes are in the set.
func (s ranges) size() int64 {
	var n int64
	for _, r := range s {
		n += r.len()
	}
	return n
}

// within returns the parts of [off, end) that lie in the set.
func (s ranges) within(off, end int64) ranges {
	var out ranges
	for i := sort.Search(len(s), func(i int) bool { return s[i].end > off }); i < len(s) && s[i].off < end; i++ {
		out = append(out, byteRange{max(off, s[i].off), min(end, s[i].end)})
	}
	return out
}

// outside returns the parts of [off, end) that do not lie in the set.
func (s ranges) outside(off, end int64) ranges {
	var out ranges
	at := off
	for _, r := range s.within(off, end) {
		if r.off > at {
			out = append(out, byteRange{at, r.off})
		}
		at = r.end
	}
	if at < end {
		out = append(out, byteRange{at, end})
	}
	return out
}

// minus returns the bytes of s that are not in t.
func (s ranges) minus(t ranges) ranges {
	var out ranges
	for _, r := range s {
		out = append(out, t.outside(r.off, r.end)...)
	}
	return out
}

// intersect returns the bytes that are in both sets.
func (s ranges) intersect(t ranges) ranges {
	var out ranges
	for _, r := range s {
		out = append(out, t.within(r.off, r.end)...)
	}
	return out
}
