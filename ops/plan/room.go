package plan

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// room reads what follows "room".
func (l *line) room() ([]ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	const allowed = "by, to or max"
	w, err := l.next("how much room", allowed)
	if err != nil {
		return nil, err
	}
	size := geometry.Sector(0) // as much as possible
	switch w.text {
	case "max":
	case "to":
		if size, err = l.size("the size"); err != nil {
			return nil, err
		}
	case "by":
		amount := word{col: l.end}
		if len(l.words) > 0 {
			amount = l.words[0]
		}
		by, err := l.delta()
		if err != nil {
			return nil, err
		}
		if by <= 0 {
			return nil, unexpected(amount, "more room", "a size with a plus such as +1GiB")
		}
		size = p.Span.Len() + by
	default:
		return nil, unexpected(w, "a way to make room", allowed)
	}
	return l.rooms(p.ID, size)
}

// rooms are the operations that give a partition room, or for 0 that make the image small.
func (l *line) rooms(id model.PartID, size geometry.Sector) ([]ops.Operation, error) {
	if err := l.finish(); err != nil {
		return nil, err
	}
	if l.q.Env().Room == nil {
		return nil, &Error{Col: 1, Msg: "the moves that this line stands for cannot be found here: write them out"}
	}
	return l.q.Env().Room(l.q, id, size, l.align)
}
