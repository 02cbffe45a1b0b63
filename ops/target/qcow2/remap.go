package qcow2

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"shunt/ops/target"
)

// tables writes the L2 tables that change and the L1 table.
func (e *Edit) tables(ctx context.Context) error {
	im := e.im
	pieces, err := e.pieces()
	if err != nil {
		return err
	}
	e.l1 = slices.Clone(im.l1)
	if e.plan.Size != im.Size() {
		e.l1 = slices.Grow(e.l1, 1)[:min(len(e.l1), int(e.newL1()))]
		e.l1 = append(e.l1, make([]uint64, int(e.newL1())-len(e.l1))...)
	}
	b := builder{e: e, pieces: pieces, buf: make([]byte, im.cluster()), table: make([]byte, im.cluster()), took: map[int64]bool{}}
	b.twice = moveTwice(pieces, im.cluster())
	for i := range max(len(im.l1), len(e.l1)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !b.touched(i) {
			continue
		}
		if err := b.build(i); err != nil {
			return err
		}
	}
	return e.writeL1()
}

// pieces returns the plan's pieces, if they make a disk.
func (e *Edit) pieces() ([]target.Piece, error) {
	var list []target.Piece
	at := int64(0)
	for p := range e.plan.Pieces {
		from := p.Off
		switch {
		case p.Kind == target.Move && p.Src != p.Off:
			from = p.Src
		case p.Kind == target.Move:
			p.Kind = target.Keep
		}
		if p.Off != at || p.Len <= 0 || p.Kind <= target.Move && (from < 0 || p.Len > e.im.Size()-from) {
			return nil, fmt.Errorf("a piece of %d bytes at %d does not continue the disk at %d", p.Len, p.Off, at)
		}
		at += p.Len
		list = append(list, p)
	}
	if at != e.plan.Size {
		return nil, fmt.Errorf("the pieces of the disk end at byte %d of %d", at, e.plan.Size)
	}
	return list, nil
}

// newL1 is the number of entries that the new size needs.
func (e *Edit) newL1() int64 { return max(1, ceil(ceil(e.plan.Size, e.im.cluster()), e.im.perL2())) }

// writeL1 writes the L1 table to a new place, if it has changed.
func (e *Edit) writeL1() error {
	im := e.im
	be.PutUint64(e.sector[24:], uint64(e.plan.Size))
	if slices.Equal(e.l1, im.l1) && (e.limit == 0 || im.Header.l1.off+int64(len(im.l1))*8 <= e.limit*im.cluster()) {
		return nil
	}
	b := make([]byte, ceil(int64(len(e.l1))*8, im.cluster())*im.cluster())
	for i, word := range e.l1 {
		be.PutUint64(b[i*8:], word)
	}
	off, err := e.place(b)
	if old := int64(len(im.l1)) * 8; old > 0 {
		e.change.add(im.Header.l1.off, old, im.cluster(), -1)
	}
	be.PutUint32(e.sector[36:], uint32(len(e.l1)))
	be.PutUint64(e.sector[40:], uint64(off))
	return err
}

// place writes whole clusters of a table to free clusters in a row and returns their offset.
func (e *Edit) place(b []byte) (off int64, err error) {
	c := e.im.cluster()
	off = e.alloc.run(int64(len(b))/c) * c
	e.change.add(off, int64(len(b)), c, 1)
	e.Cost.Tables += int64(len(b))
	return off, e.put(b, off)
}

func (e *Edit) put(b []byte, off int64) error {
	if e.w == nil {
		return nil
	}
	return e.out.put(b, off)
}

// A builder makes new L2 tables.
type builder struct {
	e      *Edit
	pieces []target.Piece
	buf    []byte         // one cluster of content
	table  []byte         // the new L2 table
	twice  []clusters     // of the old disk, to which two places of the new one lay claim
	took   map[int64]bool // those that the first of the two has taken

	source struct { // the old L2 table that was read last
		index int
		known bool
		table []byte
	}
}

// touched reports whether L2 table i changes.
func (b *builder) touched(i int) bool {
	e, im := b.e, b.e.im
	per := im.perL2() * im.cluster()
	start, end := int64(i)*per, min(int64(i+1)*per, e.plan.Size)
	if e.plan.Size != im.Size() && max(end, start) < int64(i+1)*per && i < len(im.l1) && im.l1[i]&offsetMask != 0 {
		return true // it can have entries behind the end of the disk
	}
	// Zeros need no table where nothing lies below.
	bare := (i >= len(im.l1) || im.l1[i]&offsetMask == 0) && (im.backing == nil || start >= im.backing.Size())
	for j := b.find(start); j < len(b.pieces) && b.pieces[j].Off < end; j++ {
		if kind := b.pieces[j].Kind; kind != target.Keep && !(bare && (kind == target.Empty || kind == target.Free)) {
			return true
		}
	}
	return (e.plan.Mend || e.limit > 0) && i < len(im.l1)
}

