package overlay

import (
	"iter"

	"github.com/tidwall/btree"
)

// An extentMap is the sorted set of extents. It does no locking.
type extentMap struct {
	tree *btree.BTreeG[Extent]
}

func newExtentMap() extentMap {
	byOffset := func(a, b Extent) bool { return a.Off < b.Off }
	return extentMap{tree: btree.NewBTreeGOptions(byOffset, btree.Options{NoLocks: true})}
}

// snapshot returns a copy of the map. It costs little: shared parts are copied only when either map changes. The lock must
// be held for writing.
func (m extentMap) snapshot() extentMap { return extentMap{tree: m.tree.Copy()} }

// at returns the extent that contains the byte x.
func (m extentMap) at(x int64) (Extent, bool) {
	var found Extent
	m.tree.Descend(Extent{Off: x}, func(e Extent) bool {
		found = e
		return false
	})
	return found, found.Off <= x && x < found.End()
}

// walk yields the extents within [off, off+n) in order, clipped to that range. The map must not change meanwhile.
func (m extentMap) walk(off, n int64) iter.Seq[Extent] {
	return func(yield func(Extent) bool) {
		first, ok := m.at(off)
		if !ok || n <= 0 {
			return
		}
		m.tree.Ascend(first, func(e Extent) bool {
			part := e.clip(off, off+n)
			return part.Len > 0 && yield(part)
		})
	}
}

// set replaces a part of the map by a run of extents, in which each begins where the one before ends. It cuts, drops and
// merges neighbours to keep the invariants. All extents enter the map through it.
func (m extentMap) set(run ...Extent) {
	var in merger
	lo, hi := run[0].Off, run[len(run)-1].End()
	if lo == hi {
		return
	}
	if left, ok := m.at(lo - 1); ok {
		in.add(left.clip(left.Off, lo))
	}
	for _, e := range run {
		in.add(e)
	}
	if right, ok := m.at(hi); ok {
		in.add(right.clip(hi, right.End()))
	}
	m.remove(in.out[0].Off, in.out[len(in.out)-1].End())
	for _, e := range in.out {
		m.tree.Set(e)
	}
}

// truncate drops everything from size on.
func (m extentMap) truncate(size int64) {
	last, ok := m.at(size)
	if !ok {
		return
	}
	m.remove(last.Off, last.End())
	if kept := last.clip(last.Off, size); kept.Len > 0 {
		m.tree.Set(kept)
	}
	m.tree.DeleteAscend(Extent{Off: size}, func(Extent) btree.Action { return btree.Delete })
}

// remove drops the extents that begin within [lo, hi).
func (m extentMap) remove(lo, hi int64) {
	m.tree.DeleteAscend(Extent{Off: lo}, func(e Extent) btree.Action {
		if e.Off >= hi {
			return btree.Stop
		}
		return btree.Delete
	})
}

// A merger collects a run of extents and merges neighbours where it can.
type merger struct {
	out []Extent
}

func (g *merger) add(e Extent) {
	if e.Len == 0 {
		return
	}
	if last := len(g.out) - 1; last >= 0 && g.out[last].continues(e) {
		g.out[last].Len += e.Len
		return
	}
	g.out = append(g.out, e)
}
