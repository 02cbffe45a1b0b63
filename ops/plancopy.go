package ops

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shunt/model"
)

// copy reads what follows "copy". The other target is named at the end of the line, and the partition at its
// start is one of that.
func (l *planLine) copy() (Operation, error) {
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
		return CopyOver{ID: p.ID, From: from, Source: source}, err
	case "at":
	default:
		return nil, unexpected(w, "a way to copy", allowed)
	}
	op := Copy{ID: l.q.NextID(), From: from, Source: source}
	if op.At, err = l.offset(); err != nil {
		return nil, err
	}
	op.Role = l.likelyRole(op.At)
	for len(l.words) > 0 {
		if err := l.copyProperty(&op); err != nil {
			return nil, err
		}
	}
	return op, nil
}

func (l *planLine) copyProperty(op *Copy) (err error) {
	const allowed = "size=, as= or from="
	w, err := l.next("a property", allowed)
	if err != nil {
		return err
	}
	key, value, _ := strings.Cut(w.text, "=")
	switch key {
	case "size":
		op.Len, err = l.sizeOf(planWord{text: value, col: w.col})
		return err
	case "as":
		i := slices.Index([]string{"primary", "logical"}, value)
		if i < 0 {
			return unexpected(planWord{text: value, col: w.col}, "a role of a copy", "primary or logical")
		}
		op.Role = []model.Role{model.Primary, model.Logical}[i]
		return nil
	}
	return unexpected(w, "a property of a copy", allowed)
}

// clipping reads the partition to be copied and takes from=PATH off the end of the line.
func (l *planLine) clipping() (model.PartID, *Source, error) {
	at := slices.IndexFunc(l.words, func(w planWord) bool { return strings.HasPrefix(w.text, "from=") })
	if at < 0 {
		p, err := l.partition()
		return p.ID, nil, err
	}
	path, col := strings.TrimPrefix(l.words[at].text, "from="), l.words[at].col
	l.words = slices.Delete(slices.Clone(l.words), at, at+1)
	w, err := l.next("the number of the partition there", "a number")
	if err != nil {
		return 0, nil, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(w.text, "p"))
	if err != nil {
		return 0, nil, unexpected(w, "the number of a partition there", "a number")
	}
	if l.q.Env().Sources == nil {
		return 0, nil, &PlanError{Col: col, Msg: "no other target can be copied from here"}
	}
	source, err := l.q.Env().Sources(path, n)
	if err != nil {
		return 0, nil, &PlanError{Col: col, Msg: fmt.Sprintf("copy from %s: %v", path, err), Err: err}
	}
	return source.Part.ID, &source, nil
}
