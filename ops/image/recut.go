package image

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"shunt/model"
	"shunt/model/table"
	"shunt/ops/target"
)

// bootCodeSize is the number of bytes at the start of sector 0 that no table uses, and masterSize the length of the record
// there, whatever size the sectors have.
const (
	bootCodeSize = 440
	masterSize   = 512
)

// A recut is the disk of a target with another table. Edits that come later in the list go over earlier ones.
type recut struct {
	from  target.Content
	size  int64
	edits []table.Patch
}

// newRecut returns the disk after, whose bytes are those of from except for the tables of before and after. It fails if the
// result would not be read as after.
func newRecut(from target.Target, before, after model.Disk) (*recut, error) {
	d := &recut{from: from, size: int64(after.Size())}
	old, err := table.Regions(from, before)
	if err != nil {
		return nil, err
	}
	for _, r := range old {
		d.clear(r.Off, r.Len)
	}
	if n := after.Table.ArraySectors(after.SectorSize); after.Table.Kind == model.TableGPT {
		z := int64(after.SectorSize)
		d.clear(z, int64(model.UsualArray-1+n)*z)
		d.clear(d.size-int64(n+1)*z, int64(n+1)*z)
	}
	blank, err := table.Read(nothing{}, d.size, after.SectorSize)
	if err != nil {
		return nil, err
	}
	patches, err := table.Encode(nothing{}, blank, after, uuid.New)
	if err != nil {
		return nil, err
	}
	for _, p := range patches {
		if p.Off == 0 { // the rest of sector 0 may hold a boot loader
			p.Off, p.Data = bootCodeSize, p.Data[bootCodeSize:masterSize]
		}
		d.edits = append(d.edits, p)
	}
	return d, d.verify(after)
}

// clear makes bytes zero that lie on the disk. Of sector 0 only the record of the table is cleared.
func (d *recut) clear(off, n int64) {
	end := min(off+n, d.size)
	if off == 0 {
		d.edits = append(d.edits, table.Patch{Off: bootCodeSize, Data: make([]byte, masterSize-bootCodeSize)})
		off = masterSize
		if end <= 4096 {
			return
		}
	}
	if off < end {
		d.edits = append(d.edits, table.Patch{Off: off, Data: make([]byte, end-off)})
	}
}

// verify reads the table back.
func (d *recut) verify(after model.Disk) error {
	back, err := table.Read(d, d.size, after.SectorSize)
	if err != nil {
		return err
	}
	plain := func(d model.Disk) []model.Partition {
		parts := d.Partitions()
		for i := range parts {
			parts[i].ID, parts[i].FS, parts[i].Use, parts[i].UUID = 0, model.Filesystem{}, model.Use{}, ""
		}
		return parts
	}
	if !back.ReadOnly().OK() || back.Table.Kind != after.Table.Kind || back.Table.ID != after.Table.ID || !slices.Equal(plain(back), plain(after)) {
		return fmt.Errorf("the new table would not be read back as it was written: %s", cmp.Or(string(back.ReadOnly()),
			"remains of another table are in the way"))
	}
	return nil
}

// ReadAt reads the disk. Behind the end of the target it is zero.
func (d *recut) ReadAt(b []byte, off int64) (int, error) {
	held := b[:max(0, min(int64(len(b)), d.from.Size()-off))]
	if len(held) > 0 { // a target has no bytes behind its end, not even none
		if n, err := d.from.ReadAt(held, off); n < len(held) {
			return n, err
		}
	}
	clear(b[len(held):])
	for _, e := range d.edits {
		from, to := max(off, e.Off), min(off+int64(len(b)), e.Off+int64(len(e.Data)))
		if from < to {
			copy(b[from-off:to-off], e.Data[from-e.Off:])
		}
	}
	return len(b), nil
}

// Size returns the length of the disk in bytes.
func (d *recut) Size() int64 { return d.size }

// Packed reports whether reading the target takes far longer than copying its bytes.
func (d *recut) Packed() bool {
	p, ok := d.from.(interface{ Packed() bool })
	return ok && p.Packed()
}

// Data finds the next run that may hold anything but zeros, as target.Content says.
func (d *recut) Data(off int64) (start, end int64, err error) {
	start, end = d.size, d.size
	if off < d.from.Size() {
		if start, end, err = d.from.Data(off); err != nil {
			return 0, 0, err
		}
		if start >= d.from.Size() {
			start, end = d.size, d.size
		}
	}
	for _, e := range d.edits {
		if to := e.Off + int64(len(e.Data)); to > off && max(off, e.Off) < start {
			start, end = max(off, e.Off), to
		}
	}
	return start, min(end, d.size), nil
}

// isHybrid reports whether sector 0 of a disk with a GPT lists other partitions beside the protective entry.
func isHybrid(r io.ReaderAt) (bool, error) {
	first := make([]byte, masterSize)
	if _, err := r.ReadAt(first, 0); err != nil {
		return false, err
	}
	return table.Hybrid(first), nil
}

// nothing reads as zeros.
type nothing struct{}

func (nothing) ReadAt(b []byte, _ int64) (int, error) {
	clear(b)
	return len(b), nil
}

var _ target.Content = (*recut)(nil)
