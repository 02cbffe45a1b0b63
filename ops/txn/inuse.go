package txn

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"shunt/model"
	"shunt/model/table"
	"shunt/model/tried"
)

// If a logical partition of an MBR is in use, the chain of boot records that leads to it must stay valid during the whole
// commit: a boot after a crash must find it. So the fence is written into the boot records, and a roll back restores all
// of them. Every single write, forward and back, is first tried on a copy in memory.

// keepVisible completes the table writes for a disk with a logical partition in use. For other disks it returns t as it
// is. It fails if the table would not show the partition for a moment.
func (r *Rehearsal) keepVisible(changed changes, t tables) (tables, error) {
	inUse := slices.DeleteFunc(r.Before.Logicals(), func(p model.Partition) bool { return !p.Use.Busy() })
	if len(inUse) == 0 {
		return t, nil
	}
	hidden, err := table.Hidden(r.Device, r.Before, r.changing(changed))
	if err != nil {
		return t, tried.Errorf("find the partitions to hide: %w", err)
	}
	t.chained, t.refence = true, hidden
	refuse := func(p model.Partition) error {
		return fmt.Errorf("%s is in use, and for a moment it would not be in the partition table; nothing was changed: "+
			"unmount or stop it first", p.Ref())
	}
	if len(changed.writes().intersect(newRanges(spans(t.refence)))) > 0 {
		return t, refuse(inUse[0])
	}
	way := t
	way.refence = slices.Clone(hidden)
	if err := r.hideAdded(&way); err != nil {
		return t, err
	}
	final, err := t.finalOn(r.Device, changed)
	if err != nil {
		return t, err
	}
	write := func(on scratch, w table.Patch) error {
		on.write(w)
		if p, err := r.hiddenInUse(on, inUse); err != nil || p.Use.Busy() {
			return refuse(p)
		}
		return nil
	}
	disk := scratch{r.Device, t.sector, map[int64][]byte{}}
	for _, w := range t.fence {
		if err := write(disk, w); err != nil {
			return t, err
		}
	}
	for n := range len(final) + 1 {
		back := scratch{disk.dev, disk.sector, maps.Clone(disk.written)}
		for _, w := range way.refence {
			if err := write(back, w); err != nil {
				return t, err
			}
		}
		if n < len(final) {
			if err := write(disk, final[n]); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

// finalOn returns the table stage's writes on a device.
func (t tables) finalOn(dev Device, changed changes) ([]table.Patch, error) {
	b := &builder{dev: dev}
	final := t.unfenced(b.unfence(t, changed))
	return final, b.err
}

// hiddenInUse returns a partition in use that the table on disk does not show at its present or planned place. It returns
// the zero Partition if there is none.
func (r *Rehearsal) hiddenInUse(disk scratch, inUse []model.Partition) (model.Partition, error) {
	d, err := table.Read(disk, max(r.Device.Size(), r.Overlay.Size()), r.Before.SectorSize)
	if err != nil {
		return inUse[0], err
	}
	for _, p := range inUse {
		after, _ := r.After.Partition(p.ID)
		is, shown := d.ByNumber(p.Number)
		if !shown || is.Span != p.Span && is.Span != after.Span {
			return p, nil
		}
	}
	return model.Partition{}, nil
}

// A scratch is a device with sectors written over it in memory only.
type scratch struct {
	dev     Device
	sector  int64
	written map[int64][]byte
}

func (o scratch) write(w table.Patch) {
	for at := int64(0); at < int64(len(w.Data)); at += o.sector {
		o.written[w.Off+at] = w.Data[at:min(at+o.sector, int64(len(w.Data)))]
	}
}

// ReadAt implements io.ReaderAt; bytes behind the end of the device are zero.
func (o scratch) ReadAt(b []byte, off int64) (int, error) {
	n, err := padded{o.dev}.ReadAt(b, off)
	if err != nil {
		return n, err
	}
	for at := off - off%o.sector; at < off+int64(len(b)); at += o.sector {
		if w, ok := o.written[at]; ok {
			copy(b[max(0, at-off):], w[max(0, off-at):])
		}
	}
	return n, nil
}

var _ io.ReaderAt = scratch{}
