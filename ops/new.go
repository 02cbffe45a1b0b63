package ops

import (
	"cmp"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// New makes a partition in free space. The partition is empty or has an empty file system.
type New struct {
	ID   model.PartID // from Queue.NextID
	Role model.Role
	// At is the first sector and Len the length in sectors. Placed fills in zeros; both must be set before New is staged.
	At, Len geometry.Sector
	FS      model.FSKind   // Unformatted makes none
	Label   string         // of the file system
	Name    string         // of the partition, GPT only
	Type    model.PartType // "" derives it from FS and Role
}

// Part returns the partition that is made.
func (o New) Part() model.PartID { return o.ID }

// span returns the place of the new partition.
func (o New) span() geometry.Span { return geometry.SpanOf(o.At, o.Len) }

// Describe returns `Create p3 (xfs, 483 MiB), label "home"`. In an MBR it also names the role.
func (o New) Describe(before model.Disk) Phrase {
	role, kind := "", before.Table.Kind
	if kind == model.TableMBR && o.Role != model.Extended {
		role = o.Role.String() + " "
	}
	words := phrase(Verb{"create", "creating", "created"}, "%s%s", role, sized(o.partition(before), before.SectorSize))
	if o.Label != "" {
		words = words.with(", label ", safetext.Quoted(o.Label))
	}
	if o.Name != "" {
		words = words.with(", name ", safetext.Quoted(o.Name))
	}
	if o.Type != "" && o.Type != model.DefaultType(kind, o.Role, o.FS) {
		words = words.with(", type ", model.TypeName(kind, o.Type))
	}
	if after, err := o.added(before); err == nil {
		return words.with(renumbered(before, after))
	}
	return words
}

// partition returns the new partition with its number, but without the details of its file system.
func (o New) partition(d model.Disk) model.Partition {
	p := model.Partition{ID: o.ID, Role: o.Role, Span: o.span(), Type: o.Type, Name: o.Name}
	if p.Type == "" {
		p.Type = model.DefaultType(d.Table.Kind, o.Role, o.FS)
	}
	p.Number, _ = freeSlot(d)
	if o.Role == model.Logical {
		p.Number = chainNumber(d, o.At)
	}
	if o.Role != model.Extended {
		p.FS.Kind = o.FS
	}
	return p
}

// chainNumber returns the number of a new logical partition at the given sector. Its position in the chain follows its
// place on the disk. If the chain is already out of order, the partition goes to the end.
func chainNumber(d model.Disk, at geometry.Sector) int {
	chain := d.Logicals()
	inOrder := slices.IsSortedFunc(chain, func(a, b model.Partition) int { return int(a.Span.Start - b.Span.Start) })
	for _, p := range chain {
		if inOrder && p.Span.Start > at {
			return p.Number
		}
	}
	return model.FirstLogical + len(chain)
}

// added returns the disk with the new partition, before any checks.
func (o New) added(d model.Disk) (model.Disk, error) {
	p := o.partition(d)
	if o.Role == model.Logical {
		for _, q := range d.Logicals() {
			if q.Number >= p.Number {
				q.Number++
				d = d.With(q)
			}
		}
	}
	return model.Rechain(d.With(p))
}

// Apply returns the disk with the new partition.
func (o New) Apply(before model.Disk, env Env) (model.Disk, error) {
	if r := readOnly(before); r != nil {
		return refused(before, creation, r)
	}
	if _, taken := before.Partition(o.ID); taken || o.ID < 1 {
		return before, &Refusal{What: creation, Reason: model.Because("its identity %d is in use", o.ID)}
	}
	for _, check := range []func(model.Disk, Env) *Refusal{o.checkRole, o.checkContents, o.checkPlace} {
		if r := check(before, env); r != nil {
			return refused(before, creation, r)
		}
	}
	after, _ := o.added(before) // an error means a broken invariant, which is reported below
	if p, _ := after.Partition(o.ID); p.Role != model.Extended {
		p.FS = newFilesystem(env, o.FS, o.Label, after.SectorSize.Bytes(o.Len), after.SectorSize)
		after = after.With(p)
	}
	return rearranged(before, after, creation)
}

// checkRole refuses a role for which the table has no room.
func (o New) checkRole(d model.Disk, _ Env) *Refusal {
	_, hasExtended := d.Extended()
	_, hasSlot := freeSlot(d)
	switch {
	case d.Table.Kind == model.TableNone:
		return &Refusal{Reason: "the disk has no partition table"}
	case d.Table.Kind == model.TableGPT && o.Role != model.Primary:
		return &Refusal{Reason: model.Because("a GPT has no %s partitions", o.Role)}
	case o.Role == model.Logical && !hasExtended:
		return &Refusal{Reason: "there is no extended partition for it", Nearest: "create that first"}
	case o.Role == model.Extended && hasExtended:
		return &Refusal{Reason: "an MBR can have one extended partition, and this one has it"}
	case o.Role != model.Logical && !hasSlot:
		return &Refusal{Reason: fullTable(d)}
	}
	return nil
}

// checkContents refuses a file system that cannot be made, a type that does not suit the role, and impossible labels and
// names.
func (o New) checkContents(d model.Disk, env Env) *Refusal {
	var reason model.Reason
	if o.FS != model.Unformatted || o.Label != "" {
		reason = holdsNone(o.Role)
	}
	reason = cmp.Or(reason, cannotType(d, o.Role, o.partition(d).Type), cannotMakeAny(env, o.FS, d.SectorSize),
		cannotLabel(env, o.FS, o.Label))
	if reason.OK() && o.Name != "" {
		reason = cannotName(d, o.Name)
	}
	return refusedFor(reason)
}

// occupied returns the reason why no gap for the role contains the start.
func (o New) occupied(d model.Disk) model.Reason {
	ext, ok := d.Extended()
	switch {
	case !d.Table.Usable.Contains(o.At):
		return model.Because("sector %s is outside the range for partitions, %s to %s",
			o.At, d.Table.Usable.Start, d.Table.Usable.End-1)
	case o.Role == model.Logical && ok && !ext.Span.Contains(o.At):
		return model.Because("sector %s is not inside the extended partition %s", o.At, ext.Ref())
	}
	for _, p := range d.Partitions() {
		if p.Span.Contains(o.At) && p.Role != model.Extended {
			return model.Because("%s lies at sector %s", p.Ref(), o.At)
		}
	}
	for p, over := range d.Cut() {
		if over.Contains(o.At) {
			return goesOn(p)
		}
	}
	return model.Because("sector %s is inside the extended partition, where only logical partitions can be", o.At)
}

// Steps erases the signatures of old contents and makes the file system, if one is wanted.
func (o New) Steps(_, after model.Disk) []Step {
	if o.Role == model.Extended {
		return nil // writing the table also writes its boot record
	}
	return remakeSteps(after, o.ID, o.Label)
}
