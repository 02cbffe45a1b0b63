package ops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shunt/model"
)

// Sort numbers the partitions by their place on the disk. Those of a GPT become 1, 2, …; the others of an MBR share the
// numbers up to 4 that are in use, and logical ones become 5, 6, … . Nothing else changes: places, contents, names and, on
// a GPT, PARTUUIDs stay.
type Sort struct {
	wholeDisk
	tableOnly
}

const sorting = "number the partitions by their place"

// Describe returns "Number the partitions by their place: p3 becomes p2, p2 becomes p3".
func (o Sort) Describe(before model.Disk) Phrase {
	words := phrase(Verb{"number", "numbering", "numbered"}, "the partitions by their place")
	var list []string
	after := sorted(before)
	for _, p := range numbered(before) {
		if q, _ := after.Partition(p.ID); q.Number != p.Number {
			list = append(list, fmt.Sprintf("%s becomes %s", p.Ref(), q.Ref()))
		}
	}
	if len(list) == 0 {
		return words
	}
	return words.with(": ", strings.Join(shortened(list), ", "))
}

// Apply returns the disk with the new numbers.
func (o Sort) Apply(before model.Disk, _ Env) (model.Disk, error) {
	if r := readOnly(before); r != nil {
		return refused(before, sorting, r)
	}
	if reason := unsorted(before); !reason.OK() {
		return before, &Refusal{What: sorting, Reason: reason}
	}
	return rearranged(before, sorted(before), sorting)
}

// unsorted returns the reason why the partitions cannot be numbered by their place, or "".
func unsorted(d model.Disk) model.Reason {
	if d.Table.Kind == model.TableNone {
		return "the disk has no partition table"
	}
	after := sorted(d)
	for p := range d.Each() {
		q, _ := after.Partition(p.ID)
		switch {
		case p.Number == q.Number:
		case p.Pinned:
			return model.Because("%s: %s", p.Ref(), pinned(p))
		default:
			return ""
		}
	}
	return "the numbers follow the places already"
}

// CannotSort is the reason why Sort would do nothing, or "".
func CannotSort(d model.Disk) model.Reason { return cmp.Or(d.ReadOnly(), unsorted(d)) }

// sorted returns the disk with numbers by place.
func sorted(d model.Disk) model.Disk {
	var slots []int
	for p := range d.Each() {
		if p.Role != model.Logical {
			slots = append(slots, p.Number)
		}
	}
	if slices.Sort(slots); d.Table.Kind == model.TableGPT {
		for i := range slots {
			slots[i] = i + 1
		}
	}
	parts := d.Partitions() // by place
	logical := model.FirstLogical
	for i, p := range parts {
		if p.Role == model.Logical {
			parts[i].Number = logical
			logical++
		} else {
			parts[i].Number, slots = slots[0], slots[1:]
		}
	}
	return d.WithPartitions(parts)
}
