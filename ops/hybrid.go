package ops

import (
	"fmt"
	"slices"
	"strings"

	"shunt/model"
)

// mostMirrors is how many partitions a hybrid MBR can list: one of its four entries protects the GPT.
const mostMirrors = 3

// Hybrid lists partitions of a GPT in the first sector too, for systems that only read the MBR. It replaces the present
// list. Without partitions the first sector only protects the GPT.
type Hybrid struct {
	wholeDisk
	tableOnly
	IDs    [mostMirrors + 1]model.PartID // in the order of the entries; those behind the last are 0. Apply refuses the last.
	Active model.PartID                  // the one with the active flag, or 0
	Last   bool                          // the protective entry is behind them, not in front
}

// NewHybrid returns the operation for these partitions, at least as many as Apply allows.
func NewHybrid(ids []model.PartID, active model.PartID, last bool) Hybrid {
	o := Hybrid{Active: active, Last: last}
	copy(o.IDs[:], ids)
	return o
}

// Parts returns the partitions of the new list.
func (o Hybrid) Parts() []model.PartID {
	n := slices.Index(o.IDs[:], 0)
	if n < 0 {
		n = len(o.IDs)
	}
	return o.IDs[:n]
}

// HybridOf returns the operation that makes the hybrid MBR of d, as far as it lists partitions.
func HybridOf(d model.Disk) Hybrid {
	var o Hybrid
	listed := slices.DeleteFunc(d.Partitions(), func(p model.Partition) bool { return p.Mirror.Slot == 0 })
	slices.SortFunc(listed, func(a, b model.Partition) int { return a.Mirror.Slot - b.Mirror.Slot })
	for i, p := range listed {
		o.IDs[i] = p.ID
		if p.Mirror.Active {
			o.Active = p.ID
		}
		o.Last = i == 0 && p.Mirror.Slot == 1 || o.Last
	}
	return o
}

// Describe returns "List p1 as 0xef and p2 as 0x83 (active) in the first sector too: a hybrid MBR" or "Make the first
// sector protective: it lists p1 and p2 no more".
func (o Hybrid) Describe(before model.Disk) Phrase {
	var list []string
	if len(o.Parts()) == 0 {
		for _, id := range HybridOf(before).Parts() {
			p, _ := before.Partition(id)
			list = append(list, p.Ref())
		}
		return phrase(Verb{"make", "making", "made"}, "the first sector protective again").with(ifAny("; it no longer lists ", list))
	}
	after := o.mirrored(before)
	for _, id := range o.Parts() {
		p, _ := after.Partition(id)
		text := fmt.Sprintf("%s as type %s", p.Ref(), p.Mirror.Type)
		if p.Mirror.Active {
			text += " (active)"
		}
		list = append(list, text)
	}
	words := phrase(Verb{"list", "listing", "listed"}, "%s in the first sector too, as a hybrid MBR", strings.Join(list, ", "))
	if o.Last {
		return words.with("; its protective entry is the last")
	}
	return words
}

// ifAny returns the list behind text, or "" for an empty list.
func ifAny(text string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	return text + strings.Join(list, ", ")
}

// mirrored returns the disk with the new list.
func (o Hybrid) mirrored(d model.Disk) model.Disk {
	parts, first := d.Partitions(), 2
	if o.Last {
		first = 1
	}
	for i, p := range parts {
		at := slices.Index(o.Parts(), p.ID)
		if at < 0 {
			parts[i].Mirror = model.Mirror{}
			continue
		}
		kind := strings.ToLower(string(model.MBRType(p.Type, p.FS.Kind)))
		parts[i].Mirror = model.Mirror{Slot: first + at, Type: model.PartType(kind), Active: p.ID == o.Active}
	}
	return d.WithPartitions(parts)
}

// Apply returns the disk with the new list.
func (o Hybrid) Apply(before model.Disk, _ Env) (model.Disk, error) {
	const what = "list partitions of the GPT in the first sector"
	after, err := editedGPT(before, what, func(*model.Table) *Refusal { return o.obstacle(before) })
	if err != nil {
		return before, err
	}
	after = o.mirrored(after)
	return after, sound(what, after)
}

// obstacle returns why the list cannot be made, or nil.
func (o Hybrid) obstacle(d model.Disk) *Refusal {
	ids := o.Parts()
	switch {
	case d.Table.Strays > 0:
		return refusedFor(model.Because("the first sector lists partitions that the GPT does not have, %d of them", d.Table.Strays)).
			near("make the two agree with `gdisk` first (commands r, o)")
	case len(ids) == 0 && len(HybridOf(d).Parts()) == 0:
		return refusedFor("it lists none")
	case len(ids) > mostMirrors:
		return refusedFor("one of its four entries protects the GPT").near(fmt.Sprintf("it can list up to %d", mostMirrors))
	case o.Active != 0 && !slices.Contains(ids, o.Active):
		return refusedFor("the active partition is not among them")
	case o.Active != 0 && d.Table.Boot:
		return refusedFor("the protective entry has the active flag, and a BIOS may refuse to start from two").near("clear the flag boot of the table first")
	}
	for i, id := range ids {
		p, ok := d.Partition(id)
		switch {
		case !ok || id == 0:
			return refusedFor("one of them is no longer there")
		case slices.Contains(ids[:i], id):
			return refusedFor(model.Because("%s is given twice", p.Ref()))
		case p.Span.End > model.MBRSectors:
			return refusedFor(model.Because("%s ends at sector %s, and an MBR only reaches sector %s (%s)", p.Ref(), p.Span.End-1,
				model.MBRSectors-1, amount(d.SectorSize.Bytes(model.MBRSectors))))
		}
	}
	if o.mirrored(d).Equal(d) {
		return refusedFor("it lists them so already")
	}
	return nil
}
