package ops

import (
	"cmp"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Sparsify gives room in the image file back to the host: the free blocks of file systems, blocks of zeros, and unallocated
// space behind the first partition. Everything else stays: what is not recognised, what is in use or hibernated, and all
// that lies before the first partition. What was in free blocks is lost; no file is.
type Sparsify struct{ wholeDisk }

// Describe returns "Sparsify the image".
func (o Sparsify) Describe(model.Disk) Phrase { return phrase(sparsifying, "the image") }

// Apply returns the disk with all journals replayed.
func (o Sparsify) Apply(before model.Disk, env Env) (model.Disk, error) {
	const what = "sparsify the image"
	if before.Fixed {
		return before, &Refusal{What: what, Reason: "it is a block device, which keeps its room in any case"}
	}
	if reason := before.ReadOnly(); !reason.OK() {
		return before, &Refusal{What: what, Reason: reason}
	}
	if before.Image.Renews {
		if reason := cmp.Or(before.Image.OfSize, env.NoNewFile); !reason.OK() {
			return before, &Refusal{What: what, Reason: reason}
		}
	}
	after := before
	list := SpareParts(before)
	for _, p := range list {
		can := env.Caps.Of(p.FS.Kind)
		if !p.FS.Features.Has(model.Unreplayed) || !can.FreeKnown {
			continue
		}
		if reason := can.Replay; !reason.OK() {
			return before, &Refusal{
				What: what, Reason: model.Because("the journal of the %s in %s must be replayed first: %s", p.FS.Kind, p.Ref(), reason),
			}
		}
		p.FS = p.FS.Checked()
		if p.ID == 0 {
			after.Whole = p.FS
		} else {
			after = after.With(p)
		}
	}
	if len(list)+len(SpareGaps(before)) == 0 {
		return before, &Refusal{What: what, Reason: "it has no file system that shunt can look into, and no unallocated space"}
	}
	return after, nil
}

// Steps finds what can be given back in each file system and in free space, and then gives it back.
func (o Sparsify) Steps(before, _ model.Disk) []Step {
	var steps []Step
	for _, p := range SpareParts(before) {
		steps = append(steps, Step{Kind: StepFindSpare, Part: p.ID, Ref: p.Ref(), FS: p.FS.Kind, Window: p.Span})
	}
	for _, gap := range SpareGaps(before) {
		steps = append(steps, Step{Kind: StepFindSpare, Ref: "unallocated space", Window: gap})
	}
	steps = append(steps, Step{Kind: StepGiveBack, Ref: "image"})
	for _, p := range SpareParts(before) {
		steps = append(steps, Step{Kind: StepVerifyFS, Part: p.ID, Ref: p.Ref(), FS: p.FS.Kind, Window: p.Span})
	}
	return steps
}

// SpareParts returns the partitions with file systems that shunt looks into for room that nobody needs. While a system is hibernated on the disk, a
// file system that it has not left in order is not touched.
func SpareParts(d model.Disk) []model.Partition {
	asleep := false
	all := d.Partitions()
	if whole, ok := d.Partition(0); ok && d.Table.Kind == model.TableNone {
		all = []model.Partition{whole}
	}
	for _, p := range all {
		asleep = asleep || !untouchable(p.FS).OK() || p.FS.Trait == model.Hibernated
	}
	var list []model.Partition
	for _, p := range all {
		fs := p.FS
		suits := p.Role != model.Extended && !p.Use.Busy() && fs.Kind.Sparse() && fs.Elsewhere == model.WholeHere && fs.Trait == model.NoTrait &&
			fs.Also == "" && !d.Beneath(p) && d.Overhang(p).Empty()
		if suits && (!asleep || fs.Dirty.OK()) {
			list = append(list, p)
		}
	}
	return list
}

// SpareGaps returns the free runs behind the first partition. Boot records of logical partitions and the last MiB of the
// disk, where members of arrays and dynamic disks keep their data, do not count.
func SpareGaps(d model.Disk) []geometry.Span {
	var spans []geometry.Span
	parts := d.Partitions()
	if len(parts) == 0 || d.Whole.Known() {
		return nil
	}
	last := d.Sectors - geometry.AlignMiB.Grain(d.SectorSize)
	ext, _ := d.Extended()
	var ends []geometry.Sector
	for _, p := range parts {
		if model.IsDynamic(p.Type) || d.Beneath(p) {
			return nil
		}
		if p.Role == model.Logical {
			ends = append(ends, p.Span.End)
		}
	}
	for _, g := range model.Gaps(d, model.Everything) {
		span := geometry.Span{Start: max(g.Span.Start, parts[0].Span.Start), End: min(g.Span.End, last)}
		if g.Role == model.Logical && (span.End < min(ext.Span.End, last) || !slices.Contains(ends, span.Start)) {
			continue // there is a boot record in it
		}
		if !span.Empty() {
			spans = append(spans, span)
		}
	}
	return spans
}
