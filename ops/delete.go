package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Delete removes a partition from the table. Its contents stay on the disk. The logical partitions behind a deleted one
// are renumbered: each number becomes smaller by one.
type Delete struct {
	tableOnly
	ID model.PartID
}

// Part returns the partition that is deleted.
func (o Delete) Part() model.PartID { return o.ID }

// Describe returns "Delete p5 (xfs, 483 MiB); p6 becomes p5".
func (o Delete) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	words := phrase(Verb{"delete", "deleting", "deleted"}, "%s", sized(p, before.SectorSize))
	if over := before.Overhang(p); !over.Empty() {
		words = words.with(fmt.Sprintf("; %s of its %s lie behind its end and are given up too",
			geometry.FormatBytes(p.FS.Excess(before.SectorSize.Bytes(p.Span.Len()))), contents(p)))
	}
	if owner, ok := intrudes(before, p); ok {
		words = words.with(fmt.Sprintf("; the %s of %s can have this room back then", contents(owner), owner.Ref()))
	}
	if after, err := model.Rechain(before.Without(o.ID)); err == nil {
		return words.with(renumbered(before, after))
	}
	return words
}

// Apply returns the disk without the partition. An extended partition must be empty.
func (o Delete) Apply(before model.Disk, _ Env) (model.Disk, error) {
	p, err := removable(before, o.ID, "delete")
	if err != nil {
		return before, err
	}
	what := "delete " + p.Ref()
	if n := len(before.Logicals()); p.Role == model.Extended && n > 0 {
		reason := model.Reason("it holds a logical partition")
		if n > 1 {
			reason = model.Because("it holds %d logical partitions", n)
		}
		return before, &Refusal{What: what, Reason: reason, Nearest: "delete what is in it first"}
	}
	return rearranged(before, before.Without(o.ID), what)
}
