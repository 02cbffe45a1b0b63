package txn

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"shunt/model/table"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/target"
)

// rebase notes the backing file that the commit gives the image.
func (r *Rehearsal) rebase(s ops.Step) error {
	disk, ok := r.Sources[s.Path].(target.Device)
	if !ok {
		return fmt.Errorf("%s is not open to be read", s.Path)
	}
	r.backing = &target.NewBacking{Name: s.Label, Format: s.Format, Disk: disk}
	return nil
}

// takeIn copies what an overlay of the target has of its own. Where both hold the same, nothing changes.
func (r *Rehearsal) takeIn(ctx context.Context, s ops.Step) error {
	over, ok := r.Sources[s.Path].(target.Layered)
	if !ok {
		return fmt.Errorf("%s is not open to be read, or has no layers", s.Path)
	}
	size := over.Size()
	if size > r.Overlay.Size() {
		if err := r.Overlay.Resize(size); err != nil {
			return err
		}
	}
	now, was := make([]byte, copyChunk), make([]byte, copyChunk)
	for at := int64(0); at < size; {
		start, end, err := over.Own(at)
		if err != nil {
			return tried.Errorf("read at offset %d: %w", at, err)
		}
		for off := start; off < end; off += copyChunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(copyChunk, end-off)
			if err := r.takeRun(over, now[:n], was[:n], off); err != nil {
				return err
			}
		}
		at = end
	}
	r.tookIn = true
	return r.takeTable()
}

// changes reports whether the overlay differs from the target.
func (r *Rehearsal) changes() bool {
	for range r.Overlay.Changed() {
		return true
	}
	return false
}

// takeRun copies one run of an overlay, in pieces of the smallest block that differs.
func (r *Rehearsal) takeRun(over target.Device, now, was []byte, off int64) error {
	if _, err := over.ReadAt(now, off); err != nil {
		return tried.Errorf("read at offset %d: %w", off, err)
	}
	if _, err := r.Overlay.ReadAt(was, off); err != nil {
		return tried.Errorf("read at offset %d: %w", off, err)
	}
	const grain = 64 << 10 // the usual cluster
	for i := 0; i < len(now); i += grain {
		end := min(i+grain, len(now))
		if bytes.Equal(now[i:end], was[i:end]) {
			continue
		}
		if err := r.put(now[i:end], off+int64(i)); err != nil {
			return err
		}
	}
	return nil
}

// takeTable notes which of the bytes that came from the overlay are those of the final table, so that they are written last:
// from the copy at the end to the first sector.
func (r *Rehearsal) takeTable() error {
	regions, err := table.Regions(r.Overlay, r.After)
	if err != nil {
		return tried.Errorf("find the overlay's table: %w", err)
	}
	z := int64(r.After.SectorSize)
	for _, g := range slices.Backward(regions) {
		list := []byteRange{run(g.Off, g.Len)}
		if g.Off == 0 {
			list = []byteRange{run(z, g.Len-z), run(0, z)}
		}
		for _, at := range list {
			now, was := make([]byte, at.len()), make([]byte, at.len())
			if _, err := r.Overlay.ReadAt(now, at.off); err != nil {
				return err
			}
			if _, err := (padded{r.Device}).ReadAt(was, at.off); err != nil {
				return err
			}
			if !bytes.Equal(now, was) {
				r.final = append(r.final, table.Patch{Off: at.off, Data: now, What: "partition table"})
			}
		}
	}
	return nil
}
