package ops

import (
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// Wipe overwrites all of a partition, or all unallocated space behind the first partition but the last MiB of the disk, so that
// nothing of what lay there can be read from the target again. The partition stays, without a file system. Nothing is kept for
// an undo.
type Wipe struct {
	ID model.PartID
	// Free wipes unallocated space (SpareGaps) instead of a partition.
	Free   bool
	Random bool // with random data, otherwise with zeros
}

// Part returns the partition that is wiped, or 0.
func (o Wipe) Part() model.PartID { return o.ID }

// with says what is written.
func with(random bool) string {
	if random {
		return "with random data"
	}
	return "with zeros"
}

// Describe returns "Wipe p2 (ext4, 483 MiB) with zeros".
func (o Wipe) Describe(before model.Disk) Phrase {
	if o.Free {
		n := geometry.Sector(0)
		for _, gap := range SpareGaps(before) {
			n += gap.Len()
		}
		return phrase(wiping, "unallocated space (%s) %s", geometry.FormatBytes(before.SectorSize.Bytes(n)), with(o.Random))
	}
	p, _ := before.Partition(o.ID)
	return phrase(wiping, "%s %s", sized(p, before.SectorSize), with(o.Random))
}

// Apply returns the disk with the partition empty.
func (o Wipe) Apply(before model.Disk, _ Env) (model.Disk, error) {
	if o.Free {
		reason := before.ReadOnly()
		if reason.OK() && len(SpareGaps(before)) == 0 {
			reason = "there is none behind the first partition"
		}
		if !reason.OK() {
			return before, &Refusal{What: "wipe unallocated space", Reason: reason}
		}
		return before, nil
	}
	return edited(before, subject, o.ID, "wipe", func(p *model.Partition) *Refusal {
		p.FS = model.Filesystem{}
		if o.Random {
			p.FS = model.Filesystem{Trait: model.Unread, Used: before.SectorSize.Bytes(p.Span.Len()), Notes: "holds random data"}
		}
		return refusedFor(holdsNone(p.Role))
	})
}

// Steps overwrites each run.
func (o Wipe) Steps(before, after model.Disk) []Step {
	if !o.Free {
		p, _ := after.Partition(o.ID)
		return []Step{{Kind: StepErase, Part: p.ID, Ref: p.Ref(), Window: p.Span, Random: o.Random}}
	}
	var steps []Step
	for _, gap := range SpareGaps(before) {
		steps = append(steps, Step{Kind: StepErase, Ref: "unallocated space", Window: gap, Random: o.Random})
	}
	return steps
}

// wiped returns what the queue wipes, in words.
func (q Queue) wiped() (list []string) {
	for i, op := range q.ops {
		if o, ok := op.(Wipe); ok && o.Free {
			list = append(list, "unallocated space")
		} else if ok {
			p, _ := q.Before(i).Partition(o.ID)
			list = append(list, p.Ref())
		}
	}
	return list
}

// wipedBelow returns what still holds what the queue wipes: the snapshots of the image, and its backing file.
func (q Queue) wipedBelow() (list []string) {
	layers := q.env.Layers
	if layers == nil || len(q.wiped()) == 0 {
		return nil
	}
	var names []string
	for _, s := range layers.Snapshots() {
		names = append(names, safetext.Quoted(safetext.Printable(s.Name)))
	}
	if len(names) > 0 {
		list = append(list, "the snapshots "+strings.Join(names, ", "))
	}
	if path := layers.Backing(); path != "" {
		list = append(list, "the backing file "+safetext.Printable(path))
	}
	return list
}