// find returns the index of the piece with the byte at off.
func (b *builder) find(off int64) int {
	return sort.Search(len(b.pieces), func(j int) bool { return b.pieces[j].Off+b.pieces[j].Len > off })
}

// build makes L2 table i and writes it.
func (b *builder) build(i int) error {
	e, im := b.e, b.e.im
	old, err := b.old(i)
	if err != nil {
		return err
	}
	before := bytes.Clone(old) // b.old may read another one
	clear(b.table)
	first := int64(i) * im.perL2()
	for j := range im.perL2() {
		was := entry{}
		if before != nil {
			was = im.entryIn(before, j)
		}
		now, err := b.entry(first+j, was)
		if err != nil {
			return err
		}
		if now != was {
			e.refer(was, -1)
			e.refer(now, 1)
		}
		if e.plan.Mend {
			now = e.marked(now)
		}
		im.setEntry(b.table, j, now)
	}
	return b.write(i, before)
}

// write stores the built table, unless it equals the old one or is empty.
func (b *builder) write(i int, before []byte) error {
	e, im := b.e, b.e.im
	stays := i < len(e.l1) && !e.high(i)
	if stays && before != nil && bytes.Equal(before, b.table) {
		if e.plan.Mend {
			e.l1[i] = e.marked(entry{word: e.l1[i]}).word
		}
		return nil
	}
	if before != nil {
		e.change.add(int64(im.l1[i]&offsetMask), im.cluster(), im.cluster(), -1)
	}
	word := uint64(0)
	if !allZero(b.table) {
		off, err := e.place(b.table)
		if err != nil {
			return err
		}
		word = uint64(off) | copied
	}
	if i < len(e.l1) {
		e.l1[i] = word
	}
	return nil
}

func allZero(p []byte) bool { return p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1]) }

// marked returns an entry with the mark "copied" that the references ask for.
func (e *Edit) marked(x entry) entry {
	if x.kind() == packed || x.host() == 0 {
		return x
	}
	if x.word &^= copied; e.check.refs.get(x.host()/e.im.cluster()) <= 1 { // 0: a new cluster
		x.word |= copied
	}
	return x
}

// refer notes n references more to the clusters of an entry.
func (e *Edit) refer(x entry, n int32) {
	im := e.im
	switch {
	case x.kind() == packed:
		off, length := x.span(im.ClusterBits)
		e.change.add(off, length, im.cluster(), n)
	case x.host() != 0:
		e.change.add(x.host(), im.cluster(), im.cluster(), n)
	}
}

func (h *Header) setEntry(table []byte, j int64, x entry) {
	n := int64(h.l2Entry())
	be.PutUint64(table[j*n:], x.word)
	if h.Extended {
		be.PutUint64(table[j*n+8:], x.parts)
	}
}

// old returns L2 table i of the old disk, or nil if there is none. It is valid until the next call.
func (b *builder) old(i int) ([]byte, error) {
	im := b.e.im
	if i >= len(im.l1) || im.l1[i]&offsetMask == 0 {
		return nil, nil
	}
	if s := &b.source; s.known && s.index == i {
		return s.table, nil
	}
	table, err := im.l2(int64(im.l1[i] & offsetMask))
	b.source.index, b.source.known, b.source.table = i, err == nil, table
	return table, err
}

// oldEntry returns the entry of cluster g of the old disk.
func (b *builder) oldEntry(g int64) (entry, error) {
	per := b.e.im.perL2()
	table, err := b.old(int(g / per))
	if table == nil || err != nil {
		return entry{}, err
	}
	return b.e.im.entryIn(table, g%per), nil
}

// entry returns the new entry of cluster g, whose old one is was.
func (b *builder) entry(g int64, was entry) (entry, error) {
	e := b.e
	if g*e.im.cluster() >= e.plan.Size {
		if e.plan.Size == e.im.Size() {
			return was, nil // a machine's state
		}
		return entry{}, nil
	}
	switch kind, by := b.origin(g); kind {
	case target.Keep:
		return b.lowered(was)
	case target.Move:
		return b.moved(g, g-by)
	case target.Empty, target.Free:
		return b.empty(g, nil)
	case target.Write:
	}
	return b.fresh(g, &e.Cost.Copied)
}

// origin returns where cluster g of the new disk comes from as a whole, and for Move by how many clusters it moves. It is
// Write if the cluster is made of parts.
func (b *builder) origin(g int64) (kind target.PieceKind, by int64) {
	e, c := b.e, b.e.im.cluster()
	off, end := g*c, min((g+1)*c, e.plan.Size)
	kind = target.Free
	for i := b.find(off); i < len(b.pieces) && b.pieces[i].Off < end; i++ {
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
		return target.Write, 0
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
	if i := sort.Search(len(b.twice), func(i int) bool { return b.twice[i].end > g }); i == len(b.twice) || b.twice[i].start > g {
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
	im := b.e.im
	switch {
	case im.backing == nil || g*im.cluster() >= im.backing.Size():
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
	kind, _ := b.origin(g)
	return kind == target.Keep
}
