package plan

import (
	"cmp"

	"shunt/geometry"
	"shunt/ops"
)

// image reads what follows "image".
func (l *line) image() ([]ops.Operation, error) {
	const allowed = "grow, size or min"
	w, err := l.next("what to do with the image", allowed)
	if err != nil {
		return nil, err
	}
	switch w.text {
	case "grow":
		n, err := l.size("by how much")
		return []ops.Operation{ops.ImageSize{Sectors: l.disk().Sectors + n}}, err
	case "size":
		n, err := l.size("the size")
		return []ops.Operation{ops.ImageSize{Sectors: n}}, err
	case "min":
		return l.rooms(0, 0)
	}
	return nil, unexpected(w, "something to do with the image", allowed)
}

func (w *writer) image(op ops.ImageSize) { w.add("image", "size", w.size(op.Sectors)) }

// move reads what follows "move".
func (l *line) move() (ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	const allowed = "right, left or to"
	w, err := l.next("where to", allowed)
	if err != nil {
		return nil, err
	}
	op := ops.MoveResize{ID: p.ID}
	switch w.text {
	case "right":
		op.Shift, err = l.size("how far")
	case "left":
		op.Shift, err = l.size("how far")
		op.Shift = -op.Shift
	case "to":
		var at geometry.Sector
		at, err = l.offset()
		op.Shift = at - p.Span.Start
	default:
		return nil, unexpected(w, "a direction", allowed)
	}
	if err != nil || !l.more("and") {
		return op, err
	}
	for _, word := range []string{"resize", "to"} {
		w, err := l.next("the rest of `and resize to SIZE`", word)
		if err != nil {
			return nil, err
		}
		if w.text != word {
			return nil, unexpected(w, "part of `and resize to SIZE`", word)
		}
	}
	op.Len, err = l.size("the new size")
	return op, err
}

// move writes a move, a resize, or both.
func (w *writer) move(op ops.MoveResize) {
	p, _ := w.disk.Partition(op.ID)
	to := cmp.Or(op.Len, p.Span.Len())
	switch {
	case op.Shift == 0:
		w.edit("resize", op.ID, "to", w.size(to))
		return
	case op.Shift < 0:
		w.edit("move", op.ID, "left", w.distance(-op.Shift))
	default:
		w.edit("move", op.ID, "right", w.distance(op.Shift))
	}
	if to != p.Span.Len() {
		w.add("and", "resize", "to", w.size(to))
	}
}

// resize reads what follows "resize".
func (l *line) resize() (ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	const allowed = "to, by, min or max"
	w, err := l.next("the new size", allowed)
	if err != nil {
		return nil, err
	}
	switch w.text {
	case "to":
		n, err := l.size("the new size")
		return ops.MoveResize{ID: p.ID, Len: n}, err
	case "by":
		n, err := l.delta()
		if err != nil {
			return nil, err
		}
		return ops.ResizeBy(l.disk(), p.ID, n)
	case "min":
		return ops.ShrinkToMin(l.disk(), l.q.Env(), p.ID, l.align)
	case "max":
		return ops.GrowToFill(l.disk(), l.q.Env(), p.ID, l.align)
	}
	return nil, unexpected(w, "a way to resize", allowed)
}

// grow reads what follows "grow".
func (l *line) grow() (ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	return ops.GrowToFill(l.disk(), l.q.Env(), p.ID, l.align)
}
