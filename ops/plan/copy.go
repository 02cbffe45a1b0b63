package plan

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/model"
	"shunt/ops"
)

// copy parses the words behind "copy". If another target is named at the end of the line, the first number is that of a
// partition there.
func (l *line) copy() ops.Operation {
	from, source := l.clipping()
	if l.choice("where to copy it", "a way to copy", "at", "over") == "over" {
		return ops.CopyOver{ID: l.partition().ID, From: from, Source: source}
	}
	op := ops.Copy{ID: l.q.NextID(), From: from, Source: source, At: l.offset()}
	op.Role = ops.LikelyRole(l.disk(), op.At)
	l.properties("a property of a copy", "size=, as= or from=", func(key string, value word) {
		if key == "size" {
			op.Len = l.sizeOf(value)
		} else {
			op.Role = l.role(value, "a role of a copy", model.Primary, model.Logical)
		}
	}, "size=", "as=")
	return op
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

// clipped writes the partition that is copied.
func (w *writer) clipped(id model.PartID, source *ops.Source) model.Partition {
	if source != nil {
		return source.Part
	}
	p, _ := w.disk.Partition(id)
	return p
}

// from writes the path of the other target, if there is one.
func (w *writer) from(source *ops.Source) {
	if source != nil {
		w.property("from", source.Path)
	}
}

// clipping parses the partition that is copied and removes from=PATH from the line.
func (l *line) clipping() (model.PartID, *ops.Source) {
	var path word
	var rest []word
	for _, w := range l.words {
		if text, ok := strings.CutPrefix(w.text, "from="); ok {
			l.once("from=", w)
			path = word{text: text, col: w.col}
		} else {
			rest = append(rest, w)
		}
	}
	if l.words = rest; !l.seen["from="] {
		return l.partition().ID, nil
	}
	w := l.next("the number of the partition there", "a number")
	n, err := strconv.Atoi(strings.TrimPrefix(w.text, "p"))
	if err != nil {
		l.unexpected(w, "the number of a partition there", "a number")
	}
	if l.q.Env().Sources == nil {
		l.wrong(path, "no other target can be copied from here")
	}
	if l.err != nil {
		return 0, nil
	}
	source, err := l.q.Env().Sources(path.text, n)
	if err != nil {
		l.fail(&Error{Col: path.col, Msg: fmt.Sprintf("copy from %s: %v", path.text, err), Err: err})
	}
	return source.Part.ID, &source
}
