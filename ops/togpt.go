package ops

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// ToGPT replaces an MBR by a GPT with the same partitions, which keep their numbers and contents. Logical partitions become
// ordinary entries, and the extended one disappears. Every partition gets a PARTUUID.
type ToGPT struct {
	wholeDisk
	tableOnly
}

// Describe returns "Convert the MBR to GPT; all partitions keep their numbers; …".
func (o ToGPT) Describe(before model.Disk) Phrase {
	gone := ""
	if ext, ok := before.Extended(); ok {
		gone = fmt.Sprintf(", %s, the extended one, goes", ext.Ref())
	}
	return phrase(Verb{"convert", "converting", "converted"}, "the MBR to GPT; all partitions keep their numbers%s; "+
		"PARTUUIDs become others, and a boot loader for BIOS has to be installed again, in a BIOS boot partition", gone)
}

// Apply returns the disk with the GPT.
func (o ToGPT) Apply(before model.Disk, env Env) (model.Disk, error) {
	const what = "convert the table to GPT"
	reason := before.ReadOnly()
	switch {
	case !reason.OK():
	case before.Table.Kind == model.TableGPT:
		reason = "it is a GPT already"
	case before.Table.Kind != model.TableMBR:
		reason = "the disk has no partition table"
	}
	if !reason.OK() {
		return before, &Refusal{What: what, Reason: reason}
	}
	z := before.SectorSize
	t := model.FreshTable(model.TableGPT, before.Sectors, z)
	t.Usable.Start = 2 + z.Up(geometry.Bytes(t.Slots*t.EntrySize)) // leaves room for a BIOS boot partition
	if t.Usable.Len() < 1 {
		return before, &Refusal{What: what, Reason: model.Because("the disk, %s, is too small for one",
			geometry.FormatBytes(before.Size()))}
	}
	var parts []model.Partition
	for _, p := range before.Partitions() {
		switch {
		case p.Role == model.Extended:
			continue
		case model.IsExtendedType(p.Type):
			return refused(before, what, refusedFor(model.Because("%s is a second extended partition, which nobody can read",
				p.Ref())).near("delete it first"))
		case p.Pinned:
			return refused(before, what, refusedFor(model.Because("%s cannot be kept: %s", p.Ref(), pinned(p))))
		case p.Span.Start < t.Usable.Start:
			r := &Refusal{What: what, Reason: model.Because("%s starts at sector %s, where the GPT has to lie", p.Ref(),
				p.Span.Start)}
			return before, r.first(before, env, MoveResize{ID: p.ID, Shift: t.Usable.Start - p.Span.Start})
		case p.Span.End > t.Usable.End:
			over := p.Span.End - t.Usable.End
			r := &Refusal{What: what, Reason: model.Because("%s ends where the GPT's backup has to lie", p.Ref())}
			return before, r.first(before, env, MoveResize{ID: p.ID, Len: p.Span.Len() - over}, MoveResize{ID: p.ID, Shift: -over},
				ImageSize{Sectors: before.Sectors + over})
		}
		parts = append(parts, toGPT(p))
	}
	after := model.New(model.Disk{SectorSize: z, Sectors: before.Sectors, Fixed: before.Fixed, Image: before.Image, Table: t}, parts, nil)
	return after, sound(what, after)
}

// first adds those of the edits to the refusal that are possible now. One of them must come first.
func (r *Refusal) first(d model.Disk, env Env, edits ...Operation) *Refusal {
	var words []string
	for _, op := range edits {
		if m, ok := op.(MoveResize); ok && m.Len < 0 {
			continue
		}
		if _, err := op.Apply(d, env); err != nil {
			continue
		}
		r.First = append(r.First, op)
		words = append(words, firstWords(d, op))
	}
	if len(words) > 0 {
		r.Nearest = strings.Join(words, ", or ") + " first"
	}
	return r
}

// firstWords formats an edit as advice, with the smallest number that is enough.
func firstWords(d model.Disk, op Operation) string {
	switch op := op.(type) {
	case MoveResize:
		p, _ := d.Partition(op.ID)
		switch {
		case op.Len != 0:
			return fmt.Sprintf("shrink it by at least %s", (p.Span.Len() - op.Len).Count())
		case op.Shift < 0:
			return fmt.Sprintf("move it left by at least %s", (-op.Shift).Count())
		}
		return fmt.Sprintf("move it right by at least %s", op.Shift.Count())
	case ImageSize:
		return fmt.Sprintf("grow the image by %s", (op.Sectors - d.Sectors).Count())
	}
	return op.Describe(d).Do()
}

// toGPT converts a partition of an MBR to an entry of a GPT.
func toGPT(p model.Partition) model.Partition {
	_, visible := model.WithoutFlag(model.TableMBR, p, model.FlagHidden)
	active := p.Active
	p.Type = model.GPTType(p.Type, p.FS.Kind)
	p.Role, p.EBR, p.UUID, p.Active = model.Primary, 0, "", false
	if active {
		p, _ = model.WithFlag(model.TableGPT, p, model.FlagLegacyBoot)
	}
	if visible == "" {
		p, _ = model.WithFlag(model.TableGPT, p, model.FlagHidden)
	}
	return p
}
