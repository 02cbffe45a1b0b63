package ops

import "shunt/model"

// SetType changes the type of a partition in the table. Its contents stay as they are.
type SetType struct {
	tableOnly
	ID   model.PartID
	Type model.PartType
}

// Part returns the partition whose type changes.
func (o SetType) Part() model.PartID { return o.ID }

// Describe returns "Change the type of p1 from Linux file system to EFI system".
func (o SetType) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	kind := before.Table.Kind
	return phrase(Verb{"change", "changing", "changed"}, "the type of %s from %s to %s%s",
		p.Ref(), model.TypeName(kind, p.Type), model.TypeName(kind, o.Type), esp(before, p, o.Type))
}

// esp returns a warning if p becomes an EFI system partition where no firmware looks for one, else "".
func esp(d model.Disk, p model.Partition, t model.PartType) string {
	if code, ok := model.TypeByAlias(d.Table.Kind, "esp"); ok && code == t && p.Type != t && p.Role == model.Logical {
		return " (firmware does not start from a logical partition)"
	}
	return ""
}

// retyped returns a clause for an edit that also changes the type of a partition, or "".
func retyped(d model.Disk, was model.Partition, t model.PartType) string {
	if was.Type == t {
		return ""
	}
	return "; its type becomes " + model.TypeName(d.Table.Kind, t)
}

// Apply returns the disk with the new type.
func (o SetType) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return edited(before, fitting, o.ID, "change the type of", func(p *model.Partition) *Refusal {
		reason := cannotType(before, p.Role, o.Type)
		if reason.OK() && o.Type == p.Type {
			reason = "it has this type already"
		}
		p.Type = o.Type
		return refusedFor(reason)
	})
}

// cannotType returns the reason why a partition cannot have the type, or "". The type may not exist in this kind of
// table, may not be for partitions, or may not suit the role.
func cannotType(d model.Disk, role model.Role, t model.PartType) model.Reason {
	kind := d.Table.Kind
	switch code, ok := model.TypeByAlias(kind, string(t)); {
	case model.NoPartition(t):
		return model.Because("type %s does not stand for a partition", t)
	case (role == model.Extended) != (kind == model.TableMBR && model.IsExtendedType(t)):
		return model.Because("type %s does not go with the role %s", t, role)
	case !ok || code != t:
		return model.Because("type %s does not exist in this kind of table", t)
	}
	return ""
}
