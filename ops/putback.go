package ops

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// PutBack makes a partition in free space around contents that lie there already. It writes nothing but the table.
type PutBack struct {
	tableOnly
	ID      model.PartID // from Queue.NextID
	Role    model.Role
	At, Len geometry.Sector // in sectors
	Name    string          // of the partition, GPT only
	Type    model.PartType  // "" derives it from Held and Role
	UUID    string          // PARTUUID, GPT only; "" makes a new one
	// Held is what lies there, from Env.Contents.
	Held model.Filesystem
}

// Part returns the partition that is made.
func (o PutBack) Part() model.PartID { return o.ID }

// made returns the operation that makes an empty partition there.
func (o PutBack) made(d model.Disk) New {
	t := cmp.Or(o.Type, model.DefaultType(d.Table.Kind, o.Role, o.Held.Kind))
	return New{ID: o.ID, Role: o.Role, At: o.At, Len: o.Len, Name: o.Name, Type: t}
}

// Describe returns `Put back p3 (ext4, 483 MiB) at 1.00 GiB, label "home"`.
func (o PutBack) Describe(before model.Disk) Phrase {
	p := o.made(before).partition(before)
	p.FS = o.Held
	words := phrase(Verb{"put", "putting", "put"}, "back %s at %s", sized(p, before.SectorSize),
		geometry.FormatBytes(before.SectorSize.Bytes(o.At)))
	if o.Held.Label != "" {
		words = words.with(", label ", safetext.Quoted(safetext.Printable(o.Held.Label)))
	}
	if o.Name != "" {
		words = words.with(", name ", safetext.Quoted(o.Name))
	}
	if after, err := o.made(before).added(before); err == nil {
		words = words.with(renumbered(before, after))
	}
	return words
}

// Apply returns the disk with the partition and what it holds.
func (o PutBack) Apply(before model.Disk, env Env) (model.Disk, error) {
	const what = "put a partition back"
	if r := readOnly(before); r != nil {
		return refused(before, what, r)
	}
	if o.UUID != "" {
		if reason := cannotIdentify(before, o.UUID); !reason.OK() {
			return before, &Refusal{What: what, Reason: reason}
		}
	}
	after, err := o.made(before).Apply(before, env)
	if r, ok := err.(*Refusal); ok { //nolint:errorlint // Apply returns it as it is
		return refused(before, what, &Refusal{Reason: r.Reason, Nearest: r.Nearest, Bounds: r.Bounds})
	}
	if err != nil {
		return before, err
	}
	p, _ := after.Partition(o.ID)
	p.FS, p.UUID = o.Held, o.UUID
	if over := after.Overhang(p); !over.Empty() {
		return refused(before, what, refusedFor(model.Because("the %s there is longer", contents(p))).near(
			"make it "+AtLeast(after.Reach(p).Len(), before.SectorSize)+" or more", Bound{Length, after.Reach(p).Len()}))
	}
	return after.With(p), nil
}

// cannotIdentify returns the reason why a new partition cannot have this PARTUUID, or "".
func cannotIdentify(d model.Disk, id string) model.Reason {
	if d.Table.Kind != model.TableGPT {
		return "only a GPT stores PARTUUIDs"
	}
	for p := range d.Each() {
		if p.UUID == id {
			return model.Because("%s has the PARTUUID %s", p.Ref(), id)
		}
	}
	return ""
}

// adopted returns the places where op, applied to before, makes partitions of what lies there.
func adopted(before model.Disk, op Operation) (list []geometry.Span) {
	switch o := op.(type) {
	case PutBack:
		list = append(list, geometry.SpanOf(o.At, o.Len))
	case Restore:
		for _, p := range o.Table.Parts {
			if _, known := holderOf(kept(before), p); !known && p.Role != model.Extended {
				list = append(list, p.Span)
			}
		}
	}
	return list
}

// overwritten returns a *Refusal if one of the first n operations writes where op expects what lay there at the beginning,
// or moves that away: nothing of it need be left at its old place.
func (q Queue) overwritten(n int, op Operation) error {
	for _, span := range adopted(q.Before(n), op) {
		for i := range n {
			what, did := "put a partition back", ""
			if q.Before(i+1).Sectors < span.End && q.initial.Sectors >= span.End {
				did = "writes there"
			}
			for _, s := range q.steps(i) {
				switch {
				case s.Kind == StepRemap && s.From.Overlaps(span):
					did = "moves away what lies there"
				case s.Kind != StepWipeDisk && (s.Window.Overlaps(span) || s.To.Overlaps(span)):
					did = cmp.Or(did, "writes there")
				}
			}
			if did == "" {
				continue
			}
			first := "put it back first"
			if _, ok := op.(Restore); ok {
				what, first = restoring, "restore it first"
			}
			return &Refusal{
				What: what, Reason: model.Because("operation %d of this plan %s", i+1, did),
				Nearest: first + ", or in a plan of its own",
			}
		}
	}
	return nil
}

// sparing returns the steps with those that erase signatures of the whole disk cut to what no partition is put back in. If
// nothing covers the disk, there are no such signatures, and what else is lost there stays as it is.
func (q Queue) sparing(steps []Step) (list []Step) {
	var back []geometry.Span
	for i, op := range q.ops {
		back = append(back, adopted(q.Before(i), op)...)
	}
	for _, s := range steps {
		if s.Kind != StepWipeDisk || len(back) == 0 {
			list = append(list, s)
			continue
		}
		if !q.initial.Whole.Known() {
			continue
		}
		for _, gap := range geometry.Gaps(s.Window, back) {
			s.Window = gap
			list = append(list, s)
		}
	}
	return list
}
