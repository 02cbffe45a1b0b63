package txn

import (
	"bytes"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/overlay"
	"shunt/ops/target"
)

// Device is the target that a transaction changes.
type Device = target.Device

// changes describes what the commit must do to the target, in bytes of the target. No byte is written by two of its lists.
type changes struct {
	sizeBefore, sizeAfter int64
	moves                 []segment // content that moves from another place on the target
	places                []segment // content from the spill file; src is an offset in it
	clear                 ranges    // bytes that must read as zero afterwards
	heads                 ranges    // the first bytes of the changed partitions as planned
	unused                ranges    // bytes whose old content a roll back need not restore
	zeros                 ranges    // bytes that are zero before the transaction, although they take room
	freed                 ranges    // the part of clear that moved data left behind: clearing it is not necessary
	reserve               ranges    // bytes that get room on the host
	busy                  ranges    // partitions in use: their bytes change at any time and are neither read nor written
}

// A segment is a run of bytes that must be copied from src to dst.
type segment struct{ dst, src, len int64 }

func (s segment) to() byteRange   { return run(s.dst, s.len) }
func (s segment) from() byteRange { return run(s.src, s.len) }

// clip returns the part of the segment with the destination r, which must lie within that of s.
func (s segment) clip(r byteRange) segment {
	return segment{dst: r.off, src: s.src + r.off - s.dst, len: r.len()}
}

// changesOf returns the changes that an overlay describes. unused are the bytes of the target that file systems hold free
// before the transaction.
func changesOf(ov *overlay.Overlay, sizeBefore int64, unused ranges) changes {
	c := changes{sizeBefore: sizeBefore, sizeAfter: ov.Size(), unused: unused}
	var clear, freed []byteRange
	for e := range ov.Changed() {
		switch e.Kind {
		case overlay.Base:
			c.moves = append(c.moves, segment{dst: e.Off, src: e.Src, len: e.Len})
		case overlay.SpillKind:
			c.places = append(c.places, segment{dst: e.Off, src: e.Src, len: e.Len})
		case overlay.Zero:
			clear = append(clear, run(e.Off, e.Len))
		case overlay.Free:
			freed = append(freed, run(e.Off, e.Len))
		}
	}
	c.clear, c.freed = newRanges(clear, freed), newRanges(freed)
	return c
}

// writes returns every byte of the target that changes, including the part that is cut off at the end.
func (c changes) writes() ranges {
	cut := []byteRange{{c.sizeAfter, c.sizeBefore}}
	return newRanges(c.clear, runsOf(c.moves, segment.to), runsOf(c.places, segment.to), cut)
}

// sources returns every byte that a move reads.
func (c changes) sources() ranges { return newRanges(runsOf(c.moves, segment.from)) }

// withoutHoles adapts the changes to a target on which only the given ranges hold data: a hole that moves becomes a hole
// at its destination, and a hole is not cleared again.
func (c changes) withoutHoles(data ranges) changes {
	var moves []segment
	var holes []byteRange
	for _, m := range c.moves {
		there := m.dst - m.src
		for _, r := range data.within(m.src, m.src+m.len) {
			moves = append(moves, segment{dst: r.off + there, src: r.off, len: r.len()})
		}
		for _, r := range data.outside(m.src, m.src+m.len) {
			holes = append(holes, byteRange{r.off + there, r.end + there})
		}
	}
	c.moves = moves
	c.clear = newRanges(c.clear, holes).intersect(data)
	return c
}

// trimmed drops from the new content what the table's own writes bring, and at both ends of a run what the target already
// holds. The overlay rounds writes out to blocks, so a run can hold bytes of a neighbour as they were when the rehearsal
// read them. These must not be written, since the neighbour may be in use.
func (c changes) trimmed(dev Device, spill journal.File, tableWrites ranges) (changes, error) {
	var kept []segment
	for _, p := range c.places {
		for _, r := range tableWrites.outside(p.dst, p.dst+p.len) {
			q, err := trim(dev, spill, p.clip(r))
			if err != nil {
				return c, err
			}
			if q.len > 0 {
				kept = append(kept, q)
			}
		}
	}
	c.places = kept
	return c, nil
}

// trim cuts off the sectors at both ends of p that the target already holds.
func trim(dev Device, spill journal.File, p segment) (segment, error) {
	const grain = 512
	fresh, old := make([]byte, grain), make([]byte, grain)
	same := func(at, n int64) (bool, error) {
		if p.dst+at+n > dev.Size() {
			return false, nil
		}
		if _, err := spill.ReadAt(fresh[:n], p.src+at); err != nil {
			return false, tried.Errorf("read spill file: %w", err)
		}
		if _, err := dev.ReadAt(old[:n], p.dst+at); err != nil {
			return false, tried.Errorf("read the target at offset %d: %w", p.dst+at, err)
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
		p = segment{dst: p.dst + n, src: p.src + n, len: p.len - n}
	}
	for p.len > 0 {
		n := min(grain, p.len)
		if is, err := same(p.len-n, n); err != nil || !is {
			return p, err
		}
		p.len -= n
	}
	return p, nil
}

// dataRanges returns the parts of the device that are not holes.
func dataRanges(dev Device) (ranges, error) {
	var runs []byteRange
	for off := int64(0); off < dev.Size(); {
		start, end, err := dev.Data(off)
		if err != nil {
			return nil, err
		}
		if start >= end {
			break
		}
		runs = append(runs, byteRange{start, end})
		off = end
	}
	return newRanges(runs), nil
}
