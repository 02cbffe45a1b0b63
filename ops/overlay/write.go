package overlay

import (
	"bytes"

	"shunt/model/tried"
)

// zeroGrain is the size of the aligned blocks that are recorded as zero in the map, and not stored in the spill, if all
// their bytes are zero. Tools clear inode tables and logs of many megabytes, which need not be stored or committed.
const zeroGrain = 64 << 10

// WriteAt stores p at off. If the range is not wholly within the disk, nothing is written. After any other error the first
// n bytes are those of p. The others are unchanged or, if they were in the spill already, undefined.
func (o *Overlay) WriteAt(p []byte, off int64) (int, error) {
	if done, n, err := o.overwrite(p, off); done {
		return n, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.inside("write", off, int64(len(p))); err != nil {
		return 0, err
	}
	return o.write(p, off)
}

// overwrite stores p if one spilled extent holds the whole range, and reports in done whether it does. The map does not
// change then, so others can go on reading.
func (o *Overlay) overwrite(p []byte, off int64) (done bool, n int, err error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.inside("write", off, int64(len(p))) != nil {
		return false, 0, nil
	}
	e, ok := o.extents.at(off)
	if !ok || e.Kind != SpillKind || off+int64(len(p)) > e.End() {
		return false, 0, nil
	}
	n, err = o.store(p, e.Src+off-e.Off)
	return true, n, err
}

// write stores p, which must lie within the disk. The write lock must be held.
func (o *Overlay) write(p []byte, off int64) (int, error) {
	for done := 0; done < len(p); {
		at := off + int64(done)
		rest := p[done:]
		e, _ := o.extents.at(at)
		if e.Kind == SpillKind {
			rest = rest[:min(int64(len(rest)), e.End()-at)]
			n, err := o.store(rest, e.Src+at-e.Off)
			if err != nil {
				return done + n, err
			}
			done += n
			continue
		}
		hi := o.unspilledEnd(at, off+int64(len(p)))
		n, err := o.spread(rest[:hi-at], at)
		if err != nil {
			return done + n, err
		}
		done += n
	}
	return len(p), nil
}

// spread stores p in a run without spilled bytes. Long runs of zeros go into the map, everything else into the spill.
func (o *Overlay) spread(p []byte, off int64) (int, error) {
	for done := 0; done < len(p); {
		at := off + int64(done)
		data, zeros := split(p[done:], at)
		if data > 0 {
			if err := o.add(p[done:done+data], at); err != nil {
				return done, err
			}
		}
		if zeros > 0 {
			o.extents.set(Extent{Off: at + int64(data), Len: int64(zeros), Kind: Zero})
		}
		done += data + zeros
	}
	return len(p), nil
}

// split returns how many bytes of p come before the first aligned block of zeroGrain zeros, and how many bytes long the
// run of such blocks is.
func split(p []byte, off int64) (data, zeros int) {
	data = int((zeroGrain - off%zeroGrain) % zeroGrain)
	for ; data+zeroGrain <= len(p); data += zeroGrain {
		for data+zeros+zeroGrain <= len(p) && allZero(p[data+zeros:data+zeros+zeroGrain]) {
			zeros += zeroGrain
		}
		if zeros > 0 {
			return data, zeros
		}
	}
	return len(p), 0
}

// allZero reports whether all bytes of p are zero. p must not be empty.
func allZero(p []byte) bool { return p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1]) }

// add stores p, which overlaps no spilled bytes, at a new place in the spill, together with the unspilled rest of the
// blocks it touches. The map changes only after all bytes are stored.
func (o *Overlay) add(p []byte, off int64) error {
	end := off + int64(len(p))
	lo := o.unspilledStart(off, blockDown(off))
	hi := o.unspilledEnd(off, min(blockUp(end), o.size))
	// The place has the same offset within a block as the bytes, so that later writes of whole blocks are aligned in the
	// file too, and parts of a block that are written one after another can be merged.
	place := o.next + (lo-o.next)&(block-1)

	whole := p
	if lo < off || hi > end {
		whole = o.buffer(int(hi - lo))
		if _, err := o.read(whole[:off-lo], lo); err != nil {
			return err
		}
		copy(whole[off-lo:], p)
		if _, err := o.read(whole[end-lo:], end); err != nil {
			return err
		}
	}
	if _, err := o.store(whole, place); err != nil {
		return err
	}
	o.next = place + (hi - lo)
	o.extents.set(Extent{Off: lo, Len: hi - lo, Kind: SpillKind, Src: place})
	return nil
}

// store writes to the spill and keeps an error for Err.
func (o *Overlay) store(p []byte, place int64) (int, error) {
	n, err := o.spill.WriteAt(p, place)
	if n < len(p) || err != nil {
		return n, o.failed(tried.Errorf("write %d bytes at %d of the spill: %w", len(p), place, short(err)))
	}
	return n, nil
}

// unspilledStart returns the start of the run without spilled bytes that ends at off. It looks back no farther than limit.
func (o *Overlay) unspilledStart(off, limit int64) int64 {
	for off > limit {
		e, ok := o.extents.at(off - 1)
		if !ok || e.Kind == SpillKind {
			return off
		}
		off = max(limit, e.Off)
	}
	return off
}

// unspilledEnd returns the end of the run without spilled bytes that begins at off. It looks no farther than limit.
func (o *Overlay) unspilledEnd(off, limit int64) int64 {
	for e := range o.extents.walk(off, limit-off) {
		if e.Kind == SpillKind {
			return e.Off
		}
	}
	return limit
}

// buffer returns a scratch buffer of n bytes, which is valid until the next call.
func (o *Overlay) buffer(n int) []byte {
	if cap(o.scratch) < n {
		o.scratch = make([]byte, n)
	}
	return o.scratch[:n]
}
