package qcow2

import (
	"cmp"
	"slices"

	"shunt/ops/target"
)

// entry returns the new entry of cluster g, whose old one is was.
func (b *builder) entry(g int64, was entry) (entry, error) {
	e := b.e
	if g*e.im.cluster() >= e.plan.Size {
		if e.plan.Size == e.im.Size() {
			return was, nil // a machine's state
		}
		return entry{}, nil
	}
	switch kind, by := b.origin(g, &b.origins[0]); kind {
	case target.Keep:
		if e.rebases() {
			return b.rebased(g, was)
		}
		return b.lowered(was)
	case target.Move:
		return b.moved(g, g-by)
	case target.Empty, target.Free:
		if x, ok := b.kept(g, was); ok {
			return x, nil
		}
		return b.empty(g, nil)
	case target.Write:
	}
	return b.fresh(g, &e.Cost.Copied)
}

// An origin says where a run of clusters of the new disk comes from.
type origin struct {
	clusters
	kind target.PieceKind
	by   int64 // for Move: by how many clusters they move
}

// origin returns where cluster g of the new disk comes from as a whole, and for Move by how many clusters it moves. It is
// Write if the cluster is made of parts. Clusters are mostly looked up in order, so near holds the run of the last one.
func (b *builder) origin(g int64, near *origin) (kind target.PieceKind, by int64) {
	if near.start <= g && g < near.end {
		return near.kind, near.by
	}
	e, c := b.e, b.e.im.cluster()
	off, end := g*c, min((g+1)*c, e.plan.Size)
	kind = target.Free
	first := b.find(off)
	for i := first; i < len(b.pieces) && b.pieces[i].Off < end; i++ {
		p := b.pieces[i]
		switch {
		case p.Kind == target.Free:
			continue
		case kind == target.Free:
			kind = p.Kind
			if kind == target.Move {
				by = p.Off - p.Src
			}
		case kind != p.Kind || kind == target.Move && by != p.Off-p.Src:
			return target.Write, 0
		}
	}
	switch {
	case kind == target.Keep && off+c > end && e.plan.Size != e.im.Size(), // what lies behind the end must read as zero later
		kind == target.Move && (by%c != 0 || off+c > end || off-by+c > e.im.Size()):
		kind, by = target.Write, 0
	}
	if p := b.pieces[first]; p.Off+p.Len >= off+c { // so it is with all clusters that lie in this piece as a whole
		*near = origin{clusters{ceil(p.Off, c), (p.Off + p.Len) / c}, kind, by / c}
	}
	return kind, by / c
}

// moved returns the entry of cluster g, which shows what cluster from of the old disk showed.
func (b *builder) moved(g, from int64) (entry, error) {
	im, cost := b.e.im, &b.e.Cost
	x, err := b.oldEntry(from)
	if err != nil {
		return entry{}, err
	}
	switch {
	case x == entry{}:
		if n, err := im.shown(from*im.cluster(), im.cluster()); err != nil || n == 0 {
			return b.empty(g, err)
		}
		return b.fresh(g, &cost.Shown)
	case b.stays(from) || b.taken(from):
		return b.fresh(g, &cost.Copied) // two places of a disk must never share a cluster
	case im.Extended && x.kind() != packed && im.backing != nil && x.gaps():
		return b.fresh(g, &cost.Shown)
	}
	cost.Remapped += im.cluster()
	return x, nil
}

// taken reports whether an earlier piece has taken the entry of cluster g of the old disk. From now on it is taken.
func (b *builder) taken(g int64) bool {
	if !within(b.twice, g) {
		return false
	}
	was := b.took[g]
	b.took[g] = true
	return was
}

// moveTwice returns the clusters of the old disk to which more than one piece moves them, in order.
func moveTwice(pieces []target.Piece, cluster int64) []clusters {
	var list, twice []clusters
	for _, p := range pieces {
		if p.Kind == target.Move {
			list = append(list, clusters{p.Src / cluster, ceil(p.Src+p.Len, cluster)})
		}
	}
	slices.SortFunc(list, func(a, b clusters) int { return cmp.Compare(a.start, b.start) })
	end := int64(0)
	for _, c := range list {
		if c.start < end {
			twice = append(twice, clusters{c.start, min(end, c.end)})
		}
		end = max(end, c.end)
	}
	return twice
}

// empty returns an entry of cluster g that reads as zero.
func (b *builder) empty(g int64, err error) (entry, error) {
	im, below := b.e.im, b.e.below
	if err != nil {
		return entry{}, err
	}
	how := b.e.prealloc(g)
	switch {
	case how.Allocates():
		return b.e.reserved(how), nil
	case below == nil || g*im.cluster() >= below.Size():
		return entry{}, err
	case im.Extended:
		return entry{parts: (1<<parts - 1) << parts}, err
	case im.Version >= 3:
		return entry{word: readsZero}, err
	}
	// Version 2 has no mark for zeros.
	clear(b.buf)
	return b.store(&b.e.Cost.Copied)
}

// fresh returns an entry of a new cluster with the content of cluster g. cost is where it counts.
func (b *builder) fresh(g int64, cost *int64) (entry, error) {
	e, c := b.e, b.e.im.cluster()
	if e.w != nil {
		n := min(c, e.plan.Size-g*c)
		clear(b.buf[n:])
		if err := readFull(e.plan.Content, b.buf[:n], g*c); err != nil {
			return entry{}, err
		}
		if allZero(b.buf) {
			return b.empty(g, nil)
		}
	}
	return b.store(cost)
}

// store writes b.buf to a new cluster.
func (b *builder) store(cost *int64) (entry, error) {
	e, c := b.e, b.e.im.cluster()
	*cost += c
	host := e.alloc.one() * c
	x := entry{word: uint64(host) | copied}
	if e.im.Extended {
		x.parts = 1<<parts - 1
	}
	return x, e.put(b.buf, host)
}

// gaps reports whether parts of an extended entry show the backing file.
func (e entry) gaps() bool { return uint32(e.parts)|uint32(e.parts>>parts) != 1<<parts-1 }

// stays reports whether cluster g of the old disk keeps its entry.
func (b *builder) stays(g int64) bool {
	if g*b.e.im.cluster() >= b.e.plan.Size {
		return false
	}
	kind, _ := b.origin(g, &b.origins[1])
	return kind == target.Keep
}
