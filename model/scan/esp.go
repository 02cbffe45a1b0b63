package scan

import (
	"iter"
	"slices"

	"shunt/model"
	"shunt/model/scan/fatfs"
)

// bootsFirmware reports whether the volume is an EFI system partition by its files: its root has the directory EFI, and that has
// a directory, such as BOOT, for somebody's boot loader.
func bootsFirmware(w *window) bool {
	f, ok := newFAT(w)
	if !ok {
		return false
	}
	root, n := slices.Values([]int64{f.RootStart() * f.SectorSize}), f.RootEntries*32
	if f.Kind == model.FAT32 {
		root, n = f.clusters(f.RootCluster), f.ClusterSize()
	}
	for e := range f.directories(root, n) {
		if string(e[:11]) != "EFI        " {
			continue
		}
		first := int64(le.Uint16(e[26:]))
		if f.Kind == model.FAT32 {
			first |= int64(le.Uint16(e[20:])) << 16
		}
		for sub := range f.directories(f.clusters(first), f.ClusterSize()) {
			if sub[0] != '.' { // the directory itself, and the one above it
				return true
			}
		}
	}
	return false
}

// directories yields the entries of the directories in a directory that lies in pieces of n bytes.
func (f fat) directories(pieces iter.Seq[int64], n int64) iter.Seq[[]byte] {
	const volume, dir, deleted = 0x08, 0x10, 0xE5
	return func(yield func([]byte) bool) {
		for e := range f.w.entries(pieces, n) {
			if e[0] != deleted && e[11]&(volume|dir) == dir && !yield(e) {
				return
			}
		}
	}
}

// clusters yields the positions of the clusters in a chain, from cluster first on.
func (f fat) clusters(first int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		at := first
		for n := 0; n < maxChain && at >= fatfs.FirstCluster && at < f.Clusters()+fatfs.FirstCluster && yield(f.ClusterAt(at)); n++ {
			at = f.next(at)
		}
	}
}

// next returns what the first copy of the FAT says of a cluster: the one behind it, or what is no cluster.
func (f fat) next(cluster int64) int64 {
	width := max(2, f.EntryBits()/8)
	b := f.w.at(f.FATAt(0)+cluster*f.EntryBits()/8, int(width))
	switch {
	case b == nil:
		return 0
	case f.Kind == model.FAT32:
		return int64(le.Uint32(b) & 0x0FFFFFFF)
	case f.Kind == model.FAT12:
		return int64(le.Uint16(b) >> (cluster % 2 * 4) & 0xFFF)
	}
	return int64(le.Uint16(b))
}
