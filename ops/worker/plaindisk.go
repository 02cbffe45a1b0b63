package worker

import (
	"iter"

	"golang.org/x/sys/unix"

	"shunt/ops/overlay"
	"shunt/ops/target"
)

// A plainDisk shows windows the target itself. What is written to it is written to the target at once, or refused.
type plainDisk struct {
	target.Target
	readOnly bool
}

// WriteAt implements partfs.Disk.
func (d *plainDisk) WriteAt(p []byte, off int64) (int, error) {
	if d.readOnly {
		return 0, unix.EROFS
	}
	return d.Target.WriteAt(p, off)
}

// Zero implements partfs.Disk.
func (d *plainDisk) Zero(off, n int64) error {
	if d.readOnly {
		return unix.EROFS
	}
	return d.Punch(off, n)
}

// Sync implements partfs.Disk.
func (d *plainDisk) Sync() error {
	if d.readOnly {
		return nil
	}
	return d.Target.Sync()
}

// Extents implements partfs.Disk.
func (d *plainDisk) Extents(off, n int64) iter.Seq[overlay.Extent] {
	return func(yield func(overlay.Extent) bool) {
		for at, end := off, off+n; at < end; {
			start, stop, err := d.Data(at)
			if err != nil {
				start, stop = at, end // it may hold anything
			}
			start, stop = min(start, end), min(stop, end)
			if start > at && !yield(overlay.Extent{Off: at, Len: start - at, Kind: overlay.Zero}) {
				return
			}
			if stop > start && !yield(overlay.Extent{Off: start, Len: stop - start, Kind: overlay.Base, Src: start}) {
				return
			}
			at = stop
		}
	}
}
