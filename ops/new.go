package ops

import (
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// New makes a partition in free space, with an empty file system in it or with nothing.
type New struct {
	ID   model.PartID // from Queue.NextID
	Role model.Role
	// At is the first sector and Len the length in sectors. Zeroes are filled in by Placed; a New that is
	// staged has both.
	At, Len geometry.Sector
	FS      model.FSKind   // Unformatted makes none
	Label   string         // of the file system
	Name    string         // of the partition, GPT only
	Type    model.PartType // "" derives it from FS and Role
}

// Part is the partition that is made.
func (o New) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o New) Verb() string { return "New" }

// span is where the partition will lie.
func (o New) span() geometry.Span { return geometry.SpanOf(o.At, o.Len) }

// Describe is `Create p3 (xfs, 483 MiB), label "home"`; in an MBR the role is named.
func (o New) Describe(before model.Disk) string {
	p := o.partition(before)
	role := ""
	if before.Table.Kind == model.TableMBR && o.Role != model.Extended {
		role = o.Role.String() + " "
	}
	text := "Create " + role + sized(p, before.SectorSize)
	if o.Label != "" {
		text += ", label " + safetext.Quoted(o.Label)
	}
	if o.Name != "" {
		text += ", name " + safetext.Quoted(o.Name)
	}
	if kind := before.Table.Kind; o.Type != "" && o.Type != model.DefaultType(kind, o.Role, o.FS) {
		text += ", type " + model.TypeName(kind, o.Type)
	}
	if after, err := o.added(before); err == nil {
		text += renumbered(before, after)
	}
	return text
}

// partition is the partition to be made, with the number it would have and without the details of its file system.
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

// chainNumber is the number a new logical partition at the given sector gets: its place in the chain is
// that on the disk, unless the chain is out of order already; then it goes to the end.
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

// added is the disk with the partition in it, before anything was judged.
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

// Apply is the disk with the partition in it.
func (o New) Apply(before model.Disk, env Env) (model.Disk, error) {
	what := "create a partition"
	if reason := before.ReadOnly(); !reason.OK() {
		return before, &Refusal{What: what, Reason: reason}
	}
	if _, taken := before.Partition(o.ID); taken || o.ID < 1 {
		return before, &Refusal{What: what, Reason: model.Because("its identity %d is in use", o.ID)}
	}
	for _, check := range []func(model.Disk, Env) *Refusal{o.checkRole, o.checkContents, o.checkNames, o.checkPlace} {
		if refusal := check(before, env); refusal != nil {
			refusal.What = what
			return before, refusal
		}
	}
	after, err := o.added(before)
	if err != nil {
		return before, &Refusal{What: what, Reason: model.Reason(err.Error())}
	}
	if p, _ := after.Partition(o.ID); p.Role != model.Extended {
		p.FS = newFilesystem(env, o.FS, o.Label, after.SectorSize.Bytes(o.Len), after.SectorSize)
		after = after.With(p)
	}
	if err := sound(what, after); err != nil {
		return before, err
	}
	return after, nil
}

// checkRole refuses roles the table has no room for.
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

// checkContents refuses file systems that cannot be made, and types that do not go with the role.
func (o New) checkContents(d model.Disk, env Env) *Refusal {
	if o.Role == model.Extended && (o.FS != model.Unformatted || o.Label != "") {
		return &Refusal{Reason: "an extended partition holds no file system"}
	}
	if refusal := cannotType(d, o.Role, o.partition(d).Type); refusal != nil {
		return refusal
	}
	return refusedFor(cannotMakeAny(env, o.FS, d.SectorSize))
}

func (o New) checkNames(d model.Disk, env Env) *Refusal {
	if refusal := cannotLabel(env, o.FS, o.Label); refusal != nil || o.Name == "" {
		return refusal
	}
	return cannotName(d, o.Name)
}

// occupied is why no gap for the role contains the start.
func (o New) occupied(d model.Disk) model.Reason {
	ext, ok := d.Extended()
	switch {
	case !d.Table.Usable.Contains(o.At):
		return model.Because("sector %d is outside the range for partitions, %d to %d",
			o.At, d.Table.Usable.Start, d.Table.Usable.End-1)
	case o.Role == model.Logical && ok && !ext.Span.Contains(o.At):
		return model.Because("sector %d is not inside the extended partition %s", o.At, ext.Ref())
	}
	for _, p := range d.Partitions() {
		if p.Span.Contains(o.At) && p.Role != model.Extended {
			return model.Because("%s lies at sector %d", p.Ref(), o.At)
		}
	}
	return model.Because("sector %d is inside the extended partition, where only logical partitions can be", o.At)
}

// Steps erases what is left of old contents and makes the file system, if there is to be one.
func (o New) Steps(_, after model.Disk) []Step {
	if o.Role == model.Extended {
		return nil // the table writes its boot record
	}
	p, _ := after.Partition(o.ID)
	s := stepper{step: Step{Part: o.ID, Ref: p.Ref(), FS: o.FS, Label: o.Label}}
	s.remake(p.Span)
	return s.steps
}
