package ops

import "shunt/model"

// SetType changes what the table says a partition is for. Its contents stay as they are.
type SetType struct {
	tableOnly
	ID   model.PartID
	Type model.PartType
}

// Part is the partition that gets the type.
func (o SetType) Part() model.PartID { return o.ID }

// Describe is "Change the type of p1 from Linux file system to EFI system".
func (o SetType) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	kind := before.Table.Kind
	return phrase(Verb{"change", "changing", "changed"}, "the type of %s from %s to %s%s",
		p.Ref(), model.TypeName(kind, p.Type), model.TypeName(kind, o.Type), esp(before, p, o.Type))
}

// esp warns of an EFI system partition where no firmware looks for it.
func esp(d model.Disk, p model.Partition, t model.PartType) string {
	if code, ok := model.TypeByAlias(d.Table.Kind, "esp"); ok && code == t && p.Type != t && p.Role == model.Logical {
		return " (firmware does not start from a logical partition)"
	}
	return ""
}

// retyped says that an edit changes the type of a partition on the side, as a clause to put behind it.
func retyped(d model.Disk, was model.Partition, t model.PartType) string {
	if was.Type == t {
		return ""
	}
	return "; its type becomes " + model.TypeName(d.Table.Kind, t)
}

// Apply is the disk with the type.
func (o SetType) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return edited(before, entry, o.ID, "change the type of", func(p *model.Partition) *Refusal {
		reason := cannotType(before, p.Role, o.Type)
		if reason.OK() && o.Type == p.Type {
			reason = "it has this type already"
		}
		p.Type = o.Type
		return refusedFor(reason)
	})
}

// cannotType is why a partition cannot have a type: there is no such type in this kind of table, it stands for no
// partition, or it does not go with the role.
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
