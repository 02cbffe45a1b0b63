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

// changes are what the target must become, in bytes of the target: the overlay's map without everything that stays
// as it is. The lists are disjoint in what they write.
type changes struct {
	sizeBefore, sizeAfter int64
	moves                 []segment // content that is on the target at another place
	places                []segment // content from the spill file; src is an offset in it
	clear                 ranges    // reads as zero afterwards
	heads                 ranges    // the first bytes of the changed partitions as planned
	unused                ranges    // before, blocks that a file system held free: their content need not come back
	freed                 ranges    // the part of clear that nobody relies on: what moved away left it behind
	busy                  ranges    // partitions in use: their bytes change by themselves and are neither read nor written
}

// segment is a run of bytes that has to get from src to dst.
type segment struct{ dst, src, len int64 }

func (s segment) to() byteRange   { return run(s.dst, s.len) }
func (s segment) from() byteRange { return run(s.src, s.len) }

// clip is the part of the segment with the destination r, which must lie in it.
func (s segment) clip(r byteRange) segment {
	return segment{dst: r.off, src: s.src + r.off - s.dst, len: r.len()}
}

// changesOf reads off an overlay what the target must become. unused are the bytes of the target that a file
// system held free before.
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

// writes is every byte of the target that is changed, the part cut off at the end included.
func (c changes) writes() ranges {
	cut := []byteRange{{c.sizeAfter, c.sizeBefore}}
	return newRanges(c.clear, runsOf(c.moves, segment.to), runsOf(c.places, segment.to), cut)
}

// sources is every byte that a move reads.
func (c changes) sources() ranges { return newRanges(runsOf(c.moves, segment.from)) }

// withoutHoles are the changes of a target on which only the given ranges hold data: what is moved from a
// hole becomes a hole, and what is a hole already is not cleared.
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

// trimmed are the changes without new content that is on the target already, as far as it lies at the ends of a run, and
// without what the table's own writes bring. The overlay rounds writes out to blocks, so a run can hold bytes of a
// neighbour as they were when the rehearsal read them. They must not be written: the neighbour may be in use.
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

// trim cuts off the sectors at both ends that the target holds already.
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

// dataRanges are the bytes of the device that may be other than zero.
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
