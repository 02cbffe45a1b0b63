package txn

import (
	"bytes"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// changes is what the target must become, in bytes of the target: the overlay's map with everything that stays
// as it is left out. The lists are disjoint in what they write.
type changes struct {
	sizeBefore, sizeAfter int64
	moves                 []segment // content that is on the target at another place
	places                []place   // content from the spill file
	clear                 ranges    // reads as zero afterwards
	heads                 ranges    // the first bytes of the changed partitions as planned
	unused                ranges    // before, blocks that a file system held free: their content need not come back
	freed                 ranges    // the part of clear that nobody relies on: what moved away left it behind
	busy                  ranges    // partitions in use: their bytes change by themselves and are neither read nor written
}

// place is content of the spill file and where on the target it belongs.
type place struct{ off, src, len int64 }

// writes is every byte of the target that the changes changes, the part cut off at the end included.
func (l changes) writes() ranges {
	runs := append([]byteRange(nil), l.clear...)
	for _, m := range l.moves {
		runs = append(runs, byteRange{m.dst, m.dst + m.len})
	}
	for _, p := range l.places {
		runs = append(runs, byteRange{p.off, p.off + p.len})
	}
	if l.sizeAfter < l.sizeBefore {
		runs = append(runs, byteRange{l.sizeAfter, l.sizeBefore})
	}
	return newRanges(runs)
}

// sources is every byte that a move reads.
func (l changes) sources() ranges {
	runs := make([]byteRange, 0, len(l.moves))
	for _, m := range l.moves {
		runs = append(runs, byteRange{m.src, m.src + m.len})
	}
	return newRanges(runs)
}

// withoutHoles is the changes fit for a target of which only the given ranges hold data: what is moved from a
// hole becomes a hole, and what is a hole already is not cleared.
func (l changes) withoutHoles(data ranges) changes {
	clear := append([]byteRange(nil), l.clear...)
	var moves []segment
	for _, m := range l.moves {
		for _, r := range data.within(m.src, m.src+m.len) {
			moves = append(moves, segment{dst: m.dst + r.off - m.src, src: r.off, len: r.end - r.off})
		}
		for _, r := range data.outside(m.src, m.src+m.len) {
			clear = append(clear, byteRange{m.dst + r.off - m.src, m.dst + r.end - m.src})
		}
	}
	l.moves = moves
	l.clear = newRanges(clear).intersect(data)
	return l
}

// trimmed is the changes without new content that is on the target already, as far as it lies at the ends of a run, and
// without what the table's own writes bring. The overlay rounds writes out to blocks: what lies in such a block of a
// neighbour, which may be in use, must not be written with what it held when the rehearsal read it.
func (l changes) trimmed(dev Device, spill journal.File, tableWrites ranges) (changes, error) {
	var kept []place
	for _, p := range l.places {
		for _, r := range tableWrites.outside(p.off, p.off+p.len) {
			q, err := trim(dev, spill, place{off: r.off, src: p.src + r.off - p.off, len: r.end - r.off})
			if err != nil {
				return l, err
			}
			if q.len > 0 {
				kept = append(kept, q)
			}
		}
	}
	l.places = kept
	return l, nil
}

// trim cuts off the sectors at both ends that the target holds already.
func trim(dev Device, spill journal.File, p place) (place, error) {
	const grain = 512
	fresh, old := make([]byte, grain), make([]byte, grain)
	same := func(at, n int64) (bool, error) {
		if p.off+at+n > dev.Size() {
			return false, nil
		}
		if _, err := spill.ReadAt(fresh[:n], p.src+at); err != nil {
			return false, tried.Errorf("read spill file: %w", err)
		}
		if _, err := dev.ReadAt(old[:n], p.off+at); err != nil {
			return false, tried.Errorf("read the target at offset %d: %w", p.off+at, err)
		}
		return bytes.Equal(fresh[:n], old[:n]), nil
	}
	for p.len > 0 {
		n := min(grain, p.len)
		is, err := same(0, n)
		if err != nil {
			return p, err
		}
		if !is {
			break
		}
		p.off, p.src, p.len = p.off+n, p.src+n, p.len-n
	}
	for p.len > 0 {
		n := min(grain, p.len)
		is, err := same(p.len-n, n)
		if err != nil {
			return p, err
		}
		if !is {
			break
		}
		p.len -= n
	}
	return p, nil
}
