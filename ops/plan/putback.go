package plan

import (
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// putBack returns the operation for "new" with the word "keep": a partition around what lies there already. made has the other
// properties of the line, and id is the PARTUUID or "".
func (l *line) putBack(made ops.New, id string) ops.Operation {
	at := word{col: 1}
	switch {
	case !l.seen["keep"]:
		l.wrong(at, "partuuid= goes with keep only: other new partitions get a new one")
	case l.seen["fs="] || l.seen["label="]:
		l.wrong(at, "keep leaves what lies there as it is: leave out fs= and label=")
	case made.At == 0 || made.Len == 0:
		l.wrong(at, "keep needs the exact place: give a size and, behind at, an offset")
	case made.Role == model.Extended:
		l.wrong(at, "an extended partition has no contents to keep: leave out keep")
	case l.q.Env().Contents == nil:
		l.wrong(at, "what lies there cannot be read here")
	}
	if l.err != nil {
		return nil
	}
	return ops.PutBack{
		ID: made.ID, Role: made.Role, At: made.At, Len: made.Len, Name: made.Name, Type: made.Type, UUID: id,
		Held: l.q.Env().Contents(geometry.SpanOf(made.At, made.Len)),
	}
}

// partUUID parses a PARTUUID.
func (l *line) partUUID(w word) string {
	id, err := uuid.Parse(w.text)
	if err != nil || id == uuid.Nil || len(w.text) != len(id.String()) {
		l.unexpected(w, "a PARTUUID", "one such as 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")
	}
	return strings.ToLower(id.String())
}

func (w *writer) putBack(op ops.PutBack) {
	w.add("new", w.size(op.Len), "at", sectors(op.At), "keep")
	w.property("name", op.Name)
	kind := w.disk.Table.Kind
	if op.Type != "" && op.Type != model.DefaultType(kind, op.Role, op.Held.Kind) {
		w.add("type=" + typeWord(kind, op.Type))
	}
	if op.UUID != "" {
		w.add("partuuid=" + op.UUID)
	}
	w.role(op.Role)
}
