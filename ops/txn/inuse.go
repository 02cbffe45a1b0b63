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

// On an MBR with a logical partition in use the chain of boot records stays in force while the commit runs, up to the last
// one in use: a boot after a crash must find it. So the fence is in the boot records, a way back puts all of them
// in place, and every single write on the way there and back is tried on a copy in memory first.

// keepVisible completes the table writes for a disk with a logical partition in use; it leaves those of others as they are.
// An error says that the table would not show the partition for a moment.
func (r *Rehearsal) keepVisible(changed changes, t tables) (tables, error) {
	inUse := slices.DeleteFunc(r.Before.Logicals(), func(p model.Partition) bool { return !p.Use.Busy() })
	if len(inUse) == 0 {
		return t, nil
	}
	hidden, err := table.Hidden(r.Device, r.Before, r.changing(changed))
	if err != nil {
		return t, tried.Errorf("work out the fence: %w", err)
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

// finalOn is the table stage's writes on a device.
func (t tables) finalOn(dev Device, changed changes) ([]table.Patch, error) {
	b := &builder{dev: dev}
	final := t.unfenced(b.unfence(t, changed))
	return final, b.err
}

// hiddenInUse is one of the partitions in use that the table does not show where it is, or will be; the zero partition if
// there is none.
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

// scratch is a device with sectors written over it, in memory.
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
