package plan

import (
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
)

// create reads what follows "new".
func (l *line) create() (ops.Operation, error) {
	w, err := l.next("the size", "a size with a unit such as 1.5GiB, or max")
	if err != nil {
		return nil, err
	}
	op := ops.New{ID: l.q.NextID()}
	if w.text != "max" {
		if op.Len, err = l.sizeOf(w); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for len(l.words) > 0 {
		if err := l.createProperty(&op, seen); err != nil {
			return nil, err
		}
	}
	if !seen["as"] {
		op.Role = ops.LikelyRole(l.disk(), op.At)
	}
	if op.Type != "" {
		return op.Placed(l.disk(), l.q.Env(), l.align)
	}
	op, err = op.Placed(l.disk(), l.q.Env(), l.align)
	op.Type = "" // what goes with the file system is what Apply gives it
	return op, err
}

// createProperty reads "at OFFSET" or one "key=value" of a new partition.
func (l *line) createProperty(op *ops.New, seen map[string]bool) (err error) {
	if at := l.words[0]; l.more("at") {
		if err := once(seen, "at", "at", at); err != nil {
			return err
		}
		op.At, err = l.offset()
		return err
	}
	key, value, err := l.property(seen, "a property of a new partition", "at, fs=, label=, name=, type= or as=", "fs", "label", "name", "type", "as")
	if err != nil {
		return err
	}
	switch key {
	case "label":
		op.Label = value.text
	case "name":
		op.Name = value.text
	case "fs":
		op.FS, err = l.fsKind(value)
	case "type":
		op.Type, err = l.typeOf(value)
	case "as":
		op.Role, err = value.role("a role", model.Primary, model.Extended, model.Logical)
	}
	return err
}

func (w *writer) create(op ops.New) {
	w.add("new", w.size(op.Len), "at", sectors(op.At))
	if op.FS != model.Unformatted {
		w.add("fs=" + string(op.FS))
	}
	if op.Label != "" {
		w.add("label=" + safetext.Quoted(op.Label))
	}
	if op.Name != "" {
		w.add("name=" + safetext.Quoted(op.Name))
	}
	kind := w.disk.Table.Kind
	if op.Type != "" && op.Type != model.DefaultType(kind, op.Role, op.FS) {
		w.add("type=" + typeWord(kind, op.Type))
	}
	w.role(op.Role)
}

// role adds the role of a new partition where there are several.
func (w *writer) role(role model.Role) {
	if w.disk.Table.Kind == model.TableMBR {
		w.add("as=" + role.String())
	}
}
