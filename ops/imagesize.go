package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// ImageSize sets the length of the image file to Sectors sectors.
type ImageSize struct {
	wholeDisk
	Sectors geometry.Sector
}

// Describe returns "Grow image by 2.00 GiB" or "Shrink image by 512 MiB".
func (o ImageSize) Describe(before model.Disk) Phrase {
	verb, by := growing, o.Sectors-before.Sectors
	if by < 0 {
		verb, by = shrinking, -by
	}
	return phrase(verb, "image by %s", geometry.FormatBytes(before.SectorSize.Bytes(by)))
}

// Apply returns the disk with its new size. The range for partitions follows the end of the disk; no partition changes.
func (o ImageSize) Apply(before model.Disk, _ Env) (model.Disk, error) {
	z := before.SectorSize
	smallest, why, cannot := ImageLimits(before)
	longest := z.Down(maxImage)
	var r *Refusal
	switch {
	case !cannot.OK():
		return before, &Refusal{What: "change the image size", Reason: cannot}
	case o.Sectors == before.Sectors && smallest <= before.Sectors:
		r = refusedFor("it has this size already")
	case o.Sectors < smallest && smallest == before.Sectors:
		r = refusedFor(model.Because("%s, so it is as small as it can be", why))
	case o.Sectors < smallest && smallest > before.Sectors:
		r = refusedFor(why).near("it has to be "+AtLeast(smallest, z)+" or more", Bound{Length, smallest})
	case o.Sectors < smallest:
		r = refusedFor(why).near("it can be made as small as "+AtLeast(smallest, z), Bound{Length, smallest})
	case o.Sectors > longest:
		r = refusedFor("no file can be that long").near("it can be made as long as "+AtMost(longest, z), Bound{Length, longest})
	}
	if r != nil {
		return refused(before, "make the image "+exactAmount(o.Sectors, z)+" long", r)
	}
	after := before.WithSectors(o.Sectors)
	return after, sound("change the image size", after)
}

// maxImage limits the size of an image. Files cannot be longer than 2^63-1 bytes on any system.
const maxImage geometry.Bytes = 1 << 62

// Steps returns the one step that sets the size.
func (o ImageSize) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepResizeImage, Ref: "image", Sectors: o.Sectors}}
}

// ImageLimits returns the smallest possible size of the image in sectors, and what determines it ("p2 ends at 2.00 GiB").
// cannot is the reason why the size cannot change at all, or "".
// The smallest size of a disk that was cut off is larger than its own.
func ImageLimits(d model.Disk) (smallest geometry.Sector, why, cannot model.Reason) {
	needs, reason := d.Needs(), d.ReadOnly()
	switch {
	case needs > 0 && !d.Fixed:
		return needs, reason, ""
	case !reason.OK():
		return d.Sectors, "", reason
	}
	if d.Fixed {
		return d.Sectors, "", "a block device has a fixed size; that of a loop device is its file's: " +
			"make the file longer with `truncate`, run `losetup -c` on the device and open it again"
	}
	if d.Table.Kind == model.TableNone {
		if d.Whole.Known() && d.Whole.Size > 0 {
			smallest = min(d.Sectors, d.SectorSize.Up(d.Whole.Size))
			return smallest, model.Because("the %s on it ends there", d.Whole.Kind), ""
		}
		return d.Sectors, "without a partition table it is not known where its contents end", ""
	}
	smallest, why = d.Table.Usable.Start+d.Tail(), "the partition table needs that"
	for _, p := range d.Partitions() {
		if end := p.Span.End + d.Tail(); end > smallest {
			smallest, why = end, model.Because("%s ends at %s", p.Ref(), exactAmount(p.Span.End, d.SectorSize))
			if d.Tail() > 0 {
				why += " and the backup of the table follows"
			}
		}
	}
	return smallest, why, ""
}
