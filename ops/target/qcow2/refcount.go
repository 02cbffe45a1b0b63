package qcow2

import (
	"context"
	"slices"
)

// counts writes the refcount blocks whose counts change to new places, and the refcount table. Writing them needs clusters
// too, which have counts of their own, so the set of blocks grows until nothing is added.
func (e *Edit) counts(ctx context.Context) error {
	im := e.im
	table, err := im.readTable(im.refTable)
	if err != nil {
		return err
	}
	r := refcounts{e: e, table: table, moved: map[int64]bool{}}
	if e.plan.Mend {
		if im.Version >= 3 {
			be.PutUint64(e.sector[72:], be.Uint64(e.sector[72:])&^(incDirty|incCorrupt))
		}
		for i, off := range table {
			if off != 0 {
				r.moved[int64(i)] = false
			}
		}
		for i := range e.check.refs.blocks(im.perBlock()) { // also those that the table has lost
			r.moved[i] = false
		}
	}
	for i, off := range table {
		if e.limit > 0 && off != 0 && int64(off)/im.cluster() >= e.limit {
			r.moved[int64(i)] = false
		}
	}
	high := e.limit > 0 && im.refTable.off/im.cluster() >= e.limit // the table itself is to move
	if !r.changed() && !high {
		return nil
	}
	r.settle()
	return r.write(ctx)
}

// refcounts is the new state of the counts.
type refcounts struct {
	e     *Edit
	table []uint64
	moved map[int64]bool // refcount blocks that change; true once they have a new place
	at    clusters       // the new place of the table
}

// changed notes the blocks of all changed counts, and reports whether one is new.
func (r *refcounts) changed() bool {
	per, found, last := r.e.im.perBlock(), false, int64(-1)
	for g := range r.e.change.all() {
		if g/per == last {
			continue
		}
		last = g / per
		if _, known := r.moved[last]; !known {
			r.moved[last] = false
		}
	}
	for _, done := range r.moved {
		found = found || !done
	}
	return found
}

// settle gives places to the blocks that change and to the table.
func (r *refcounts) settle() {
	e, c := r.e, r.e.im.cluster()
	old := r.e.im.refTable
	e.change.add(old.off, int64(old.entries)*8, c, -1)
	for r.changed() {
		for i, done := range r.moved {
			if done {
				continue
			}
			for int64(len(r.table)) <= i {
				r.table = append(r.table, 0)
			}
			if off := int64(r.table[i]); off != 0 {
				e.change.add(off, c, c, -1)
			}
			r.table[i] = uint64(e.alloc.one() * c)
			e.change.add(int64(r.table[i]), c, c, 1)
			r.moved[i] = true
		}
		if need := ceil(int64(len(r.table))*8, c); need > r.at.end-r.at.start {
			if n := r.at.end - r.at.start; n > 0 {
				e.change.add(r.at.start*c, n*c, c, -1)
				e.alloc.giveBack(r.at.start, n)
			}
			r.at.start = e.alloc.run(need)
			r.at.end = r.at.start + need
			e.change.add(r.at.start*c, need*c, c, 1)
		}
	}
}

// write writes the blocks and the table, and notes the place of the table.
func (r *refcounts) write(ctx context.Context) error {
	e, im := r.e, r.e.im
	c := im.cluster()
	offsets, err := im.readTable(im.refTable)
	if err != nil {
		return err
	}
	old := blocks{im: im, at: -1}
	for _, word := range offsets {
		old.offsets = append(old.offsets, int64(word))
	}
	var list []int64
	for i := range r.moved {
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b int64) int { return int(int64(r.table[a])-int64(r.table[b])) / int(c) })
	for _, i := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := r.block(&old, i)
		if err == nil {
			err = e.put(b, int64(r.table[i]))
		}
		if err != nil {
			return err
		}
		e.Cost.Tables += c
	}
	b := make([]byte, (r.at.end-r.at.start)*c)
	for i, word := range r.table {
		be.PutUint64(b[i*8:], word)
	}
	if int64(len(b)) > maxRefTable {
		return corrupt("its refcount table would be %d bytes long", len(b))
	}
	e.Cost.Tables += int64(len(b))
	be.PutUint64(e.sector[48:], uint64(r.at.start*c))
	be.PutUint32(e.sector[56:], uint32(r.at.end-r.at.start))
	return e.put(b, r.at.start*c)
}

// block returns the new bytes of refcount block i.
func (r *refcounts) block(old *blocks, i int64) ([]byte, error) {
	e, im := r.e, r.e.im
	b := make([]byte, im.cluster())
	per := im.perBlock()
	if i < int64(len(old.offsets)) && old.offsets[i] != 0 {
		if err := old.load(i); err != nil {
			return nil, err
		}
		copy(b, old.bytes)
	}
	if e.plan.Mend {
		for j := range per {
			setCount(b, j, im.RefcountBits, min(e.check.refs.get(i*per+j), im.mostCount()))
		}
	}
	for g, n := range e.change.in(i*per, (i+1)*per) {
		now := int64(count(b, g-i*per, im.RefcountBits)) + int64(n)
		if now < 0 || uint64(now) > im.mostCount() {
			return nil, corrupt("cluster %d of the file would be counted %d times", g, now)
		}
		setCount(b, g-i*per, im.RefcountBits, uint64(now))
	}
	return b, nil
}

// mostCount is the largest count that fits.
func (h *Header) mostCount() uint64 { return 1<<(h.RefcountBits-1)<<1 - 1 }
