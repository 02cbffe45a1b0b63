package plan

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
)

// copy reads what follows "copy". The other target is named at the end of the line, and the partition at its
// start is one of that.
func (l *line) copy() (ops.Operation, error) {
	from, source, err := l.clipping()
	if err != nil {
		return nil, err
	}
	const allowed = "at or over"
	w, err := l.next("where to copy it", allowed)
	if err != nil {
		return nil, err
	}
	switch w.text {
	case "over":
		p, err := l.partition()
		return ops.CopyOver{ID: p.ID, From: from, Source: source}, err
	case "at":
	default:
		return nil, unexpected(w, "a way to copy", allowed)
	}
	op := ops.Copy{ID: l.q.NextID(), From: from, Source: source}
	if op.At, err = l.offset(); err != nil {
		return nil, err
	}
	op.Role = ops.LikelyRole(l.disk(), op.At)
	seen := map[string]bool{}
	for len(l.words) > 0 {
		key, value, err := l.property(seen, "a property of a copy", "size=, as= or from=", "size", "as")
		switch {
		case err != nil:
		case key == "size":
			op.Len, err = l.sizeOf(value)
		case key == "as":
			op.Role, err = value.role("a role of a copy", model.Primary, model.Logical)
		}
		if err != nil {
			return nil, err
		}
	}
	return op, nil
}

func (w *writer) copy(op ops.Copy) {
	p := w.clipped(op.From, op.Source)
	w.add("copy", strconv.Itoa(p.Number), "at", sectors(op.At))
	if op.Len != 0 && op.Len != p.Span.Len() {
		w.add("size=" + w.size(op.Len))
	}
	w.role(op.Role)
	w.from(op.Source)
}

func (w *writer) copyOver(op ops.CopyOver) {
	w.add("copy", strconv.Itoa(w.clipped(op.From, op.Source).Number), "over", w.number(op.ID))
	w.from(op.Source)
}

// clipped is the partition that is copied.
func (w *writer) clipped(id model.PartID, source *ops.Source) model.Partition {
	if source != nil {
		return source.Part
	}
	p, _ := w.disk.Partition(id)
	return p
}

// from adds the other target, if there is one.
func (w *writer) from(source *ops.Source) {
	if source != nil {
		w.add("from=" + safetext.Quoted(source.Path))
	}
}

// clipping reads the partition to be copied and takes from=PATH out of the line.
func (l *line) clipping() (model.PartID, *ops.Source, error) {
	seen := map[string]bool{}
	var path word
	var rest []word
	for _, w := range l.words {
		text, ok := strings.CutPrefix(w.text, "from=")
		if !ok {
			rest = append(rest, w)
			continue
		}
		if err := once(seen, "from", "from=", w); err != nil {
			return 0, nil, err
		}
		path = word{text: text, col: w.col}
	}
	if l.words = rest; !seen["from"] {
		p, err := l.partition()
		return p.ID, nil, err
	}
	w, err := l.next("the number of the partition there", "a number")
	if err != nil {
		return 0, nil, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(w.text, "p"))
	if err != nil {
		return 0, nil, unexpected(w, "the number of a partition there", "a number")
	}
	if l.q.Env().Sources == nil {
		return 0, nil, &Error{Col: path.col, Msg: "no other target can be copied from here"}
	}
	source, err := l.q.Env().Sources(path.text, n)
	if err != nil {
		return 0, nil, &Error{Col: path.col, Msg: fmt.Sprintf("copy from %s: %v", path.text, err), Err: err}
	}
	return source.Part.ID, &source, nil
}
