package txn

import (
	"context"
	"fmt"
	"slices"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/overlay"
	"shunt/ops/target"
)

// hostBlock is the smallest piece of an image file that its host can give back, in bytes.
const hostBlock = 4096

// mostCleared limits how many runs are given back. Where there are more, short ones stay.
const mostCleared = 1 << 17

// spareRoom is what steps of the kind StepFindSpare found. Places are bytes of the overlay.
type spareRoom struct {
	looked []byteRange    // where zeros are looked for
	free   []byteRange    // what nobody needs
	judge  []model.PartID // the file systems whose tools must find them in order afterwards
	// Places on the target before the transaction:
	gone  []byteRange // contents that nobody needs and that are not kept
	zeros []byteRange // known to be zero
	done  bool
}

// findSpare finds what can be given back in a step's window. A damaged file system is left alone.
func (r *Rehearsal) findSpare(ctx context.Context, s ops.Step) error {
	window := r.bytesOf(s.Window)
	if s.FS == model.Unformatted {
		r.spare.free = append(r.spare.free, window)
		return nil
	}
	found := scan.Probe(r.Overlay, window.off, window.len())
	if s.Free && (!found.Dirty.OK() || !fsys.FreeCertain(s.FS)) {
		mark := r.Overlay.Mark()
		err := r.inspect(ctx, s, r.Tools.Ready)
		if isDamage(err) && !found.Features.Has(model.Unreplayed) {
			r.Overlay.Revert(mark)
			r.check = nil
			r.alone = append(r.alone, fmt.Sprintf("the %s in %s is damaged, so all of it keeps its room: check it first", s.FS, s.Ref))
			return nil
		}
		if err != nil {
			return err
		}
	}
	r.spare.looked = append(r.spare.looked, byteRange{window.off, min(window.end, window.off+int64(found.Size))})
	if !s.Free {
		return nil
	}
	free, err := fsys.SpareRanges(r.Overlay, s.FS, window.off, window.len())
	if err != nil {
		return tried.Errorf("read which blocks of %s are free: %w", s.Ref, err)
	}
	r.spare.free = append(r.spare.free, shifted(free, window.off)...)
	r.spare.judge = append(r.spare.judge, s.Part)
	return nil
}

// giveBack clears what was found, in whole units of the target, so that the commit gives their room back.
func (r *Rehearsal) giveBack(ctx context.Context) error {
	grain := int64(hostBlock)
	sw, switching := r.Device.(target.Switching)
	if switching {
		grain = sw.Cluster()
	}
	data, err := dataRanges(r.Device)
	if err != nil {
		return tried.Errorf("find the holes of the target: %w", err)
	}
	free := newRanges(r.spare.free)
	c := clearing{ov: r.Overlay, grain: grain, free: free, buf: make([]byte, max(copyChunk, grain))}
	for _, run := range r.held(newRanges(r.spare.free, r.spare.looked), data) {
		if err := c.look(ctx, run); err != nil {
			return err
		}
	}
	runs := c.longest()
	if switching {
		runs = ownRoom(sw, grain, runs)
	}
	for _, run := range runs {
		if !r.givesUp() {
			r.spend(run, free)
		}
		if err := r.Overlay.Zero(run.off, run.len()); err != nil {
			return err
		}
	}
	r.spare.done = true
	// Where every place has a cluster, as in a preallocated image, those of places that hold nothing would stay.
	r.reserved = []target.Reserved{{Len: r.Overlay.Size(), How: model.PreallocOff}}
	return nil
}

// ownRoom returns the parts of some runs of whole clusters that hold room in the file of an image and can give it back. What
// shows a backing file holds none.
func ownRoom(sw target.Switching, cluster int64, runs []byteRange) (list []byteRange) {
	for _, run := range runs {
		run.off = max(run.off, (sw.EmptyFrom()+cluster-1)/cluster*cluster)
		if run.len() <= 0 {
			continue
		}
		switch half := (run.len()/cluster + 1) / 2 * cluster; {
		case sw.Below(run.off, run.len()) == 0:
			list = append(list, run)
		case run.len() > cluster:
			list = append(list, ownRoom(sw, cluster, []byteRange{{run.off, run.off + half}, {run.off + half, run.end}})...)
		}
	}
	return list
}

