package plan

import (
	"cmp"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// image parses the words behind "image".
func (l *line) image() []ops.Operation {
	now := l.disk().Sectors
	how := "size"
	if !l.atSize() {
		how = l.choice("what to do with the image", "something to do with the image", "grow", "size", "to", "by", "min",
			"repair", "drop-bitmaps", "sparsify", "snapshot", "flatten", "rebase", "commit")
	}
	switch how {
	case "repair":
		return []ops.Operation{ops.RepairImage{}}
	case "sparsify":
		return []ops.Operation{ops.Sparsify{}}
	case "drop-bitmaps":
		return []ops.Operation{ops.DropBitmaps{}}
	case "snapshot":
		return []ops.Operation{l.snapshot()}
	case "flatten":
		return []ops.Operation{ops.Flatten{}}
	case "rebase":
		return []ops.Operation{l.rebase()}
	case "commit":
		return []ops.Operation{l.commit()}
	case "min":
		return l.rooms(0, 0)
	}
	op := ops.ImageSize{}
	switch {
	case how == "by":
		op.Sectors = now + l.change()
	case how == "grow" && !l.at("+"): // the verb says that it is a difference
		op.Sectors = now + l.size("by how much")
	default:
		op.Sectors = l.newSize("the size", now)
	}
	const words = "prealloc=metadata, prealloc=falloc or prealloc=off"
	l.properties("a property of an image size", words, func(_ string, value word) {
		for _, p := range preallocs {
			l.canComplete(value, string(p))
		}
		op.Prealloc = model.Prealloc(value.text)
		if !slices.Contains(preallocs, op.Prealloc) {
			l.unexpected(value, "a kind of preallocation", words)
		}
	}, "prealloc=")
	return []ops.Operation{op}
}

// preallocs are the kinds of preallocation that can be asked for.
var preallocs = []model.Prealloc{model.PreallocMetadata, model.PreallocFalloc, model.PreallocOff}

// room parses the words behind "room".
func (l *line) room() []ops.Operation {
	p := l.partition()
	size := geometry.Sector(0) // as much as possible
	how := "to"
	if !l.atSize() {
		how = l.choice("how much room", "a way to make room", "by", "to", "max")
	}
	if how == "max" {
		return l.rooms(p.ID, size)
	}
	words, signed := l.words, how == "by" || l.at("+-")
	if signed {
		size = p.Span.Len() + l.change()
	} else {
		size = l.size("the size")
	}
	if signed && l.err == nil && size <= p.Span.Len() {
		l.unexpected(words[0], "more room", "a size with a plus such as +1GiB")
	}
	return l.rooms(p.ID, size)
}

// rooms returns the operations that make room for a partition, or that make the image small for partition 0.
func (l *line) rooms(id model.PartID, size geometry.Sector) []ops.Operation {
	if l.finish() != nil {
		return nil
	}
	if l.offer != nil {
		return nil // the moves take time, and nobody asks for them
	}
	if l.q.Env().Room == nil {
		l.wrong(word{col: 1}, "the moves that this line stands for cannot be found here: write them out")
		return nil
	}
	list, err := l.q.Env().Room(l.q, id, size, l.align)
	l.fail(err)
	return list
}

// move parses the words behind "move".
func (l *line) move() ops.Operation {
	p := l.partition()
	op := ops.MoveResize{ID: p.ID}
	switch l.choice("where to", "a direction", "right", "left", "to") {
	case "right":
		op.Shift = l.distance()
	case "left":
		op.Shift = -l.distance()
	case "to":
		op.Shift = l.offset() - p.Span.Start
	}
	if l.more("and") {
		for _, word := range []string{"resize", "to"} {
			l.choice("the rest of `and resize to SIZE`", "part of `and resize to SIZE`", word)
		}
		op.Len = l.newSize("the new size", p.Span.Len())
	}
	return op
}

// distance parses how far to move. A plus changes nothing.
func (l *line) distance() geometry.Sector {
	if l.at("+") {
		return l.change()
	}
	return l.size("how far")
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

// fill writes the edit that makes a file system fill its partition. "resize" with the present size means nothing else.
func (w *writer) fill(op ops.Fill) {
	if op.ID == 0 {
		w.add("grow", "0")
		return
	}
	p, _ := w.disk.Partition(op.ID)
	w.edit("resize", op.ID, "to", w.size(p.Span.Len()))
}

// resize parses the words behind "resize". Partition 0 is the image together with the file system that covers it.
func (l *line) resize() []ops.Operation {
	id := l.contents()
	d, env := l.disk(), l.q.Env()
	p, _ := d.Partition(id)
	var op ops.Operation
	var err error
	how := "to"
	if !l.atSize() {
		how = l.choice("the new size", "a way to resize", "to", "by", "min", "max")
	}
	switch {
	case how == "max":
		op, err = l.filled(id)
	case how == "min" && id == 0:
		op, err = ops.ShrinkWhole(d, env, l.align)
	case how == "min":
		op, err = ops.ShrinkToMin(d, env, id, l.align)
	case how == "to" && id == 0:
		return ops.ResizeWhole(d, l.newSize("the new size", d.Sectors))
	case how == "to":
		op = ops.ResizeTo(d, env, p.ID, l.newSize("the new size", p.Span.Len()))
	case id == 0:
		return ops.ResizeWhole(d, d.Sectors+l.change())
	default:
		op, err = ops.ResizeBy(d, id, l.change())
	}
	l.fail(err)
	if how != "max" && how != "min" && l.more("entry-only") {
		return l.entryOnly(p.ID, op)
	}
	return []ops.Operation{op}
}

// entryOnly returns the operation that changes only the entry of a partition, to the length that op gives it.
func (l *line) entryOnly(id model.PartID, op ops.Operation) []ops.Operation {
	p, _ := l.disk().Partition(id)
	n := p.Span.Len()
	if resize, ok := op.(ops.MoveResize); ok && resize.Len != 0 {
		n = resize.Len
	}
	return []ops.Operation{ops.ResizeEntry{ID: id, Len: n}}
}

// filled returns the operation that makes a partition, or the file system that covers the disk, as long as it can be.
func (l *line) filled(id model.PartID) (ops.Operation, error) {
	if id == 0 {
		return ops.Fill{}, nil
	}
	return ops.GrowToFill(l.disk(), l.q.Env(), id, l.align)
}

// grow parses the words behind "grow".
func (l *line) grow() ops.Operation {
	op, err := l.filled(l.contents())
	l.fail(err)
	return op
}
