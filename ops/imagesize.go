package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// ImageSize sets the length of the image to Sectors sectors, or a little more where its format rounds it up. A file system that
// covers the disk is shrunk first if it would not fit any more.
type ImageSize struct {
	wholeDisk
	Sectors geometry.Sector
	// Prealloc says what is allocated for the part that is added.
	Prealloc model.Prealloc
	// Aim says what the size is for, if shunt chose it.
	Aim Aim
}

// Describe returns "Grow image by 2.00 GiB" or "Shrink image by 512 MiB".
func (o ImageSize) Describe(before model.Disk) Phrase {
	verb, by := growing, o.rounded(before)-before.Sectors
	if by < 0 {
		verb, by = shrinking, -by
	}
	words := phrase(verb, "image by %s%s", geometry.FormatChosen(before.SectorSize.Bytes(by)), o.Prealloc.Words())
	if o.shrinks(before) {
		words = append(words.with(" and "), phrase(shrinking, "the %s on it to %s", before.Whole.Kind,
			geometry.FormatBytes(before.Whole.Filling(before.SectorSize.Bytes(o.rounded(before)))))...)
	}
	return words
}

// rounded returns the length that the image gets.
func (o ImageSize) rounded(before model.Disk) geometry.Sector {
	z := before.SectorSize
	return z.Down(before.Image.Rounded(z.Bytes(o.Sectors), z))
}

// shrinks reports whether the file system that covers the disk has to become smaller.
func (o ImageSize) shrinks(before model.Disk) bool {
	return before.Table.Kind == model.TableNone && before.Whole.Known() &&
		before.Whole.Size > before.SectorSize.Bytes(o.rounded(before))
}

// Apply returns the disk with its new size. The range for partitions follows the end of the disk; no partition changes.
func (o ImageSize) Apply(before model.Disk, env Env) (model.Disk, error) {
	z := before.SectorSize
	smallest, why, cannot := ImageLimits(before, env)
	longest, tooLong := z.Down(maxImage), model.Reason("no file can be that long")
	if n := before.Image.Longest; n > 0 && n < maxImage {
		longest, tooLong = z.Down(n), "its clusters are too small for that: larger ones need a new image, by `qemu-img convert -o cluster_size=`"
	}
	var r *Refusal
	switch {
	case !cannot.OK():
		return before, &Refusal{What: "change the image size", Reason: cannot}
	case before.Image.Renews && o.Prealloc.Allocates():
		r = refusedFor("a new image of its format is written, which takes room only where there is data")
	case o.Sectors <= before.Sectors && o.Prealloc.Allocates():
		r = refusedFor("only a part that is added can be preallocated")
	case o.Prealloc == model.PreallocMetadata && !before.Image.Maps:
		r = refusedFor("an image without tables of its own has no metadata to allocate").near("`prealloc=falloc` allocates its room on the host")
	case o.Sectors == before.Sectors && smallest <= before.Sectors:
		r = refusedFor("it has this size already")
	case o.Sectors < smallest && smallest == before.Sectors:
		r = refusedFor(model.Because("%s, so it is as small as it can be", why))
	case o.Sectors < smallest && smallest > before.Sectors:
		r = refusedFor(why).near("it has to be "+AtLeast(smallest, z)+" or more", Bound{Length, smallest})
	case o.Sectors < smallest:
		r = refusedFor(why).near("it can be made as small as "+AtLeast(smallest, z), Bound{Length, smallest})
	case o.Sectors > longest:
		r = refusedFor(tooLong).near("it can be made as long as "+AtMost(longest, z), Bound{Length, longest})
	}
	if r != nil {
		return refused(before, "make the image "+exactAmount(o.Sectors, z)+" long", r)
	}
	rounded := o.rounded(before)
	if o.Sectors < before.Sectors && rounded >= before.Sectors {
		return refused(before, "make the image "+exactAmount(o.Sectors, z)+" long",
			refusedFor("its format rounds the size up to cylinders, and then it is as long as it is now"))
	}
	after := before.WithSectors(rounded)
	if o.Prealloc == model.PreallocOff && o.Sectors > before.Sectors {
		after.Image.Preallocated = false
	}
	if o.shrinks(before) {
		after.Whole = before.Whole.Checked()
		after.Whole.Size = before.Whole.Filling(z.Bytes(rounded))
	}
	return after, sound("change the image size", after)
}

