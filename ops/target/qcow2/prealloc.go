package qcow2

import (
	"cmp"
	"slices"
	"sort"

	"shunt/model"
	"shunt/ops/target"
)

// In a preallocated image every place of the disk has a cluster of the file, whether it was written to or not, so the file
// cannot run out of room for it. An edit keeps that. What a moved partition leaves behind takes over clusters of the old disk
// that the new one has no use for: an entry with the mark "reads as zero" names one, whatever it holds. The old disk can
// still show it, for an undo. Version 2 has no such mark. There, and where no cluster is left over, the place gets a cluster
// behind the end of the file, which is a hole.

// spare is what an edit knows of clusters that hold nothing.
type spare struct {
	pool   []clusters // of the file: the old disk shows them, and the new one something else in their place
	reused []clusters // those that the new disk has taken over
	roomy  []clusters // those that need room on the host
	holes  int64      // clusters behind the end of the file that take no room
	behind bool       // clusters behind the end of the file are used
}

// prealloc returns what is allocated for cluster g of the new disk.
func (e *Edit) prealloc(g int64) model.Prealloc {
	off, c := g*e.im.cluster(), e.im.cluster()
	for _, r := range e.plan.Reserved {
		if r.Off < off+c && off < r.Off+r.Len {
			return r.How
		}
	}
	if e.check.Preallocated {
		return model.PreallocMetadata
	}
	return model.PreallocOff
}

// preallocates reports whether clusters may be allocated for the bytes [start, end) of the new disk that hold nothing.
func (e *Edit) preallocates(start, end int64) bool {
	return e.check.Preallocated || slices.ContainsFunc(e.plan.Reserved, func(r target.Reserved) bool {
		return r.How.Allocates() && r.Off < end && start < r.Off+r.Len
	})
}

// kept returns the entry of cluster g, which becomes empty, with the cluster that it has.
func (b *builder) kept(g int64, was entry) (entry, bool) {
	e := b.e
	if e.im.Version < 3 || was.kind() == packed || was.host() == 0 || !e.prealloc(g).Allocates() || !e.owns(was.host()) || b.mover(g) >= 0 {
		return entry{}, false
	}
	now := e.blank(was.host())
	if now != was {
		add(&e.spare.reused, was.host()/e.im.cluster())
	}
	return now, true
}

// blank returns an entry that reads as zero and has a cluster.
func (e *Edit) blank(host int64) entry {
	if e.im.Extended {
		return entry{word: uint64(host) | copied, parts: (1<<parts - 1) << parts}
	}
	return entry{word: uint64(host) | copied | readsZero}
}

// reserved returns an entry of a cluster that reads as zero: one that the old disk leaves over, or one behind the end of
// the file.
func (e *Edit) reserved(how model.Prealloc) entry {
	c := e.im.cluster()
	if pool := e.spare.pool; len(pool) > 0 {
		g := pool[0].start
		if pool[0].start++; pool[0].start == pool[0].end {
			e.spare.pool = pool[1:]
		}
		add(&e.spare.reused, g)
		return e.blank(g * c)
	}
	if e.spare.behind = true; how == model.PreallocMetadata {
		e.spare.holes++
	}
	x := entry{word: uint64(e.alloc.hole()*c) | copied}
	if e.im.Extended {
		x.parts = 1<<parts - 1
	}
	return x
}

// provide notes a cluster that needs room on the host.
func (e *Edit) provide(g int64, x entry) {
	if len(e.plan.Reserved) > 0 && x.kind() != packed && x.host() != 0 && e.prealloc(g) == model.PreallocFalloc {
		add(&e.spare.roomy, x.host()/e.im.cluster())
	}
}

// add adds a cluster to a list of runs.
func add(list *[]clusters, g int64) {
	if n := len(*list); n > 0 && (*list)[n-1].end == g {
		(*list)[n-1].end++
		return
	}
	*list = append(*list, clusters{g, g + 1})
}

// findSpare collects the clusters that the old disk leaves over.
func (b *builder) findSpare() error {
	e, c := b.e, b.e.im.cluster()
	if !e.check.Preallocated {
		return nil
	}
	for _, p := range b.pieces {
		if p.Kind == target.Move && (p.Off-p.Src)%c == 0 { // any other is copied
			b.movers = append(b.movers, clusters{p.Src / c, ceil(p.Src+p.Len, c)})
		}
	}
	slices.SortFunc(b.movers, func(x, y clusters) int { return cmp.Compare(x.start, y.start) })
	end := int64(0)
	for i := range b.movers { // those that overlap end where the longest does
		end = max(end, b.movers[i].end)
		b.movers[i].end = end
	}
	if e.im.Version < 3 {
		return nil
	}
	done := int64(0)
	for _, p := range b.pieces {
		if p.Kind != target.Move && p.Kind != target.Write {
			continue
		}
		for g := max(done, p.Off/c); g < min(ceil(p.Off+p.Len, c), e.im.clusters()); g++ {
			if done = g + 1; b.mover(g) >= 0 {
				g = max(g, b.movers[b.mover(g)].end-1)
				done = g + 1
				continue
			}
			if err := b.leave(g); err != nil {
				return err
			}
		}
	}
	return nil
}

// leave adds the cluster of g to the pool, if the new disk shows another one there.
func (b *builder) leave(g int64) error {
	was, err := b.oldEntry(g)
	if err != nil {
		return err
	}
	if kind, _ := b.origin(g, &b.origins[0]); (kind == target.Move || kind == target.Write) && was.kind() != packed && was.host() != 0 && b.e.owns(was.host()) {
		add(&b.e.spare.pool, was.host()/b.e.im.cluster())
	}
	return nil
}

// mover returns the index of the run of movers with cluster g, or -1.
func (b *builder) mover(g int64) int {
	i := sort.Search(len(b.movers), func(i int) bool { return b.movers[i].start > g }) - 1
	if i >= 0 && g < b.movers[i].end {
		return i
	}
	return -1
}

// reserve makes the file as long as its clusters ask for, and gets room for those that need it.
func (e *Edit) reserve() error {
	c := e.im.cluster()
	for _, r := range e.spare.roomy {
		e.Cost.Reserved += (r.end - r.start) * c
	}
	if e.w == nil {
		return nil
	}
	if end := e.alloc.end * c; e.spare.behind && e.im.store.Size() < end {
		if _, err := e.w.WriteAt(make([]byte, sectorLen), end-sectorLen); err != nil {
			return err
		}
	}
	host, ok := e.w.(target.Reserver)
	if !ok {
		return nil
	}
	for _, r := range e.spare.roomy {
		if err := host.Reserve(r.start*c, (r.end-r.start)*c); err != nil {
			return err
		}
	}
	return nil
}
