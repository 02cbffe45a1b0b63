package ops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/dump"
)

// Restore replaces the partition table by one that was saved. It writes the table and nothing else: what a partition holds
// stays where it is. A partition that is at its old place keeps its contents; one that appears has what lies there.
type Restore struct {
	wholeDisk
	Table dump.Table
	// First is the identity of the first partition that appears; the next ones follow.
	First model.PartID
	// found has what lies where a partition appears, as it was on the disk read. Later edits may have changed it.
	read  model.Disk
	found map[geometry.Span]model.Filesystem
}

// NewRestore returns the operation for the end of a queue.
func NewRestore(q Queue, t dump.Table) Restore {
	o := Restore{Table: t, First: q.NextID()}
	if q.Len() > 0 || q.env.Contents == nil {
		return o
	}
	o.read, o.found = q.initial, map[geometry.Span]model.Filesystem{}
	for _, p := range t.Parts {
		whole := q.initial.Span().Encloses(p.Span) && !p.Span.Empty()
		if _, known := holderOf(q.initial, p); whole && !known && p.Role != model.Extended {
			o.found[p.Span] = q.env.Contents(p.Span)
		}
	}
	return o
}

// notRead is what is known of contents that no scan has seen.
var notRead = model.Filesystem{Used: -1, Trait: model.Unread, Notes: "is read when the table is written"}

// holderOf returns the partition of d whose contents p has: the one that begins where p does.
func holderOf(d model.Disk, p model.Partition) (was model.Partition, ok bool) {
	for q := range d.Each() {
		if q.Span.Start == p.Span.Start && (q.Role == model.Extended) == (p.Role == model.Extended) {
			return q, true
		}
	}
	return was, false
}

// mostText is the longest table in bytes of text. A plan has it on one line.
const mostText = 250 << 10

const restoring = "restore the partition table"

// Describe returns "Restore the partition table: p2 appears, p3 vanishes".
func (o Restore) Describe(before model.Disk) Phrase {
	words := phrase(Verb{"restore", "restoring", "restored"}, "the partition table (%s)", o.Table.Kind)
	after, err := o.restored(before)
	if err != nil {
		return words
	}
	return words.with(": ", changesOf(before, after))
}

// Apply returns the disk with the saved table.
func (o Restore) Apply(before model.Disk, env Env) (model.Disk, error) {
	z, t := before.SectorSize, o.Table
	reason := cmp.Or(before.Incurable(), heldTogether(before))
	switch {
	case !reason.OK():
	case t.SectorSize != 0 && t.SectorSize != z:
		reason = model.Because("it is for sectors of %d bytes, and the disk has sectors of %d", t.SectorSize, z)
	case len(t.String()) > mostText:
		reason = model.Because("as text it is longer than %d bytes", mostText)
	case t.Kind != model.TableMBR && t.Kind != model.TableGPT:
		reason = model.Because("there is no table of the kind %s", t.Kind)
	}
	if !reason.OK() {
		return before, &Refusal{What: restoring, Reason: reason}
	}
	if r := cmp.Or(o.tooShort(before), o.crowded(before)); r != nil {
		return refused(before, restoring, r)
	}
	after, err := o.restored(before)
	if err == nil {
		after, err = rearranged(before, after, restoring)
	}
	if err != nil {
		return before, err
	}
	for p := range after.Each() {
		want := t.Parts[slices.IndexFunc(t.Parts, func(q model.Partition) bool { return q.Span == p.Span && q.Role == p.Role })]
		if want.Number != p.Number {
			return refused(before, restoring, refusedFor(model.Because("it has a logical partition %d, and they are numbered from %d on without holes",
				want.Number, model.FirstLogical)))
		}
	}
	if sameTables(before, after) {
		return before, &Refusal{What: restoring, Reason: "the disk has exactly this table"}
	}
	return after, nil
}

// heldTogether returns the reason why the table cannot be replaced as a whole, or "".
func heldTogether(d model.Disk) model.Reason {
	for p := range d.Each() {
		if p.Pinned {
			return model.Because("%s: %s", p.Ref(), pinned(p))
		}
	}
	return ""
}

// sameTables reports whether nothing of the table differs.
func sameTables(before, after model.Disk) bool {
	return !before.CuredBy(after) && before.Table == after.Table &&
		slices.EqualFunc(before.Partitions(), after.Partitions(), func(p, q model.Partition) bool {
			q.FS, q.UUID = p.FS, cmp.Or(q.UUID, p.UUID)
			return p == q
		})
}

// tooShort refuses a table for a longer disk. The nearest edit makes the disk so long.
func (o Restore) tooShort(d model.Disk) *Refusal {
	end := geometry.Sector(0)
	for _, p := range o.Table.Parts {
		end = max(end, p.Span.End)
	}
	words := "its partitions reach up to sector %s"
	tail := geometry.Sector(0)
	if o.Table.Kind == model.TableGPT {
		t := o.fresh(d)
		tail = t.ArraySectors(d.SectorSize) + 1
		if last := o.Table.Last + 1; last > end && o.Table.Last != 0 {
			end, words = last, "it lets partitions reach up to sector %s"
		}
	}
	if end+tail <= d.Sectors {
		return nil
	}
	r := refusedFor(model.Because(words+" and need a disk of %s sectors; this one has %s", end-1, end+tail, d.Sectors))
	if !d.Fixed {
		r.Nearest, r.First = fmt.Sprintf("first enlarge the image to %s sectors", end+tail), []Operation{ImageSize{Sectors: end + tail}}
	}
	return r
}

