package overlay

// Zero makes n bytes from off on read as zero. Whole blocks take no space in the spill. If the range is not wholly within
// the disk, nothing is changed. The edges may have to be read and written: after an I/O error part of the range may be
// zero already.
func (o *Overlay) Zero(off, n int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.inside("zero", off, n); err != nil {
		return err
	}
	end := off + n
	lo, hi := blockUp(off), blockDown(end)
	if end == o.size {
		hi = end
	}
	if lo >= hi {
		return o.zeroEdge(off, end)
	}
	if err := o.zeroEdge(off, lo); err != nil {
		return err
	}
	if err := o.zeroEdge(hi, end); err != nil {
		return err
	}
	o.extents.set(Extent{Off: lo, Len: hi - lo, Kind: Zero})
	return nil
}

// zeroEdge clears less than two blocks. It writes zeros over data and does not split its extent.
func (o *Overlay) zeroEdge(lo, hi int64) error {
	for lo < hi {
		e, _ := o.extents.at(lo)
		part := e.clip(lo, hi)
		if part.Kind == Zero || part.Kind == Free {
			o.extents.set(Extent{Off: part.Off, Len: part.Len, Kind: Zero})
		} else if _, err := o.write(make([]byte, part.Len), part.Off); err != nil {
			return err
		}
		lo = part.End()
	}
	return nil
}
