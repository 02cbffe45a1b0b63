package qcow2

import (
	"context"
	"fmt"
	"slices"

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
	if e.plan.Snapshot.Do != target.NoSnapshot {
		return nil // the disk stays, or is another as a whole
	}
	if e.plan.Size != im.Size() {
		e.l1 = slices.Grow(e.l1, 1)[:min(len(e.l1), int(e.newL1()))]
		e.l1 = append(e.l1, make([]uint64, int(e.newL1())-len(e.l1))...)
	}
	b := builder{e: e, pieces: pieces, buf: make([]byte, im.cluster()), table: make([]byte, im.cluster()), took: map[int64]bool{}}
	b.twice = moveTwice(pieces, im.cluster())
	if err := b.findSpare(); err != nil {
		return err
	}
	b.layers.old.b, b.layers.next.b = im.backing, e.below
	for i := range max(len(im.l1), len(e.l1)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		touched, err := b.touched(i)
		if touched && err == nil {
			err = b.build(i)
		}
		if err != nil {
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
func (e *Edit) newL1() int64 { return max(1, ceil(ceil(e.size, e.im.cluster()), e.im.perL2())) }

// writeL1 writes the L1 table to a new place, if it has changed.
func (e *Edit) writeL1() error {
	im := e.im
	be.PutUint64(e.sector[24:], uint64(e.size))
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