// gaveBack reports whether a step belongs to an operation that gives room back.
func (r *Rehearsal) gaveBack(s ops.Step) bool {
	return slices.ContainsFunc(r.Steps, func(other ops.Step) bool { return other.Kind == ops.StepGiveBack && other.Op == s.Op })
}

// held returns the parts of a set of bytes of the overlay that hold anything: neither holes of the target, nor cleared.
func (r *Rehearsal) held(set, data ranges) ranges {
	var runs []byteRange
	for _, part := range set {
		for e := range r.Overlay.Extents(part.off, part.len()) {
			switch e.Kind {
			case overlay.Base:
				for _, d := range data.within(e.Src, e.Src+e.Len) {
					runs = append(runs, run(d.off-e.Src+e.Off, d.len()))
				}
			case overlay.SpillKind:
				runs = append(runs, run(e.Off, e.Len))
			case overlay.Zero, overlay.Free:
			}
		}
	}
	return newRanges(runs)
}

// spend notes which bytes of the target before the transaction are given up with a run of the overlay.
func (r *Rehearsal) spend(cleared byteRange, free ranges) {
	for e := range r.Overlay.Extents(cleared.off, cleared.len()) {
		if e.Kind != overlay.Base {
			continue
		}
		by := e.Src - e.Off
		for _, f := range free.within(e.Off, e.End()) {
			r.spare.gone = append(r.spare.gone, byteRange{f.off + by, f.end + by})
		}
		for _, z := range free.outside(e.Off, e.End()) {
			r.spare.zeros = append(r.spare.zeros, byteRange{z.off + by, z.end + by})
		}
	}
}

// givesUp reports whether an edit of the transaction gives up contents or a place of them. Then what is free now need not
// have been free before, and an undo needs what was there.
func (r *Rehearsal) givesUp() bool {
	for p := range r.Before.Each() {
		if q, ok := r.After.Partition(p.ID); !ok || q.Span.Len() < p.Span.Len() {
			return true
		}
	}
	kinds := []ops.StepKind{ops.StepMakeFS, ops.StepWipe, ops.StepWipeDisk, ops.StepCopy, ops.StepResizeFS, ops.StepResizeImage}
	return slices.ContainsFunc(r.Steps, func(s ops.Step) bool { return slices.Contains(kinds, s.Kind) })
}

// A clearing finds units that are free or zero as a whole.
type clearing struct {
	ov    *overlay.Overlay
	grain int64
	free  ranges
	buf   []byte
	found []byteRange
}

// look looks at the units that lie in a run, and those that reach beyond it into a hole.
func (c *clearing) look(ctx context.Context, run byteRange) error {
	from, to := run.off/c.grain*c.grain, min((run.end+c.grain-1)/c.grain*c.grain, c.ov.Size())
	for from < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		if whole := c.free.within(from, to); len(whole) > 0 && whole[0].off == from && whole[0].len() >= c.grain {
			end := whole[0].end / c.grain * c.grain
			c.add(byteRange{from, end})
			from = end
			continue
		}
		end := min(to, from+int64(len(c.buf))/c.grain*c.grain)
		if next := c.free.within(from+c.grain, end); len(next) > 0 {
			// Up to the next unit that is free as a whole there is something to read.
			end = min(end, max(from+c.grain, next[0].off/c.grain*c.grain))
		}
		if err := c.read(from, end); err != nil {
			return err
		}
		from = end
	}
	return nil
}

// read reads some units and adds those that are zero where they are not free.
func (c *clearing) read(from, end int64) error {
	b := c.buf[:end-from]
	if _, err := c.ov.ReadAt(b, from); err != nil {
		return err
	}
	for _, f := range c.free.within(from, end) {
		clear(b[f.off-from : f.end-from])
	}
	for at := from; at < end; at += c.grain {
		if unit := b[at-from : min(at+c.grain, end)-from]; allZero(unit) {
			c.add(byteRange{at, at + int64(len(unit))})
		}
	}
	return nil
}

func (c *clearing) add(r byteRange) {
	if last := len(c.found) - 1; last >= 0 && c.found[last].end >= r.off {
		c.found[last].end = max(c.found[last].end, r.end)
		return
	}
	c.found = append(c.found, r)
}

// longest returns the runs that were found, without the shortest if there are too many.
func (c *clearing) longest() []byteRange {
	for least := c.grain; len(c.found) > mostCleared; {
		least *= 2
		c.found = slices.DeleteFunc(c.found, func(r byteRange) bool { return r.len() < least })
	}
	return c.found
}
