package overlay

// A Mark is the state of an overlay's map at one time.
type Mark struct {
	size    int64
	extents extentMap
}

// Mark returns the present state. It copies no bytes.
func (o *Overlay) Mark() Mark {
	o.mu.Lock()
	defer o.mu.Unlock()
	return Mark{size: o.size, extents: o.extents.snapshot()}
}

// Revert makes the overlay show what it showed at the mark. Bytes that were in the spill by then and were written since
// keep what was written. The mark stays valid.
func (o *Overlay) Revert(m Mark) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.size, o.extents = m.size, m.extents.snapshot()
}