// crowded refuses a GPT that lets partitions be where its own entries are.
func (o Restore) crowded(d model.Disk) *Refusal {
	t := o.fresh(d)
	if t.Kind != model.TableGPT || t.Array != 0 || t.Usable.Start >= model.UsualArray+t.ArraySectors(d.SectorSize) {
		return nil
	}
	return refusedFor(model.Because("it lets partitions begin at sector %s, and its own %d entries reach up to sector %s", t.Usable.Start,
		t.Slots, model.UsualArray+t.ArraySectors(d.SectorSize)-1))
}

// fresh returns the table without partitions.
func (o Restore) fresh(before model.Disk) model.Table {
	z, saved, was := before.SectorSize, o.Table, before.Table
	t := model.FreshTable(saved.Kind, before.Sectors, z)
	same := was.Kind == saved.Kind && before.ReadOnly().OK()
	if same && saved.Kind == model.TableMBR {
		t.Usable = was.Usable
	}
	if t.Boot = same && was.Boot; saved.Kind == model.TableGPT {
		t.Slots = cmp.Or(saved.Slots, t.Slots)
		if same && was.Slots == t.Slots {
			t.EntrySize, t.Array = was.EntrySize, was.Array
		}
		array := t.ArraySectors(z)
		t.Usable = geometry.Span{
			Start: cmp.Or(saved.First, max(t.Usable.Start, model.UsualArray+array)), End: before.Sectors - 1 - array,
		}
		if saved.Last != 0 {
			t.Usable.End = saved.Last + 1
		}
	}
	if array := geometry.SpanOf(t.Array, t.ArraySectors(z)); t.Array != 0 && array.Overlaps(t.Usable) {
		t.Array = 0 // it goes to its usual place
	}
	if t.ID = saved.ID; t.ID == "" && same {
		t.ID = was.ID
	}
	return t
}

// restored returns the disk with the saved table, before any checks.
func (o Restore) restored(before model.Disk) (model.Disk, error) {
	t := o.fresh(before)
	keep := kept(before)
	untouched := o.found != nil && before.Equal(o.read)
	var parts []model.Partition
	next := o.First
	for _, p := range o.Table.Parts {
		was, known := holderOf(keep, p)
		known = known && !slices.ContainsFunc(parts, func(q model.Partition) bool { return q.ID == was.ID })
		switch {
		case known:
			p.ID, p.FS, p.EBR, p.Use, p.Mirror = was.ID, was.FS, was.EBR, was.Use, was.Mirror
			if was.Role != p.Role {
				p.EBR = 0
			}
			if t.Kind != model.TableGPT {
				p.Mirror = model.Mirror{}
			}
			p.Attributes |= was.Attributes &^ dump.Expressible
			if same := before.Table.Kind == t.Kind && before.Table.ID == t.ID; p.UUID == "" && same && (t.Kind == model.TableGPT || was.Number == p.Number) {
				p.UUID = was.UUID
			}
		default:
			p.ID, p.FS = next, notRead
			next++
			if fs, ok := o.found[p.Span]; ok && untouched {
				p.FS = fs
			}
			if p.Role == model.Extended {
				p.FS = model.Filesystem{}
			}
		}
		if reason := cannotType(model.Disk{Table: t}, p.Role, p.Type); !reason.OK() {
			return before, &Refusal{What: restoring, Reason: model.Because("p%d: %s", p.Number, reason)}
		}
		if len(utf16.Encode([]rune(p.Name))) > nameUnits || strings.ContainsRune(p.Name, 0) {
			return before, &Refusal{What: restoring, Reason: model.Because("the name of p%d is longer than the %d characters a GPT can hold",
				p.Number, nameUnits)}
		}
		parts = append(parts, p)
	}
	after := model.Disk{SectorSize: before.SectorSize, Sectors: before.Sectors, Fixed: before.Fixed, Image: before.Image, Table: t}
	if before.Table.Kind == t.Kind {
		after.Loader = before.Loader
	}
	after, err := model.Rechain(model.New(after, parts, nil))
	if err != nil {
		return before, &Refusal{What: restoring, Reason: model.Reason(err.Error())}
	}
	return after, nil
}

// kept returns d with the partitions that a restored table can keep. What a damaged table says of them is no reason to keep them.
func kept(d model.Disk) model.Disk {
	if !d.ReadOnly().OK() {
		return d.WithPartitions(nil)
	}
	return d
}

// Steps erases the signatures of what covered the disk without a table or with one of another kind, outside of all
// partitions. The contents of partitions are not touched.
func (o Restore) Steps(before, after model.Disk) []Step {
	if before.Table.Kind == after.Table.Kind {
		return nil
	}
	return wipesOutside(before, before.Partitions(), after.Partitions())
}

// wipesOutside returns the steps that erase signatures of the whole disk where none of the partitions is.
func wipesOutside(d model.Disk, lists ...[]model.Partition) []Step {
	var used []geometry.Span
	for _, p := range slices.Concat(lists...) {
		if p.Role != model.Extended {
			used = append(used, p.Span)
		}
	}
	var steps []Step
	for _, gap := range geometry.Gaps(geometry.Span{Start: 0, End: d.Sectors}, used) {
		steps = append(steps, Step{Kind: StepWipeDisk, Ref: "the disk", Window: gap})
	}
	return steps
}
