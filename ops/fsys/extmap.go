package fsys

import (
	"cmp"
	"encoding/binary"
	"io"
	"math/bits"
	"slices"
	"sort"

	"shunt/model/scan/extfs"
)

// extMap reads the block bitmaps of an ext file system, group by group. Its memory grows only with the number of runs of
// metadata, at most a few in each group.
//
// A group whose bitmap was never written (Uninit) holds nothing but metadata. With flexible groups that may be bitmaps
// and inode tables of other groups. A first pass over the descriptors therefore collects the positions of all metadata.
// In groups with a bitmap these positions are compared with the bitmap.
type extMap struct {
	sb     extfs.Superblock
	r      io.ReaderAt
	list   *freeList
	bitmap []byte     // of the group at hand
	meta   []blockRun // all metadata; findMetadata sorts and joins the runs
}

// blockRun is the run of blocks [start, end).
type blockRun struct{ start, end uint64 }

// eachGroup calls do with the descriptor of every group, in order.
func (e *extMap) eachGroup(do func(group uint64, d extfs.Desc) error) error {
	block := make([]byte, e.sb.BlockSize)
	perBlock := e.sb.DescsPerBlock()
	for group := range e.sb.Groups() {
		i := group % perBlock
		if i == 0 {
			at := e.sb.DescBlock(group / perBlock)
			if at >= e.sb.Blocks {
				return errDoubt
			}
			if err := readFull(e.r, block, int64(at)*e.sb.BlockSize); err != nil {
				return err
			}
		}
		d, err := e.sb.Descriptor(group, block[i*uint64(e.sb.DescSize):])
		if err != nil {
			return errDoubt
		}
		if err := do(group, d); err != nil {
			return err
		}
	}
	return nil
}

// findMetadata collects all metadata and checks that the free blocks of all groups add up to the superblock's number.
func (e *extMap) findMetadata() error {
	free := uint64(0)
	err := e.eachGroup(func(group uint64, d extfs.Desc) error {
		free += d.FreeClusters * e.sb.ClusterBlocks
		start, n := e.sb.Base(group)
		for _, run := range []blockRun{
			{start, start + n},
			{d.BlockBitmap, d.BlockBitmap + 1},
			{d.InodeBitmap, d.InodeBitmap + 1},
			{d.InodeTable, d.InodeTable + e.sb.ITableBlocks()},
		} {
			if run.start < e.sb.FirstBlock || run.end > e.sb.Blocks || run.end < run.start {
				return errDoubt
			}
			if run.start < run.end {
				e.meta = append(e.meta, run)
			}
		}
		if len(e.meta) >= maxMetadata {
			e.mergeMetadata()
			if len(e.meta) >= maxMetadata/2 {
				return errDoubt
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if free != e.sb.FreeBlocks {
		return errDoubt
	}
	e.mergeMetadata()
	return nil
}

func (e *extMap) mergeMetadata() {
	slices.SortFunc(e.meta, func(a, b blockRun) int { return cmp.Compare(a.start, b.start) })
	merged := e.meta[:0]
	for _, run := range e.meta {
		if last := len(merged) - 1; last >= 0 && run.start <= merged[last].end {
			merged[last].end = max(merged[last].end, run.end)
			continue
		}
		merged = append(merged, run)
	}
	e.meta = merged
}

// addGroup adds the free blocks of one group to the free list.
func (e *extMap) addGroup(group uint64, d extfs.Desc) error {
	first, blocks := e.sb.GroupStart(group), e.sb.GroupBlocks(group)
	clusters := (blocks + e.sb.ClusterBlocks - 1) / e.sb.ClusterBlocks
	if d.Uninit {
		clear(e.bitmap)
	} else {
		if err := readFull(e.r, e.bitmap, int64(d.BlockBitmap)*e.sb.BlockSize); err != nil {
			return err
		}
		if !e.sb.BitmapSumOK(d, e.bitmap) {
			return errDoubt
		}
	}
	if err := e.applyMetadata(first, blocks, d.Uninit); err != nil {
		return err
	}
	free := uint64(0)
	end := first + blocks
	for from, to := range zeroRuns(e.bitmap, clusters) {
		free += to - from
		// The last cluster of the file system may reach beyond its end.
		stop := min(first+to*e.sb.ClusterBlocks, end)
		e.list.add(int64(first+from*e.sb.ClusterBlocks)*e.sb.BlockSize, int64(stop)*e.sb.BlockSize)
	}
	if free != d.FreeClusters {
		return errDoubt
	}
	return nil
}

// applyMetadata compares the metadata in these blocks with the group's bitmap. In a bitmap that was never written it
// marks the metadata as used. In any other it fails unless the metadata is already marked.
func (e *extMap) applyMetadata(first, blocks uint64, unwritten bool) error {
	i := sort.Search(len(e.meta), func(i int) bool { return e.meta[i].end > first })
	for ; i < len(e.meta) && e.meta[i].start < first+blocks; i++ {
		from := (max(e.meta[i].start, first) - first) / e.sb.ClusterBlocks
		to := (min(e.meta[i].end, first+blocks) - first + e.sb.ClusterBlocks - 1) / e.sb.ClusterBlocks
		for c := from; c < to; c++ {
			bit := byte(1) << (c % 8)
			if !unwritten && e.bitmap[c/8]&bit == 0 {
				return errDoubt
			}
			e.bitmap[c/8] |= bit
		}
	}
	return nil
}

// zeroRuns yields the longest possible runs [from, to) of zeros among the first n bits of a bitmap. The bitmap's length
// is a multiple of 8 bytes.
func zeroRuns(bitmap []byte, n uint64) func(yield func(from, to uint64) bool) {
	// next returns the first one bit at or after i, or n if there is none. It looks for a zero bit if flip inverts every
	// bit.
	next := func(i uint64, flip uint64) uint64 {
		for i < n {
			word := binary.LittleEndian.Uint64(bitmap[i/64*8:]) ^ flip
			if rest := word >> (i % 64); rest != 0 {
				return min(n, i+uint64(bits.TrailingZeros64(rest)))
			}
			i = (i/64 + 1) * 64
		}
		return n
	}
	return func(yield func(from, to uint64) bool) {
		for i := uint64(0); i < n; {
			from := next(i, ^uint64(0))
			if from == n {
				return
			}
			i = next(from, 0)
			if !yield(from, i) {
				return
			}
		}
	}
}
