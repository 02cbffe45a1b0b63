package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// NewTable makes an empty partition table on the disk. All partitions are lost, and so is a file system that covers the
// whole disk. The contents of partitions stay on the disk as free space.
type NewTable struct {
	wholeDisk
	Kind model.TableKind
	// First is the first sector for partitions of a GPT, 0 for the first one behind its entries.
	First geometry.Sector
}

// Describe returns "Make a new GPT; all 3 partitions are lost".
func (o NewTable) Describe(before model.Disk) Phrase { return o.describe(before, false) }

// describe is like Describe. rescues is set if later operations put back what lies on the disk.
func (o NewTable) describe(before model.Disk, rescues bool) Phrase {
	text := ""
	switch n := len(before.Partitions()); {
	case n == 1:
		text = "; the only partition is lost"
	case n > 1:
		text = fmt.Sprintf("; all %d partitions are lost", n)
	}
	switch whole := before.Whole; {
	case whole.Word() == model.BlankWord:
	case rescues && !whole.Known():
		text += "; what is not put back is lost"
	default:
		text += "; everything in " + Covering(whole) + " is lost"
	}
	if z := before.SectorSize; o.Kind == model.TableMBR && before.Sectors > model.MBRSectors {
		text += fmt.Sprintf("; it reaches the first %s only", geometry.FormatBytes(z.Bytes(model.MBRSectors)))
	}
	if o.First != 0 {
		text = fmt.Sprintf(" with partitions from sector %s on", o.First) + text
	}
	return phrase(making, "a new %s%s", o.Kind, text)
}

// Apply returns the disk with an empty table.
func (o NewTable) Apply(before model.Disk, _ Env) (model.Disk, error) {
	what := "make a new partition table"
	if reason := before.ReadOnly(); !reason.OK() && !before.TableGone() {
		return before, &Refusal{
			What: what, Reason: reason,
			Nearest: "if nothing there is needed, erase it with wipefs --all first",
		}
	}
	if o.Kind != model.TableMBR && o.Kind != model.TableGPT {
		return before, &Refusal{What: what, Reason: model.Because("there is no table of the kind %s", o.Kind)}
	}
	held := before.Partitions()
	if whole, ok := before.Partition(0); ok {
		held = append(held, whole)
	}
	for _, p := range held {
		if reason := untouchable(p.FS); !reason.OK() {
			r := &Refusal{What: what, Reason: model.Because("%s would be lost and %s", p.Ref(), reason)}
			return before, r.OrDiscard(p)
		}
	}
	t := model.FreshTable(o.Kind, before.Sectors, before.SectorSize)
	if o.First != 0 && t.Usable.Contains(o.First) && o.Kind == model.TableGPT {
		t.Usable.Start = o.First
	} else if o.First != 0 {
		return before, &Refusal{
			What: what, Reason: model.Because("partitions cannot begin at sector %s", o.First),
			Nearest: fmt.Sprintf("sectors %s are possible", t.Usable.Inclusive()),
		}
	}
	if t.Usable.Empty() {
		return before, &Refusal{What: what, Reason: model.Because("the disk, %s, is too small for one",
			geometry.FormatBytes(before.Size()))}
	}
	after := model.Disk{SectorSize: before.SectorSize, Sectors: before.Sectors, Fixed: before.Fixed, Image: before.Image, Table: t}
	return model.New(after, nil, nil), sound(what, after)
}

// Steps erases signatures where no partition is, except those of tables. The old table's signatures are erased when the
// new one is written. The old partitions keep their contents, so that people can still recover them.
func (o NewTable) Steps(before, _ model.Disk) []Step {
	return wipesOutside(before, before.Partitions())
}
