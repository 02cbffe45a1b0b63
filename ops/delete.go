package ops

import (
	"fmt"

	"shunt/model"
)

// Delete takes a partition out of the table. Its contents stay where they are. The numbers of logical
// partitions behind a deleted one go down by one.
type Delete struct {
	ID model.PartID
}

// Part is the partition that is deleted.
func (o Delete) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o Delete) Verb() string { return "Delete" }

// Describe is "Delete p5 (xfs, 483 MiB); p6 becomes p5".
func (o Delete) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	text := "Delete " + sized(p, before.SectorSize)
	if after, err := o.without(before); err == nil {
		text += renumbered(before, after)
	}
	return text
}

// Apply is the disk without the partition. An extended partition must be empty.
func (o Delete) Apply(before model.Disk, _ Env) (model.Disk, error) {
	p, err := subject(before, o.ID, "delete")
	if err != nil {
		return before, err
	}
	what := "delete " + p.Ref()
	if n := len(before.Logicals()); p.Role == model.Extended && n > 0 {
		return before, &Refusal{
			What: what, Reason: model.Because("it holds %s", counted(n, "logical partition")),
			Nearest: "delete what is in it first",
		}
	}
	after, err := o.without(before)
	if err != nil {
		return before, &Refusal{What: what, Reason: model.Reason(err.Error())}
	}
	if err := sound(what, after); err != nil {
		return before, err
	}
	return after, nil
}

func (o Delete) without(d model.Disk) (model.Disk, error) { return model.Rechain(d.Without(o.ID)) }

func counted(n int, what string) string {
	if n == 1 {
		return "a " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Steps are none: only the table changes.
func (o Delete) Steps(_, _ model.Disk) []Step { return nil }
