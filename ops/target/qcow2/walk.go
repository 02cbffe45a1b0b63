package qcow2

import (
	"cmp"
	"context"
	"maps"
	"math/bits"
	"slices"
)

// A Check is what a walk over all references of an image found.
type Check struct {
	// Leaks are clusters with a higher count than they have references. They only take space.
	Leaks Faults
	// Errors are clusters with a lower count than they have references. A writer would take them for free.
	Errors Faults
	// Copied are entries whose mark "refcount is 1" is wrong. A writer would write to a cluster that it must not change, or
	// copy one in vain.
	Copied Faults
	// Beyond are clusters with data or tables that lie behind the end of the file. They read as zero: the file was cut.
	Beyond Faults
	// Space says what the file's clusters are used for.
	Space Space

	// Preallocated says that each cluster of the disk has one of the file.
	Preallocated bool

	refs *counts          // references of each cluster
	lost []clusters       // leaks without any reference, in order
	high map[int64]uint64 // the counts of leaks with references
}

// Clean reports whether an editor may rely on the image.
func (c *Check) Clean() bool { return c.Errors.Count == 0 && c.Copied.Count == 0 }

// Faults counts faults of one kind and names the first.
type Faults struct {
	Count int64
	First Fault
}

// A Fault is one cluster that is not as it should be.
type Fault struct {
	Cluster       int64 // of the file
	Stored, Found uint64
}

func (f *Faults) add(cluster int64, stored, found uint64) {
	if f.Count++; f.Count == 1 {
		f.First = Fault{cluster, stored, found}
	}
}

// Space is how many bytes of the file are used for what. Each cluster counts once.
type Space struct {
	Data      int64 // of the disk as it is now, with its tables
	Snapshots int64 // of snapshots alone
	Bitmaps   int64
	Format    int64 // header, refcounts
	Leaked    int64
}

// Walk follows all references of the image and compares their number with the counts. It fails with *Corrupt where the
// structures make no sense, and otherwise reports what it found.
func (im *Image) Walk(ctx context.Context) (*Check, error) {
	w := &walk{im: im, ctx: ctx, check: &Check{high: map[int64]uint64{}, refs: im.newCounts()}, size: im.store.Size()}
	err := w.all()
	return w.check, err
}

// A walk is one walk over all references.
type walk struct {
	im    *Image
	ctx   context.Context //nolint:containedctx // of one call
	check *Check
	size  int64  // of the file
	into  *int64 // the part of Space for clusters that are met for the first time
}

func (w *walk) all() error {
	im, space := w.im, &w.check.Space
	w.into = &space.Format
	if err := w.refer(0, 1, 1); err != nil {
		return err
	}
	if err := w.refer(im.refTable.off, int64(im.refTable.entries)*8, 1); err != nil {
		return err
	}
	offsets, err := w.blocks()
	if err != nil {
		return err
	}
	w.into = &space.Data
	if err := w.tree(im.Header.l1, im.l1); err != nil {
		return err
	}
	w.into = &space.Snapshots
	if err := w.snapshots(); err != nil {
		return err
	}
	w.into = &space.Bitmaps
	if err := w.bitmaps(); err != nil {
		return err
	}
	if err := cmp.Or(w.alone(offsets), w.compare(offsets)); err != nil {
		return err
	}
	return w.marks()
}

// alone fails if a refcount block serves anything else too, as qemu-img check does.
func (w *walk) alone(blocks []int64) error {
	for _, off := range blocks {
		if g := off / w.im.cluster(); off != 0 && w.check.refs.get(g) > 1 {
			return corrupt("cluster %d of the file holds refcounts and is used %d times", g, w.check.refs.get(g))
		}
	}
	return nil
}

// refer counts n references to each cluster that [off, off+length) touches.
func (w *walk) refer(off, length, n int64) error {
	if length <= 0 {
		return nil
	}
	c := w.im.cluster()
	fresh, err := w.check.refs.add(clusters{off / c, ceil(off+length, c)}, n)
	*w.into += fresh * c
	return err
}

// blocks counts the refcount blocks and returns their offsets, 0 where there is none.
func (w *walk) blocks() ([]int64, error) {
	list, err := w.im.readTable(w.im.refTable)
	if err != nil {
		return nil, err
	}
	const reserved = 0x1ff
	offsets, seen := make([]int64, len(list)), map[int64]bool{}
	for i, word := range list {
		off := int64(word &^ reserved)
		switch {
		case word&reserved != 0 || word >= maxOffset || off%w.im.cluster() != 0:
			return nil, corrupt("entry %d of the refcount table is not valid (%#x)", i, word)
		case off == 0:
			continue
		case seen[off]:
			return nil, corrupt("the refcount block at byte %d is used twice", off)
		}
		seen[off], offsets[i] = true, off
		if err := w.refer(off, w.im.cluster(), 1); err != nil {
			return nil, err
		}
	}
	return offsets, nil
}

// tree counts what an L1 table reaches.
func (w *walk) tree(t table, l1 []uint64) error {
	length := int64(t.entries) * 8
	if err := w.refer(t.off, length, 1); err != nil {
		return err
	}
	if length > 0 && t.off+length > w.size {
		w.check.Beyond.add(t.off/w.im.cluster(), 0, 0)
	}
	offsets, err := w.im.l2Offsets(l1)
	if err != nil {
		return err
	}
	for _, off := range offsets {
		if err := w.l2(off, 1); err != nil {
			return err
		}
	}
	return nil
}

