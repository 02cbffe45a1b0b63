package fsys

import (
	"context"
	"fmt"

	"shunt/geometry"
	"shunt/model/scan/fatfs"
	"shunt/model/tried"
)

// fatCoarse gives a FAT12 or FAT16 volume larger clusters, because it cannot have enough of its own for the wanted size. A slot
// is the room of an old cluster. The data area stays on the grid of slots, and ratio slots make a new cluster:
//
//	├─ FATs ─┼ 0 ┼ 1 ┼ 2 ┼ 3 ┼ 4 ┼ 5 ┤          old clusters 2, 3, …
//	├─── FATs ───┼ cluster 2 ┼ cluster 3 ┤       new, with a shift of 1 and a ratio of 2
//
// Each chain of clusters gets new clusters in a row. The slots that a chain does not fill are zeros.
type fatCoarse struct {
	f            Window
	old, to      fatfs.Volume
	ratio, shift int64
	next         []int64 // of each old cluster: the next one in its chain, 0 for a free one, -1 for the last
	fresh        []int64 // the new cluster
	goesTo       []int64 // the new slot
	ends         []bool  // of each new cluster: whether a chain ends there
	zeros        []int64 // slots that no chain fills
}

const endOfChain = -1

// coarsenFAT makes the volume in f as long as to says, which has larger clusters. If it fails, the volume must be considered
// destroyed.
func coarsenFAT(ctx context.Context, f Window, old, to fatfs.Volume) error {
	c := &fatCoarse{f: f, old: old, to: to, ratio: to.PerCluster / old.PerCluster}
	c.shift = (to.DataStart() - old.DataStart()) / old.PerCluster
	if err := c.readChains(); err != nil {
		return err
	}
	if err := c.assign(); err != nil {
		return err
	}
	used := newClusterSet(int64(len(c.next)))
	for n, next := range c.next {
		if next != 0 {
			used.add(int64(n))
		}
	}
	used.seal()
	number := func(n int64) (int64, error) {
		if !used.has(n) {
			return 0, fmt.Errorf("cluster %d does not exist or is free, but something refers to it: %w", n, errFATDamaged)
		}
		return c.fresh[n], nil
	}
	tree := fatTree{f: f, old: old, used: used, number: number}
	if err := tree.renumber(ctx); err != nil {
		return err
	}
	if err := c.moveSlots(ctx); err != nil {
		return err
	}
	if err := c.writeTables(); err != nil {
		return err
	}
	if err := (&fatMove{f: f, old: old, to: to}).writeBoot(); err != nil {
		return err
	}
	after, err := readFATVolume(f)
	if err == nil && after != to {
		err = fmt.Errorf("internal error: the volume became %+v instead of %+v; nothing was changed on the disk, "+
			"please report this", after, to)
	}
	return err
}

// readChains reads the FAT.
func (c *fatCoarse) readChains() error {
	n := c.old.Clusters() + fatfs.FirstCluster
	c.next = make([]int64, n)
	table := newFATReader(c.f, c.old)
	for i := int64(fatfs.FirstCluster); i < n; i++ {
		e, err := table.get(i)
		switch {
		case err != nil:
			return err
		case e.free():
		case e.bad():
			return fmt.Errorf("cluster %d is marked as bad, and the clusters would have to become larger: copy the files to a new "+
				"partition", i)
		case e.last():
			c.next[i] = endOfChain
		case e.number() < fatfs.FirstCluster || e.number() >= n:
			return fmt.Errorf("cluster %d is followed by cluster %d, which does not exist: %w", i, e.number(), errFATDamaged)
		default:
			c.next[i] = e.number()
		}
	}
	return nil
}

