package txn

import (
	"cmp"
	"slices"
	"sort"
)

// ranges is a set of bytes of the target, held as sorted, disjoint, non-adjacent half-open runs.
type ranges []byteRange

type byteRange struct{ off, end int64 }

// newRanges is the union of runs in any order, which may overlap.
func newRanges(runs []byteRange) ranges {
	sorted := slices.Clone(runs)
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

// within lists the parts of [off, end) that lie in the set.
func (s ranges) within(off, end int64) ranges {
	var out ranges
	for i := sort.Search(len(s), func(i int) bool { return s[i].end > off }); i < len(s) && s[i].off < end; i++ {
		out = append(out, byteRange{max(off, s[i].off), min(end, s[i].end)})
	}
	return out
}

// outside lists the parts of [off, end) that do not lie in the set.
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

// minus is the set less everything in t.
func (s ranges) minus(t ranges) ranges {
	var out ranges
	for _, r := range s {
		out = append(out, t.outside(r.off, r.end)...)
	}
	return out
}

// intersect is what the two sets share.
func (s ranges) intersect(t ranges) ranges {
	var out ranges
	for _, r := range s {
		out = append(out, t.within(r.off, r.end)...)
	}
	return out
}