// l2Offsets returns the offsets of the L2 tables of one L1 table.
func (im *Image) l2Offsets(l1 []uint64) ([]int64, error) {
	var list []int64
	for i, word := range l1 {
		off, err := im.checkL1(word, i)
		if err != nil {
			return nil, err
		}
		if off != 0 {
			list = append(list, off)
		}
	}
	slices.Sort(list)
	for i := 1; i < len(list); i++ {
		if list[i] == list[i-1] {
			return nil, corrupt("one L1 table leads twice to the L2 table at byte %d", list[i])
		}
	}
	return list, nil
}

// snapshots counts what the snapshots reach. They share most L2 tables, which are read once.
func (w *walk) snapshots() error {
	im := w.im
	if err := w.refer(im.Header.snapshots.off, im.snapshotTable, 1); err != nil {
		return err
	}
	total, paths := int64(0), map[int64]int64{}
	for i, s := range im.Snapshots {
		if total += int64(s.l1.entries) * 8; total > im.store.Size() {
			return corrupt("the L1 tables of its snapshots are larger than the file")
		}
		if err := w.refer(s.l1.off, int64(s.l1.entries)*8, 1); err != nil {
			return err
		}
		l1, err := im.readTable(s.l1)
		if err != nil {
			return err
		}
		offsets, err := im.l2Offsets(l1)
		if err != nil {
			return corrupt("snapshot %d: %v", i+1, err)
		}
		for _, off := range offsets {
			paths[off]++
		}
	}
	for _, off := range slices.Sorted(maps.Keys(paths)) {
		if err := w.l2(off, paths[off]); err != nil {
			return err
		}
	}
	return nil
}

// l2 counts n references to an L2 table and to all that it reaches.
func (w *walk) l2(off, n int64) error {
	if err := cmp.Or(w.ctx.Err(), w.refer(off, w.im.cluster(), n)); err != nil {
		return err
	}
	if off+w.im.cluster() > w.size { // programs write these tables whole
		w.check.Beyond.add(off/w.im.cluster(), 0, 0)
	}
	run := clusters{} // of data, not counted yet
	err := w.im.eachEntry(off, func(_ int64, e entry) error {
		if e.kind() == packed {
			at, length := e.span(w.im.ClusterBits)
			if at >= w.size {
				w.check.Beyond.add(at/w.im.cluster(), 0, 0)
			}
			return w.refer(at, length, n)
		}
		if e.host()+w.im.cluster() > w.size {
			if e.host() >= w.size && (e.kind() == zero || w.im.Extended && uint32(e.parts) == 0) {
				return w.refer(e.host(), w.im.cluster(), n) // nothing of it is read, so it need not be there
			}
			if w.short(e) {
				w.check.Beyond.add(e.host()>>w.im.ClusterBits, 0, 0)
			}
		}
		switch g := e.host() >> w.im.ClusterBits; g {
		case 0:
		case run.end:
			run.end++
		default:
			before := run
			run = clusters{g, g + 1}
			return w.data(before, n)
		}
		return nil
	})
	return cmp.Or(err, w.data(run, n))
}

// short reports whether the file ends inside what an entry shows. A program may leave out what lies behind the end of the
// disk, and behind the last part that has data.
func (w *walk) short(e entry) bool {
	c := w.im.cluster()
	if e.host() == 0 || e.host() >= w.size || e.host()+c <= w.size || e.kind() == zero {
		return false
	}
	shown := c
	if w.im.Extended {
		shown = int64(bits.Len32(uint32(e.parts))) * (c / parts)
	}
	if rest := w.im.Size() % c; rest != 0 {
		shown = min(shown, rest)
	}
	return e.host()+shown > w.size
}

// eachEntry calls do for the entries of an L2 table that are not 0.
func (im *Image) eachEntry(off int64, do func(i int64, e entry) error) error {
	start, _, err := im.store.Data(min(off, im.store.Size()))
	if err != nil || start >= off+im.cluster() {
		return err // a hole: all its entries are 0
	}
	table, err := im.l2(off)
	if err != nil {
		return err
	}
	plain := ^(copied | offsetMask&^uint64(im.cluster()-1)) // bits that are 0 in an entry of an ordinary cluster
	for i, n := int64(0), int64(im.l2Entry()); i*n < int64(len(table)); i++ {
		if be.Uint64(table[i*n:]) == 0 && !im.Extended {
			continue
		}
		e := im.entryIn(table, i)
		if e == (entry{}) {
			continue
		}
		if e.word&plain != 0 || im.Extended {
			if err := im.checkEntry(e); err != nil {
				return corrupt("entry %d of the L2 table at byte %d %s", i, off, err)
			}
		}
		if err := do(i, e); err != nil {
			return err
		}
	}
	return nil
}

// data counts references to clusters of data.
func (w *walk) data(run clusters, refs int64) error {
	c := w.im.cluster()
	for g := max(run.start, ceil(w.size, c)); g < run.end; g++ {
		w.check.Beyond.add(g, 0, 0)
	}
	return w.refer(run.start*c, (run.end-run.start)*c, refs)
}
