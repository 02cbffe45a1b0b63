package fsys

import (
	"cmp"
	"slices"

	"shunt/ops/overlay"
)

// WipeRanges returns the ranges that must be zeroed before a file system is made in a partition of n bytes, so that no
// signature of a superblock, its copies, a RAID member or a swap area remains. The ranges are whole sectors, ordered,
// separate, and within the partition.
func WipeRanges(n int64) []overlay.Range {
	const (
		kib = int64(1) << 10
		mib = 1 << 20
		gib = 1 << 30
		pib = 1 << 50
	)
	down := func(x, to int64) int64 { return max(0, x) / to * to }
	places := []overlay.Range{
		{Off: 0, Len: 512 * kib},                                // all primary superblocks
		{Off: 64 * mib, Len: 4 * kib},                           // copies of superblocks
		{Off: 256 * gib, Len: 4 * kib},                          //
		{Off: pib, Len: 4 * kib},                                //
		{Off: n - 3087*512, Len: 512},                           // Promise RAID
		{Off: down(n-mib, 128*kib), Len: 4 * kib},               // copies of bcachefs superblocks, by bucket size
		{Off: down(n-mib, 256*kib), Len: 4 * kib},               //
		{Off: down(n-mib, 512*kib), Len: 4 * kib},               //
		{Off: down(n-mib, mib), Len: 4 * kib},                   //
		{Off: down(n-768*kib, 256*kib), Len: 768*kib + 256*kib}, // ZFS labels, Linux RAID and other RAID superblocks
	}
	const grain = 4 * kib // a whole number of sectors, whatever their size
	var ranges []overlay.Range
	slices.SortFunc(places, func(a, b overlay.Range) int { return cmp.Compare(a.Off, b.Off) })
	for _, p := range places {
		from, to := down(p.Off, grain), min(n, (p.End()+grain-1)/grain*grain)
		last := len(ranges) - 1
		switch {
		case to <= from:
		case last >= 0 && from <= ranges[last].End():
			ranges[last].Len = max(ranges[last].Len, to-ranges[last].Off)
		default:
			ranges = append(ranges, overlay.Range{Off: from, Len: to - from})
		}
	}
	return ranges
}
