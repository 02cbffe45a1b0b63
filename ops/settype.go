package ops

import (
	"fmt"

	"shunt/model"
)

// SetType changes what the table says a partition is for. Its contents stay as they are.
type SetType struct {
	ID   model.PartID
	Type model.PartType
}

// Part is the partition that gets the type.
func (o SetType) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o SetType) Verb() string { return "Type" }

// Describe is "Change the type of p1 from Linux file system to EFI system".
func (o SetType) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	kind := before.Table.Kind
	text := fmt.Sprintf("Change the type of %s from %s to %s", p.Ref(), model.TypeName(kind, p.Type), model.TypeName(kind, o.Type))
	return text + esp(before, p, o.Type)
}

// esp warns of an EFI system partition where no firmware looks for it.
func esp(d model.Disk, p model.Partition, t model.PartType) string {
	if code, ok := model.TypeByAlias(d.Table.Kind, "esp"); ok && code == t && p.Type != t && p.Role == model.Logical {
		return " (firmware does not start from a logical partition)"
	}
	return ""
}

// Apply is the disk with the type.
func (o SetType) Apply(before model.Disk, _ Env) (model.Disk, error) {
	p, err := entry(before, o.ID, "change the type of")
	if err != nil {
		return before, err
	}
	what := "change the type of " + p.Ref()
	if refusal := cannotType(before, p.Role, o.Type); refusal != nil {
		refusal.What = what
		return before, refusal
	}
	if o.Type == p.Type {
		return before, &Refusal{What: what, Reason: "it has this type already"}
	}
	p.Type = o.Type
	return before.With(p), nil
}

// cannotType refuses types that do not exist in this kind of table, that stand for no partition, or that do
// not go with the role.
func cannotType(d model.Disk, role model.Role, t model.PartType) *Refusal {
	kind := d.Table.Kind
	switch code, ok := model.TypeByAlias(kind, string(t)); {
	case model.NoPartition(t):
		return &Refusal{Reason: model.Because("type %s does not stand for a partition", t)}
	case (role == model.Extended) != (kind == model.TableMBR && model.IsExtendedType(t)):
		return &Refusal{Reason: model.Because("type %s does not go with the role %s", t, role)}
	case !ok || code != t:
		return &Refusal{Reason: model.Because("type %s does not exist in this kind of table", t)}
	}
	return nil
}

// Steps are none: only the table changes.
func (o SetType) Steps(_, _ model.Disk) []Step { return nil }
