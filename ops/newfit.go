package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// newFit is a new partition with what bounds its length: what is to be in it, and the free space that it begins in.
type newFit struct {
	New
	disk        model.Disk
	what        string          // what is to be in it, as a clause that goes on: "fat32 needs"
	least, most geometry.Sector // of what is to be in it
	room        geometry.Span   // where it can lie
	gap         model.Gap
}

// checkPlace refuses a length that the contents do not allow and a place that is not free, and tells what is possible there.
func (o New) checkPlace(d model.Disk, env Env) *Refusal {
	least, most := sizesFor(env, o.FS, d.SectorSize)
	what := string(o.FS) + " needs"
	if o.Role == model.Extended {
		least, what = d.SectorSize.Up(minFloor), "an extended partition needs room for boot records,"
	}
	return o.fits(d, what, least, most)
}

// fits is checkPlace for contents that need so many sectors at least, and have so many at most.
func (o New) fits(d model.Disk, what string, least, most geometry.Sector) *Refusal {
	if o.At < 1 || o.Len < 1 {
		return &Refusal{Reason: model.Because("no partition is %d sectors long and starts at sector %d", o.Len, o.At)}
	}
	if d.Table.Kind == model.TableMBR {
		most = min(most, model.MBRSectors-1)
	}
	f := newFit{New: o, disk: d, what: what, least: least, most: most}
	for _, gap := range model.Gaps(d, model.Everything) {
		if gap.Span.Contains(o.At) && (gap.Role == model.Logical) == (o.Role == model.Logical) {
			f.gap, f.room = gap, newRoom(d, gap)
			return f.refusal()
		}
	}
	return &Refusal{Reason: o.occupied(d)}
}

// refusal is why it cannot be so, nil if it can.
func (f newFit) refusal() *Refusal {
	z := f.disk.SectorSize
	start := max(f.At, f.room.Start)
	longest := min(f.room.End-start, f.most)
	size := geometry.FormatBytes(z.Bytes(f.Len))
	switch {
	case longest < f.least && f.Len < f.least:
		return &Refusal{Reason: model.Because("%s %s, and there is room for %s at sector %d",
			f.what, AtLeast(f.least, z), AtMost(max(0, longest), z), f.At)}
	case longest < 1:
		return &Refusal{Reason: model.Because("sector %d leaves no room for a boot record and for the partition behind it", f.At)}
	case f.At < f.room.Start:
		r := &Refusal{Reason: model.Because("sector %d leaves no room for its boot record", f.At)}
		if longest >= f.least {
			r.Nearest, r.Bounds = fmt.Sprintf("it can start at sector %d", start), []Bound{{Start, start}}
		}
		if longest >= f.least && f.Len > longest {
			r.Nearest += " and be at most " + AtMost(longest, z) + " long"
			r.Bounds = append(r.Bounds, Bound{Length, longest})
		}
		if longest >= f.least && f.Len < f.least {
			r.Nearest += " and be " + AtLeast(f.least, z) + " long or more"
			r.Bounds = append(r.Bounds, Bound{Length, f.least})
		}
		return r
	case f.Len < f.least:
		return &Refusal{
			Reason: f.small(size), Nearest: "make it " + AtLeast(f.least, z) + " or more", Bounds: []Bound{{Length, f.least}},
		}
	case f.Len > longest && longest == f.most:
		return &Refusal{
			Reason: model.Because("%s is too large for it", size), Nearest: "make it " + AtMost(longest, z) + " or less",
			Bounds: []Bound{{Length, longest}},
		}
	case f.Len > longest && longest >= f.least:
		return &Refusal{
			Reason: f.obstacle(), Nearest: "there is room for " + AtMost(longest, z), Bounds: []Bound{{Length, longest}},
		}
	case f.Len > longest:
		return &Refusal{Reason: model.Because("%s; there is room for %s, and %s %s", f.obstacle(), AtMost(longest, z), f.what, AtLeast(f.least, z))}
	}
	return nil
}

// small is that a size is too small for what is to be in it.
func (f newFit) small(size string) model.Reason {
	switch {
	case f.Role == model.Extended:
		return "an extended partition needs room for boot records"
	case f.FS != model.Unformatted:
		return model.Because("%s is too small for %s", size, f.FS)
	}
	return model.Because("%s is too small for it", size)
}

// obstacle is what ends the free space.
func (f newFit) obstacle() model.Reason {
	for q := range f.disk.Each() {
		if q.Span.Start < f.gap.Span.End || q.Span.Start-f.gap.Span.End > 0 && f.gap.Role != model.Logical || (q.Role == model.Logical) != (f.Role == model.Logical) {
			continue
		}
		if f.span().Overlaps(q.Span) {
			return model.Because("%s is in the way", q.Ref())
		}
		if q.Span.Start == f.gap.Span.End || q.EBR == f.gap.Span.End {
			return model.Because("the boot record of %s is in the way", q.Ref())
		}
	}
	return beyondBounds(f.disk, f.Role, f.span().End)
}