// assign gives each chain its new clusters.
func (c *fatCoarse) assign() error {
	follows := make([]bool, len(c.next))
	used := 0
	for i, next := range c.next {
		if next != 0 {
			used++
		}
		if next <= 0 {
			continue
		}
		if follows[next] || c.next[next] == 0 {
			return fmt.Errorf("cluster %d follows more than one, or is free, and cluster %d refers to it: %w", next, i, errFATDamaged)
		}
		follows[next] = true
	}
	c.fresh, c.goesTo = make([]int64, len(c.next)), make([]int64, len(c.next))
	for first, next := range c.next {
		if next == 0 || follows[first] {
			continue
		}
		start, n := int64(len(c.ends)), int64(0)
		for i := int64(first); i != endOfChain; i = c.next[i] {
			c.fresh[i] = fatfs.FirstCluster + start + n/c.ratio
			c.goesTo[i] = c.shift + start*c.ratio + n
			n++
			used--
		}
		for ; n%c.ratio != 0; n++ {
			c.zeros = append(c.zeros, c.shift+start*c.ratio+n)
		}
		for i := range n / c.ratio {
			c.ends = append(c.ends, i == n/c.ratio-1)
		}
	}
	switch {
	case used != 0:
		return fmt.Errorf("%d clusters are in chains without a beginning: %w", used, errFATDamaged)
	case int64(len(c.ends)) > c.to.Clusters():
		return fmt.Errorf("its many small files do not fit with clusters of %s: the largest size with its present ones is %s",
			geometry.FormatBytes(geometry.Bytes(c.to.ClusterSize())), geometry.FormatBytes(geometry.Bytes(c.old.MaxSize())))
	}
	return nil
}

// moveSlots moves every slot in use to its new place. A slot moves only after the one in its way has moved. What remains are
// rings of slots; each is moved with one slot in memory.
func (c *fatCoarse) moveSlots(ctx context.Context) error {
	size := c.old.ClusterSize()
	at := func(slot int64) int64 { return c.old.DataStart()*c.old.SectorSize + slot*size }
	from := map[int64]int64{} // new slot to old slot
	leaves := map[int64]bool{}
	for i, next := range c.next {
		if slot := int64(i) - fatfs.FirstCluster; next != 0 && c.goesTo[i] != slot {
			from[c.goesTo[i]], leaves[slot] = slot, true
		}
	}
	kept, buf := make([]byte, size), make([]byte, size)
	copySlot := func(a, b int64) error {
		if err := readFull(c.f, buf, at(a)); err != nil {
			return err
		}
		_, err := c.f.WriteAt(buf, at(b))
		return err
	}
	// follow moves into the free slot b, then into the slot that came free, and so on, up to stop.
	follow := func(b, stop int64) (int64, error) {
		for {
			a, wanted := from[b]
			if !wanted || a == stop || ctx.Err() != nil {
				return b, ctx.Err()
			}
			if err := copySlot(a, b); err != nil {
				return b, err
			}
			delete(from, b)
			delete(leaves, a)
			b = a
		}
	}
	for i, next := range c.next {
		if b := c.goesTo[i]; next != 0 && !leaves[b] {
			if _, err := follow(b, -1); err != nil {
				return err
			}
		}
	}
	for i := range c.next {
		slot := int64(i) - fatfs.FirstCluster
		if !leaves[slot] {
			continue
		}
		if err := readFull(c.f, kept, at(slot)); err != nil {
			return err
		}
		last, err := follow(slot, slot)
		if err != nil {
			return err
		}
		if _, err := c.f.WriteAt(kept, at(last)); err != nil {
			return err
		}
		delete(from, last)
		delete(leaves, slot)
	}
	clear(buf)
	for _, slot := range c.zeros {
		if _, err := c.f.WriteAt(buf, at(slot)); err != nil {
			return err
		}
	}
	return nil
}

// writeTables writes the FATs and the root directory behind them.
func (c *fatCoarse) writeTables() error {
	root := make([]byte, c.old.RootSectors()*c.old.SectorSize)
	if err := readFull(c.f, root, c.old.RootStart()*c.old.SectorSize); err != nil {
		return tried.Errorf("read the root directory: %w", err)
	}
	table, b := newFATReader(c.f, c.old), make([]byte, c.to.FATSectors*c.to.SectorSize)
	mask := fatMask(c.to.Kind)
	for i := range int64(fatfs.FirstCluster) {
		e, err := table.get(i)
		if err != nil {
			return err
		}
		setEntry(b, c.to.Kind, i, e)
	}
	for i, end := range c.ends {
		n := int64(i) + fatfs.FirstCluster
		e := fatEntry{mask, mask}
		if !end {
			e = e.with(n + 1)
		}
		setEntry(b, c.to.Kind, n, e)
	}
	for i := range c.to.Copies {
		if _, err := c.f.WriteAt(b, c.to.FATAt(i)); err != nil {
			return tried.Errorf("write copy %d of the FAT: %w", i+1, err)
		}
	}
	_, err := c.f.WriteAt(root, c.to.RootStart()*c.to.SectorSize)
	return err
}
