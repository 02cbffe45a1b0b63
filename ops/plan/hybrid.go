package plan

import (
	"shunt/model"
	"shunt/ops"
)

// hybrid parses the words behind "table hybrid".
func (l *line) hybrid() ops.Operation {
	if l.more("none") {
		return ops.Hybrid{}
	}
	var op ops.Hybrid
	ids := []model.PartID{l.partition().ID}
	for l.at("p0123456789") && len(ids) < len(op.IDs) {
		ids = append(ids, l.partition().ID)
	}
	const what, allowed = "a property of a hybrid MBR", "active=P or ee=last"
	l.properties(what, allowed, func(key string, value word) {
		if key == "ee" {
			if op.Last = value.text == "last"; !op.Last && value.text != "first" {
				l.unexpected(value, "a place for the protective entry", "first or last")
			}
			return
		}
		l.words = append([]word{value}, l.words...)
		op.Active = l.partition().ID
	}, "active=", "ee=")
	return ops.NewHybrid(ids, op.Active, op.Last)
}

func (w *writer) hybrid(op ops.Hybrid) {
	w.add("table", "hybrid")
	if len(op.Parts()) == 0 {
		w.add("none")
		return
	}
	for _, id := range op.Parts() {
		w.add(w.number(id))
	}
	if op.Active != 0 {
		w.add("active=" + w.number(op.Active))
	}
	if op.Last {
		w.add("ee=last")
	}
}
