package image

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
	"shunt/ops/session"
)

// Diff compares the disks in two images or devices, whatever their formats, and writes nothing. tell, if not nil, is called
// with words for people before each part. An error means that one cannot be read; then nothing is known.
func Diff(ctx context.Context, a, b string, o session.Options, tell func(what string)) (out report.Difference, err error) {
	if tell == nil {
		tell = func(string) {}
	}
	o.AnyContent = true // what nothing recognises is compared as bytes
	d := &differ{ctx: ctx, tell: tell}
	for i, path := range []string{a, b} {
		if d.sides[i], err = session.View(path, o); err != nil {
			return out, errors.Join(convertFirst(path, err), d.close())
		}
	}
	err = d.compare(&out)
	return out, errors.Join(err, d.close())
}

// convertFirst says what to do with an image in a format that this program does not read.
func convertFirst(path string, err error) error {
	if foreignFormat(err) != "" {
		return fmt.Errorf("%s is not compared as it is: make a raw or qcow2 image of it with `shunt image convert` (%w)", path, err)
	}
	return err
}

// A differ compares two disks.
type differ struct {
	ctx   context.Context //nolint:containedctx // of one call
	tell  func(what string)
	sides [2]*session.Viewer
}

func (d *differ) close() error {
	var errs []error
	for _, v := range d.sides {
		if v != nil {
			errs = append(errs, v.Close())
		}
	}
	return errors.Join(errs...)
}

func (d *differ) disk(side int) model.Disk { return d.sides[side].Disk() }

func (d *differ) compare(out *report.Difference) error {
	out.Same, out.Table, out.Areas, out.Notes = true, []string{}, []report.AreaDiff{}, []string{}
	for i, at := range []*report.DiffSide{&out.A, &out.B} {
		f := d.sides[i].Facts()
		*at = report.DiffSide{
			Path: safetext.Printable(f.Path), Format: f.Format, Size: geometry.Bytes(d.sides[i].Content().Size()), InUse: safetext.Printable(f.InUse),
		}
		if f.InUse != "" {
			out.Notes = append(out.Notes, at.Path+" is in use by "+at.InUse+": what is written meanwhile can look like a difference")
		}
	}
	out.Table = append(out.Table, tableWords(d.disk(0), d.disk(1))...)
	for _, r := range d.regions() {
		d.tell("comparing " + r.name)
		area, err := d.area(r)
		if err != nil {
			return err
		}
		if area.Bytes > 0 || area.Free > 0 || r.part {
			out.Areas = append(out.Areas, area)
		}
		if area.Free > 0 && area.Bytes == 0 {
			out.Notes = append(out.Notes, fmt.Sprintf("%s differs in %s of free blocks alone", r.name, geometry.FormatBytes(geometry.Bytes(area.Free))))
		}
		out.Same = out.Same && area.Bytes == 0
	}
	if err := d.rest(out); err != nil {
		return err
	}
	out.Same = out.Same && len(out.Table) == 0
	return nil
}

// rest compares what the longer disk has behind the end of the other with zeros.
func (d *differ) rest(out *report.Difference) error {
	long, n := 0, int64(out.B.Size)
	if out.A.Size < out.B.Size {
		long, n = 1, int64(out.A.Size)
	}
	size := d.sides[long].Content().Size()
	if size == n {
		return nil
	}
	path := []string{out.A.Path, out.B.Path}[long]
	d.tell("reading the end of " + path)
	r := region{name: fmt.Sprintf("behind the end of the shorter disk, in %s", path), n: size - n}
	r.at[long], r.at[1-long] = n, beyond
	area, err := d.area(r)
	if err != nil {
		return err
	}
	if area.Bytes > 0 {
		out.Areas, out.Same = append(out.Areas, area), false
		return nil
	}
	out.Notes = append(out.Notes, fmt.Sprintf("%s is %s longer, and holds nothing but zeros there", path, geometry.FormatBytes(geometry.Bytes(size-n))))
	return nil
}

// A region is a part of both disks that is compared: n bytes that lie at at[0] of one and at at[1] of the other.
type region struct {
	name string
	at   [2]int64
	n    int64
	part bool            // it is a partition, or the file system that covers the disk
	id   [2]model.PartID // of the partition
	fs   [2]model.Filesystem
	same bool // the partitions have the same length
}

// beyond is the place of a region that a disk does not have: it reads as zeros.
const beyond = -1

// regions divides the disks. A partition is compared with the one of the same number, wherever that lies. The rest is
// compared where it lies outside all partitions of both.
func (d *differ) regions() (list []region) {
	a, b := d.disk(0), d.disk(1)
	end := min(d.sides[0].Content().Size(), d.sides[1].Content().Size())
	if a.Table.Kind == model.TableNone && b.Table.Kind == model.TableNone {
		r := region{name: "the disk", n: end, part: a.Whole.Known() && b.Whole.Known(), same: a.Sectors == b.Sectors}
		r.fs = [2]model.Filesystem{a.Whole, b.Whole}
		return []region{r}
	}
	var taken [][2]int64 // byte ranges of the partitions of both, half-open
	for side, disk := range []model.Disk{a, b} {
		for p := range disk.Each() {
			if p.Role == model.Extended {
				continue
			}
			from, to := bytesOf(disk, p)
			taken = append(taken, [2]int64{from, to})
			q, ok := b.ByNumber(p.Number)
			if side == 1 || !ok || q.Role == model.Extended || a.Table.Kind != b.Table.Kind {
				continue
			}
			other, otherEnd := bytesOf(b, q)
			if n := min(to-from, otherEnd-other); n > 0 {
				list = append(list, region{
					name: p.Ref(), at: [2]int64{from, other}, n: n, part: true, same: to-from == otherEnd-other,
					id: [2]model.PartID{p.ID, q.ID}, fs: [2]model.Filesystem{p.FS, q.FS},
				})
			}
		}
	}
	if a.Table.Kind != b.Table.Kind {
		taken = nil // all of it is compared, place by place
	}
	return append(d.gaps(taken, end), list...)
}

// bytesOf returns where a partition lies on its disk, as far as the disk reaches.
func bytesOf(d model.Disk, p model.Partition) (from, to int64) {
	span := p.Span.Intersect(d.Span())
	return int64(d.SectorSize.Bytes(span.Start)), int64(d.SectorSize.Bytes(span.End))
}

// gaps returns the regions outside of taken, cut where a part of the table begins or ends.
func (d *differ) gaps(taken [][2]int64, end int64) (list []region) {
	marks := tablePlaces(d.disk(0))
	slices.SortFunc(taken, func(x, y [2]int64) int { return int(min(1, max(-1, x[0]-y[0]))) })
	at := int64(0)
	gap := func(to int64) {
		for at < to {
			name, until := "unallocated", to
			for _, m := range marks {
				switch {
				case m.from <= at && at < m.to:
					name, until = m.name, min(until, m.to)
				case m.from > at:
					until = min(until, m.from)
				}
			}
			if name == "unallocated" {
				name = fmt.Sprintf("unallocated space at byte %d", at)
			}
			list = append(list, region{name: name, at: [2]int64{at, at}, n: until - at})
			at = until
		}
	}
	for _, t := range taken {
		gap(min(t[0], end))
		at = max(at, t[1])
	}
	gap(end)
	return list
}
