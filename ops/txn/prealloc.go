package txn

import (
	"errors"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/target"
)

// resizeImage makes the overlay as long as a step says, and notes what the step wants allocated for the part it adds.
func (r *Rehearsal) resizeImage(s ops.Step) error {
	now, size := r.Overlay.Size(), int64(r.Before.SectorSize.Bytes(s.Sectors))
	if err := r.Overlay.Resize(size); err != nil {
		return err
	}
	var list []target.Reserved
	for _, p := range r.reserved {
		if p.Len = min(p.Len, size-p.Off); p.Len > 0 {
			list = append(list, p)
		}
	}
	if size > now && s.Prealloc != "" {
		list = append(list, target.Reserved{Off: now, Len: size - now, How: s.Prealloc})
	}
	r.reserved = list
	return nil
}

// fallocated lists the bytes of the disk that get room on the host. In a raw image they are those of its file.
func (r *Rehearsal) fallocated() ranges {
	var runs []byteRange
	for _, p := range r.reserved {
		if p.How == model.PreallocFalloc {
			runs = append(runs, run(p.Off, p.Len))
		}
	}
	return newRanges(runs)
}

// reserve gives a part of a target room on its host.
func reserve(dev Device, off, n int64) error {
	if r, ok := dev.(target.Reserver); ok {
		return r.Reserve(off, n)
	}
	return errors.New("it lies on no file system whose room could be allocated")
}
