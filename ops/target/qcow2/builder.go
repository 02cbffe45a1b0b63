package qcow2

import (
	"bytes"
	"sort"

	"shunt/ops/target"
)

// A builder makes new L2 tables.
type builder struct {
	e      *Edit
	pieces []target.Piece
	buf    []byte         // one cluster of content
	table  []byte         // the new L2 table
	twice  []clusters     // of the old disk, to which two places of the new one lay claim
	took   map[int64]bool // those that the first of the two has taken
	movers []clusters     // of the old disk, that moves of whole clusters touch
	layers layers         // of a rebase

	origins [2]origin // of the clusters of the new disk that were looked up last: as they come, and those of the old disk
	source  struct {  // the old L2 table that was read last
		index int
		known bool
		table []byte
	}
}

// touched reports whether L2 table i changes.
func (b *builder) touched(i int) (bool, error) {
	e, im := b.e, b.e.im
	per := im.perL2() * im.cluster()
	start, end := int64(i)*per, min(int64(i+1)*per, e.plan.Size)
	if e.plan.Size != im.Size() && max(end, start) < int64(i+1)*per && i < len(im.l1) && im.l1[i]&offsetMask != 0 {
		return true, nil // it can have entries behind the end of the disk
	}
	if e.rebases() {
		return b.layers.either(start, end-start)
	}
	// Zeros need no table where nothing lies below.
	bare := (i >= len(im.l1) || im.l1[i]&offsetMask == 0) && (im.backing == nil || start >= im.backing.Size()) && !e.preallocates(start, end)
	for j := b.find(start); j < len(b.pieces) && b.pieces[j].Off < end; j++ {
		if kind := b.pieces[j].Kind; kind != target.Keep && !(bare && (kind == target.Empty || kind == target.Free)) {
			return true, nil
		}
	}
	return (e.plan.Mend || e.limit > 0) && i < len(im.l1), nil
}

// find returns the index of the piece with the byte at off.
func (b *builder) find(off int64) int {
	return sort.Search(len(b.pieces), func(j int) bool { return b.pieces[j].Off+b.pieces[j].Len > off })
}

// build makes L2 table i and writes it.
func (b *builder) build(i int) error {
	e, im := b.e, b.e.im
	before, err := b.old(i)
	if err != nil {
		return err
	}
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
		e.provide(first+j, now)
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

// old returns L2 table i of the old disk, or nil if there is none. It must not be changed.
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
