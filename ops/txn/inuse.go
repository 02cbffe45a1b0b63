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
// one in use: whoever boots after a crash must find it. So the fence is in the boot records, a way back puts all of them
// in place, and every single write on the way there and back is tried on paper first.

// keepVisible completes the table writes for a disk with a logical partition in use; it leaves those of others as they are. An
// error says that the partition would be out of sight for a moment.
func (r *Rehearsal) keepVisible(l changes, t tables) (tables, error) {
	inUse := slices.DeleteFunc(r.Before.Logicals(), func(p model.Partition) bool { return !p.Use.Busy() })
	if len(inUse) == 0 {
		return t, nil
	}
	hidden, err := table.Hidden(r.Device, r.Before, r.changing(l))
	if err != nil {
		return t, tried.Errorf("work out the fence: %w", err)
	}
	t.chained, t.refence = true, nil
	for _, p := range hidden {
		t.refence = append(t.refence, Write{Off: p.Off, Data: p.Data})
	}
	refuse := func(p model.Partition) (tables, error) {
		return t, fmt.Errorf("%s is in use, and for a moment it would not be in the partition table; nothing was changed: unmount or stop it first", p.Ref())
	}
	if len(l.writes().intersect(newRanges(spans(t.refence)))) > 0 {
		return refuse(inUse[0])
	}
	way := t
	if err := r.unlist(&way); err != nil {
		return t, err
	}
	final, err := t.finalOn(r.Device, l)
	if err != nil {
		return t, err
	}
	paper := onPaper{r.Device, t.sector, map[int64][]byte{}}
	for _, w := range t.fence {
		paper.write(w)
		if p, err := r.hiddenInUse(paper, inUse); err != nil || p.Use.Busy() {
			return refuse(p)
		}
	}
	for n := range len(final) + 1 {
		back := paper.clone()
		for _, w := range way.refence {
			back.write(w)
			if p, err := r.hiddenInUse(back, inUse); err != nil || p.Use.Busy() {
				return refuse(p)
			}
		}
		if n < len(final) {
			paper.write(final[n])
			if p, err := r.hiddenInUse(paper, inUse); err != nil || p.Use.Busy() {
				return refuse(p)
			}
		}
	}
	return t, nil
}

// finalOn is the table stage's writes on a device.
func (t tables) finalOn(dev Device, l changes) ([]Write, error) {
	b := &builder{dev: dev}
	final := t.unfenced(b.unfence(t, l))
	return final, b.err
}

// hiddenInUse is one of the partitions in use that the table does not show where it is, or will be; the zero partition if
// there is none.
func (r *Rehearsal) hiddenInUse(paper onPaper, inUse []model.Partition) (model.Partition, error) {
	d, err := table.Read(paper, max(r.Device.Size(), r.Overlay.Size()), r.Before.SectorSize)
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

// onPaper is a device with sectors written over it.
type onPaper struct {
	dev     Device
	sector  int64
	written map[int64][]byte
}

func (o onPaper) clone() onPaper {
	c := onPaper{o.dev, o.sector, make(map[int64][]byte, len(o.written))}
	maps.Copy(c.written, o.written)
	return c
}

func (o onPaper) write(w Write) {
	for at := int64(0); at < int64(len(w.Data)); at += o.sector {
		o.written[w.Off+at] = w.Data[at:min(at+o.sector, int64(len(w.Data)))]
	}
}

// ReadAt implements io.ReaderAt; what lies behind the end of the device is zero.
func (o onPaper) ReadAt(b []byte, off int64) (int, error) {
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

var _ io.ReaderAt = onPaper{}
