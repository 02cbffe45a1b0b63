package txn

import (
	"shunt/ops"
)

// forgetDeleted keeps the commit from copying what was moved and deleted after that: where no partition lies in the end, the target
// stays as it is.
func (r *Rehearsal) forgetDeleted() {
	least := r.Device.Size()
	var moved []byteRange
	for _, s := range r.Steps {
		if s.Kind == ops.StepResizeImage {
			least = min(least, int64(r.Before.SectorSize.Bytes(s.Sectors)))
		}
		if _, stays := r.After.Partition(s.Part); s.Kind == ops.StepRemap && s.Part != 0 && !stays {
			moved = append(moved, r.bytesOf(s.To))
		}
	}
	var kept []byteRange
	for _, p := range r.After.Partitions() {
		kept = append(kept, r.bytesOf(p.Span))
	}
	for _, gone := range newRanges(moved).minus(newRanges(kept, spans(r.final))) {
		r.Overlay.Forget(gone.off, gone.len(), least)
	}
}
