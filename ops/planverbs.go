package ops

import (
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// image reads what follows "image".
func (l *planLine) image() (Operation, error) {
	w, err := l.next("what to do with the image", "grow, size or min")
	if err != nil {
		return nil, err
	}
	switch w.text {
	case "grow":
		n, err := l.size("by how much")
		return ImageSize{Sectors: l.disk().Sectors + n}, err
	case "size":
		n, err := l.size("the size")
		return ImageSize{Sectors: n}, err
	}
	return nil, unexpected(w, "something to do with the image", "grow, size or min")
}

// move reads what follows "move".
func (l *planLine) move() (Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	const allowed = "right, left or to"
	w, err := l.next("where to", allowed)
	if err != nil {
		return nil, err
	}
	op := MoveResize{ID: p.ID}
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

// resize reads what follows "resize".
func (l *planLine) resize() (Operation, error) {
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
		return MoveResize{ID: p.ID, Len: n}, err
	case "by":
		n, err := l.delta()
		if err == nil && p.Span.Len()+n < 1 {
			err = &Refusal{
				What:   fmt.Sprintf("shrink %s by %s", p.Ref(), amount(l.disk().SectorSize.Bytes(-n))),
				Reason: model.Because("it is only %s long", geometry.FormatBytes(l.disk().SectorSize.Bytes(p.Span.Len()))),
			}
		}
		return MoveResize{ID: p.ID, Len: p.Span.Len() + n}, err
	case "min":
		return ShrinkToMin(l.disk(), l.q.Env(), p.ID, l.align)
	case "max":
		return GrowToFill(l.disk(), l.q.Env(), p.ID, l.align)
	}
	return nil, unexpected(w, "a way to resize", allowed)
}

// grow reads what follows "grow".
func (l *planLine) grow() (Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	return GrowToFill(l.disk(), l.q.Env(), p.ID, l.align)
}

// newPartition reads what follows "new".
func (l *planLine) newPartition() (Operation, error) {
	w, err := l.next("the size", "a size with a unit such as 1.5GiB, or max")
	if err != nil {
		return nil, err
	}
	op := New{ID: l.q.NextID()}
	if w.text != "max" {
		if op.Len, err = l.sizeOf(w); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for len(l.words) > 0 {
		if err := l.property(&op, seen); err != nil {
			return nil, err
		}
	}
	if !seen["as"] {
		op.Role = l.likelyRole(op.At)
	}
	if op.Type != "" {
		return op.Placed(l.disk(), l.q.Env(), l.align)
	}
	op, err = op.Placed(l.disk(), l.q.Env(), l.align)
	op.Type = "" // what goes with the file system is what Apply gives it
	return op, err
}

// property reads "at OFFSET" or one "key=value" of a new partition.
func (l *planLine) property(op *New, seen map[string]bool) (err error) {
	const allowed = "at, fs=, label=, name=, type= or as="
	if !seen["at"] && l.more("at") {
		seen["at"] = true
		op.At, err = l.offset()
		return err
	}
	w, err := l.next("a property", allowed)
	if err != nil {
		return err
	}
	key, value, ok := strings.Cut(w.text, "=")
	if !ok || !slices.Contains([]string{"fs", "label", "name", "type", "as"}, key) {
		return unexpected(w, "a property of a new partition", allowed)
	}
	if seen[key] {
		return &PlanError{Col: w.col, Msg: fmt.Sprintf("%s= is given twice: leave one", key)}
	}
	seen[key] = true
	switch key {
	case "label":
		op.Label = value
	case "name":
		op.Name = value
	case "fs":
		op.FS, err = l.fsKind(planWord{text: value, col: w.col})
		return err
	case "type":
		op.Type, err = l.typeOf(planWord{text: value, col: w.col})
		return err
	case "as":
		i := slices.Index([]string{"primary", "extended", "logical"}, value)
		if i < 0 {
			return unexpected(planWord{text: value, col: w.col}, "a role", "primary, extended or logical")
		}
		op.Role = []model.Role{model.Primary, model.Extended, model.Logical}[i]
	}
	return nil
}

// fsKind reads the name of a file system; "none" is no file system.
func (l *planLine) fsKind(w planWord) (model.FSKind, error) {
	if w.text == "none" {
		return model.Unformatted, nil
	}
	if _, known := l.q.Env().Caps[model.FSKind(w.text)]; !known || w.text == "" {
		return model.Unformatted, unexpected(w, "a file system that can be made", l.fsKinds())
	}
	return model.FSKind(w.text), nil
}

// typeOf reads a partition type.
func (l *planLine) typeOf(w planWord) (model.PartType, error) {
	kind := l.disk().Table.Kind
	t, ok := model.TypeByAlias(kind, w.text)
	if !ok {
		words := strings.Join(model.TypeAliases(kind), ", ") + " or the code of a type"
		return "", unexpected(w, fmt.Sprintf("a partition type on %s", kind), words)
	}
	return t, nil
}

// fsKinds lists the file systems that can be made on this machine.
func (l *planLine) fsKinds() string {
	var list []string
	for kind, c := range l.q.Env().Caps {
		if c.Create.OK() && kind != model.Unformatted {
			list = append(list, string(kind))
		}
	}
	slices.Sort(list)
	return strings.Join(append(list, "none"), ", ")
}

// likelyRole is the role of a new partition that the line leaves open: logical if the position is inside
// the extended partition, or if nothing else is possible.
func (l *planLine) likelyRole(at geometry.Sector) model.Role {
	ext, ok := l.disk().Extended()
	_, hasSlot := freeSlot(l.disk())
	if ok && (ext.Span.Contains(at) || (at == 0 && !hasSlot)) {
		return model.Logical
	}
	return model.Primary
}
