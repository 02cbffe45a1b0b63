package plan

import (
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
)

// verb is what a line can begin with.
type verb struct {
	word        string
	least, most int // words of the line
	read        func(l *line) ([]ops.Operation, error)
}

// verbs are all of them, in the order in which people are told them. What they read, written writes.
var verbs = []verb{
	{"image", 2, 3, (*line).image},
	{"move", 4, 8, one((*line).move)},
	{"resize", 3, 4, one((*line).resize)},
	{"grow", 2, 2, one((*line).grow)},
	{"room", 3, 4, (*line).room},
	{"new", 2, 9, one((*line).create)},
	{"delete", 2, 2, one(func(l *line) (ops.Operation, error) {
		p, err := l.partition()
		return ops.Delete{ID: p.ID}, err
	})},
	{"check", 2, 2, one(func(l *line) (ops.Operation, error) {
		p, err := l.partition()
		return ops.Check{ID: p.ID}, err
	})},
	{"copy", 4, 7, one((*line).copy)},
	{"format", 3, 4, one((*line).format)},
	{"label", 3, 3, one((*line).label)},
	{"name", 3, 3, one((*line).name)},
	{"type", 3, 3, one((*line).partType)},
	{"flag", 4, 4, one((*line).flag)},
	{"uuid", 3, 3, one((*line).uuid)},
	{"table", 2, 3, one((*line).table)},
}

// one makes a list of the operation that a line stands for.
func one(read func(l *line) (ops.Operation, error)) func(l *line) ([]ops.Operation, error) {
	return func(l *line) ([]ops.Operation, error) {
		op, err := read(l)
		return []ops.Operation{op}, err
	}
}

// verbOf finds the verb that a line begins with.
func verbOf(first word) (verb, bool) {
	for _, v := range verbs {
		if v.word == first.text {
			return v, true
		}
	}
	return verb{}, false
}

// operations reads everything behind the first word.
func (l *line) operations(first word) ([]ops.Operation, error) {
	if v, ok := verbOf(first); ok {
		return v.read(l)
	}
	words := make([]string, len(verbs))
	for i, v := range verbs {
		words[i] = v.word
	}
	return nil, unexpected(first, "an operation", either(words))
}

// written is an operation as one line, to be read on the disk it is applied to.
func written(op ops.Operation, d model.Disk) string {
	out := writer{disk: d}
	switch op := op.(type) {
	case ops.ImageSize:
		out.image(op)
	case ops.MoveResize:
		out.move(op)
	case ops.New:
		out.create(op)
	case ops.Delete:
		out.edit("delete", op.ID)
	case ops.Check:
		out.edit("check", op.ID)
	case ops.Copy:
		out.copy(op)
	case ops.CopyOver:
		out.copyOver(op)
	case ops.Format:
		out.format(op)
	case ops.SetLabel:
		out.edit("label", op.ID, safetext.Quoted(op.Label))
	case ops.SetName:
		out.edit("name", op.ID, safetext.Quoted(op.Name))
	case ops.SetType:
		out.edit("type", op.ID, typeWord(d.Table.Kind, op.Type))
	case ops.SetFlag:
		out.edit("flag", op.ID, string(op.Flag), onOff[op.On])
	case ops.NewUUID:
		out.edit("uuid", op.ID, newHalf[op.Half])
	case ops.NewTable:
		out.add("table", "new", strings.ToLower(op.Kind.String()))
	case ops.ToGPT:
		out.add("table", "gpt")
	}
	return strings.Join(out.words, " ")
}