// maxImage limits the size of an image. Files cannot be longer than 2^63-1 bytes on any system.
const maxImage geometry.Bytes = 1 << 62

// Steps shrinks the file system if it has to become smaller, and sets the size.
func (o ImageSize) Steps(before, after model.Disk) []Step {
	size := Step{Kind: StepResizeImage, Ref: "image", Sectors: after.Sectors, Prealloc: o.Prealloc}
	if !o.shrinks(before) {
		return []Step{size}
	}
	p, _ := before.Partition(0)
	s := stepsOn(p)
	s.resize(p, before.Span(), after.Span(), after.Whole.Size)
	return append(s.steps, size)
}

// ImageLimits returns the smallest possible size of the image in sectors, and what determines it ("p2 ends at 2.00 GiB").
// cannot is the reason why the size cannot change at all, or "".
// The smallest size of a disk that was cut off is larger than its own.
func ImageLimits(d model.Disk, env Env) (smallest geometry.Sector, why, cannot model.Reason) {
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
	if !d.Image.OfSize.OK() {
		return d.Sectors, "", d.Image.OfSize
	}
	if d.Image.Renews && !env.NoNewFile.OK() {
		return d.Sectors, "", env.NoNewFile
	}
	if d.Table.Kind == model.TableNone {
		smallest, why = wholeLimits(d, env)
		return min(ImageSize{Sectors: smallest}.rounded(d), d.Sectors), why, ""
	}
	smallest, why = d.Table.Usable.Start+d.Tail(), "the partition table needs that"
	for _, p := range d.Partitions() {
		what, end := p.Ref(), p.Span.End
		if claim := min(d.Reach(p).End, d.Sectors-d.Tail()); claim > end {
			what, end = fmt.Sprintf("the %s of %s", contents(p), p.Ref()), claim
		}
		if end+d.Tail() > smallest {
			smallest, why = end+d.Tail(), model.Because("%s ends at %s", what, exactAmount(end, d.SectorSize))
			if d.Tail() > 0 {
				why += " and the backup of the table follows"
			}
		}
	}
	return min(ImageSize{Sectors: smallest}.rounded(d), max(smallest, d.Sectors)), why, ""
}

// wholeLimits returns the smallest possible size of an image without a partition table, and what determines it.
func wholeLimits(d model.Disk, env Env) (smallest geometry.Sector, why model.Reason) {
	p, ok := d.Partition(0)
	if !ok || p.FS.Size == 0 {
		return d.Sectors, "without a partition table it is not known where its contents end"
	}
	end := min(d.Sectors, d.SectorSize.Up(p.FS.Size))
	if reason := cannotShrink(d, env, p); !reason.OK() {
		return end, model.Because("the %s on it ends there, and cannot be shrunk: %s", p.FS.Kind, reason)
	}
	n, need := leastLen(d, env, p)
	return min(n, end), model.Because("%s", need)
}

// ResizeWhole returns the operations that make an image without a partition table, and the file system that covers it, so
// many sectors long.
func ResizeWhole(d model.Disk, n geometry.Sector) []Operation {
	list := []Operation{ImageSize{Sectors: n}}
	longer := d.WithSectors(n)
	if p, ok := longer.Partition(0); ok && n > d.Sectors && filled(longer, p) > p.FS.Size {
		list = append(list, Fill{})
	}
	return list
}

// ShrinkWhole returns the operation that makes such an image as small as the file system that covers it allows. The error
// is a *Refusal.
func ShrinkWhole(d model.Disk, env Env, align geometry.Alignment) (Operation, error) {
	const what = "shrink the disk"
	smallest, why, cannot := ImageLimits(d, env)
	smallest = min(align.Up(smallest, d.SectorSize), d.Sectors)
	switch {
	case !cannot.OK():
		return nil, &Refusal{What: what, Reason: cannot}
	case smallest >= d.Sectors:
		return nil, &Refusal{What: what, Reason: model.Because("it is as small as it can be: %s", why)}
	}
	return ImageSize{Sectors: smallest}, nil
}
