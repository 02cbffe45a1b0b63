package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// newFit is a new partition with the limits of its length, which come from its contents and from the free space there.
type newFit struct {
	New
	disk        model.Disk
	what        string          // start of a sentence about its contents: "fat32 needs"
	least, most geometry.Sector // limits from the contents
	room        geometry.Span   // where it can lie
	gap         model.Gap
}

// checkPlace refuses a length that the contents do not allow and a place that is not free. It offers what is possible
// there.
func (o New) checkPlace(d model.Disk, env Env) *Refusal {
	least, most := sizesFor(env, o.FS, d.SectorSize)
	what := string(o.FS) + " needs"
	if o.Role == model.Extended {
		least, what = d.SectorSize.Up(MinFloor), "an extended partition needs room for boot records,"
	}
	return o.fits(d, what, least, most)
}

// fits is like checkPlace, for contents that need at least and at most that many sectors.
func (o New) fits(d model.Disk, what string, least, most geometry.Sector) *Refusal {
	if o.At < 1 || o.Len < 1 {
		return refusedFor(model.Because("no partition is %s sectors long and starts at sector %s", o.Len, o.At))
	}
	if d.Table.Kind == model.TableMBR {
		most = min(most, model.MBRSectors-1)
	}
	f := newFit{New: o, disk: d, what: what, least: least, most: most}
	for _, gap := range model.Gaps(d, model.Everything) {
		if gap.Span.Contains(o.At) && (gap.Role == model.Logical) == (o.Role == model.Logical) {
			f.gap, f.room = gap, logicalRoom(d, gap, ebrGap)
			return f.refusal()
		}
	}
	return &Refusal{Reason: o.occupied(d)}
}

// refusal returns the refusal of the new partition, or nil if it is possible.
func (f newFit) refusal() *Refusal {
	z := f.disk.SectorSize
	longest := min(f.room.End-max(f.At, f.room.Start), f.most)
	size := geometry.FormatBytes(z.Bytes(f.Len))
	switch {
	case longest < f.least && f.Len < f.least:
		return refusedFor(model.Because("%s %s, and there is room for %s at sector %s", f.what, AtLeast(f.least, z),
			AtMost(max(0, longest), z), f.At))
	case longest < 1:
		return refusedFor(model.Because("sector %s leaves no room for a boot record and for the partition behind it", f.At))
	case f.At < f.room.Start:
		return f.tooEarly(longest)
	case f.Len < f.least:
		return refusedFor(f.small(size)).near("make it "+AtLeast(f.least, z)+" or more", Bound{Length, f.least})
	case f.Len > longest && longest == f.most:
		return refusedFor(model.Because("%s is too large for it", size)).near("make it "+AtMost(longest, z)+" or less",
			Bound{Length, longest})
	case f.Len > longest && longest >= f.least:
		return refusedFor(f.obstacle()).near("there is room for "+AtMost(longest, z), Bound{Length, longest})
	case f.Len > longest:
		return refusedFor(model.Because("%s; there is room for %s, and %s %s", f.obstacle(), AtMost(longest, z), f.what,
			AtLeast(f.least, z)))
	}
	return nil
}

// tooEarly refuses a start that leaves no room for the partition's boot record.
func (f newFit) tooEarly(longest geometry.Sector) *Refusal {
	r, z, start := refusedFor(model.Because("sector %s leaves no room for its boot record",
		f.At)), f.disk.SectorSize, f.room.Start
	text := fmt.Sprintf("it can start at sector %s", start)
	switch {
	case longest < f.least:
		return r
	case f.Len > longest:
		return r.near(text+" and be at most "+AtMost(longest, z)+" long", Bound{Start, start}, Bound{Length, longest})
	case f.Len < f.least:
		return r.near(text+" and be "+AtLeast(f.least, z)+" long or more", Bound{Start, start}, Bound{Length, f.least})
	}
	return r.near(text, Bound{Start, start})
}

// small returns the reason for refusing a size that is too small for the contents.
func (f newFit) small(size string) model.Reason {
	switch {
	case f.Role == model.Extended:
		return "an extended partition needs room for boot records"
	case f.FS != model.Unformatted:
		return model.Because("%s is too small for %s", size, f.FS)
	}
	return model.Because("%s is too small for it", size)
}

// obstacle returns the reason why the free space ends where it does.
func (f newFit) obstacle() model.Reason {
	for q := range f.disk.Each() {
		behind := q.Span.Start == f.gap.Span.End || q.Span.Start > f.gap.Span.End && f.gap.Role == model.Logical
		if !behind || (q.Role == model.Logical) != (f.Role == model.Logical) {
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
