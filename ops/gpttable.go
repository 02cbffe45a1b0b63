package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// This file has the edits of a GPT that concern no partition.

// editedGPT returns the results of Apply for an edit of the table alone. what is the edit.
func editedGPT(before model.Disk, what string, change func(t *model.Table) *Refusal) (model.Disk, error) {
	if r := readOnly(before); r != nil {
		return refused(before, what, r)
	}
	if before.Table.Kind != model.TableGPT {
		return before, &Refusal{What: what, Reason: "only a GPT has that"}
	}
	after := before
	if r := change(&after.Table); r != nil {
		return refused(before, what, r)
	}
	return after, sound(what, after)
}

// lowest returns the first sector of the first partition, or the end of the usable range, and what lies there.
func lowest(d model.Disk) (at geometry.Sector, what string) {
	at, what = d.Table.Usable.End, "the range for partitions ends there"
	for p := range d.Each() {
		if p.Span.Start < at {
			at, what = p.Span.Start, p.Ref()+" starts there"
		}
	}
	return at, what
}

// ProtectiveBoot sets or clears the active flag of the protective MBR of a GPT. Some BIOS start only from a disk that has it.
type ProtectiveBoot struct {
	wholeDisk
	tableOnly
	On bool
}

// Describe returns "Set flag boot on the protective MBR".
func (o ProtectiveBoot) Describe(model.Disk) Phrase {
	verb := clearing
	if o.On {
		verb = setting
	}
	return phrase(verb, "flag boot on the protective MBR")
}

// Apply returns the disk with the flag set or cleared.
func (o ProtectiveBoot) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return editedGPT(before, o.Describe(before).Do(), func(t *model.Table) *Refusal {
		if p, ok := before.Partition(HybridOf(before).Active); ok && o.On && p.Mirror.Active {
			return refusedFor(model.Because("%s has it in the hybrid MBR, and a BIOS may refuse to start from two", p.Ref()))
		}
		if t.Boot == o.On {
			return refusedFor(model.Reason(map[bool]string{true: "it is set already", false: "it is not set"}[o.On]))
		}
		t.Boot = o.On
		return nil
	})
}

// FirstUsable sets the first sector that a GPT allows for partitions.
type FirstUsable struct {
	wholeDisk
	tableOnly
	Sector geometry.Sector
}

// Describe returns "Let partitions begin at sector 2048 instead of 34".
func (o FirstUsable) Describe(before model.Disk) Phrase {
	return phrase(Verb{"let", "letting", "let"}, "partitions begin at sector %s instead of %s", o.Sector, before.Table.Usable.Start)
}

// Apply returns the disk with the other range for partitions.
func (o FirstUsable) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return editedGPT(before, fmt.Sprintf("let partitions begin at sector %s", o.Sector), func(t *model.Table) *Refusal {
		least := t.ArraySpan(before.SectorSize).End
		most, why := lowest(before)
		switch {
		case o.Sector == t.Usable.Start:
			return refusedFor("they do already")
		case o.Sector < least:
			return refusedFor("the entries of the table lie before that").near(fmt.Sprintf("it can be sector %s or later", least), Bound{Start, least})
		case o.Sector > most:
			return refusedFor(model.Because("at sector %s is something: %s", most, why)).near(fmt.Sprintf("it can be sector %s or earlier", most), Bound{Start, most})
		}
		t.Usable.Start = o.Sector
		return nil
	})
}

// MoveArray moves the entries of the first copy of a GPT to another place. Boards whose boot loader lies in the first sectors
// need that.
type MoveArray struct {
	wholeDisk
	tableOnly
	At geometry.Sector
}

// Describe returns "Move the entries of the GPT from sector 2 to 2016; partitions begin at sector 2048 or later then".
func (o MoveArray) Describe(before model.Disk) Phrase {
	words := phrase(moving, "the entries of the GPT from sector %s to %s", before.Table.ArraySpan(before.SectorSize).Start, o.At)
	if first := o.At + before.Table.ArraySectors(before.SectorSize); first > before.Table.Usable.Start {
		return words.with(fmt.Sprintf("; partitions begin at sector %s or later then", first))
	}
	return words
}

// Apply returns the disk with the entries at their new place.
func (o MoveArray) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return editedGPT(before, fmt.Sprintf("move the entries of the GPT to sector %s", o.At), func(t *model.Table) *Refusal {
		n := t.ArraySectors(before.SectorSize)
		end, why := lowest(before)
		most := end - n
		switch {
		case o.At == t.ArraySpan(before.SectorSize).Start:
			return refusedFor("they are there already")
		case o.At < model.UsualArray:
			return refusedFor("the headers of the table lie there").near(fmt.Sprintf("it can be sector %s or later", model.UsualArray), Bound{Start, model.UsualArray})
		case o.At > most:
			return refusedFor(model.Because("they take %s sectors and have to end at sector %s: %s", n, end, why)).near(
				fmt.Sprintf("it can be sector %s or earlier", most), Bound{Start, most})
		}
		t.Array, t.Usable.Start = o.At, max(t.Usable.Start, o.At+n)
		return nil
	})
}
