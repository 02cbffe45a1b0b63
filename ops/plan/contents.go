package plan

import (
	"fmt"
	"slices"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
)

// format reads what follows "format".
func (l *line) format() (ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	const allowed = "fs=KIND or cleared"
	w, err := l.next("what to format it as", allowed)
	if err != nil {
		return nil, err
	}
	if w.text == "cleared" && !w.quoted {
		return ops.Format{ID: p.ID}, nil
	}
	op := ops.Format{ID: p.ID}
	kind, ok := strings.CutPrefix(w.text, "fs=")
	if !ok || kind == "none" {
		return nil, unexpected(w, "what to format it as", allowed)
	}
	if op.FS, err = l.fsKind(word{text: kind, col: w.col}); err != nil {
		return nil, err
	}
	for seen := map[string]bool{"fs": true}; len(l.words) > 0; {
		_, label, err := l.property(seen, "a property of a new file system", "label=", "fs", "label")
		if err != nil {
			return nil, err
		}
		op.Label = label.text
	}
	return op, nil
}

func (w *writer) format(op ops.Format) {
	if op.FS == model.Unformatted {
		w.edit("format", op.ID, "cleared")
		return
	}
	w.edit("format", op.ID, "fs="+string(op.FS))
	if op.Label != "" {
		w.add("label=" + safetext.Quoted(op.Label))
	}
}

// text reads the partition and text that follow "label" or "name".
func (l *line) text(what string) (model.PartID, string, error) {
	p, err := l.partition()
	if err != nil {
		return 0, "", err
	}
	w, err := l.next(what, `text in quotes, or "" for none`)
	return p.ID, w.text, err
}

// label reads what follows "label".
func (l *line) label() (ops.Operation, error) {
	id, text, err := l.text("the label")
	return ops.SetLabel{ID: id, Label: text}, err
}

// name reads what follows "name".
func (l *line) name() (ops.Operation, error) {
	id, text, err := l.text("the name")
	return ops.SetName{ID: id, Name: text}, err
}

// partType reads what follows "type".
func (l *line) partType() (ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	w, err := l.next("the type", "a word such as linux, or the code of a type")
	if err != nil {
		return nil, err
	}
	t, err := l.typeOf(w)
	return ops.SetType{ID: p.ID, Type: t}, err
}

// onOff is the state of a flag.
var onOff = map[bool]string{true: "on", false: "off"}

// flag reads what follows "flag".
func (l *line) flag() (ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	allowed := strings.Join(ops.FlagWords(l.disk().Table.Kind, p), ", ")
	w, err := l.next("the flag", allowed)
	if err != nil {
		return nil, err
	}
	op := ops.SetFlag{ID: p.ID, Flag: model.Flag(w.text)}
	if !model.IsFlag(l.disk().Table.Kind, op.Flag) {
		return nil, unexpected(w, fmt.Sprintf("a flag of %s on %s", p.Ref(), l.disk().Table.Kind), allowed)
	}
	state, err := l.next("what the flag shall be", "on or off")
	if err != nil {
		return nil, err
	}
	if op.On = state.text == onOff[true]; state.text != onOff[op.On] {
		return nil, unexpected(state, "what a flag can be", "on or off")
	}
	return op, nil
}

// newHalf says whether half of a UUID is set.
var newHalf = map[bool]string{true: "half", false: "new"}

// uuid reads what follows "uuid".
func (l *line) uuid() (ops.Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	w, err := l.next("which UUID", "new or half")
	if err != nil {
		return nil, err
	}
	op := ops.NewUUID{ID: p.ID, Half: w.text == newHalf[true]}
	if w.text != newHalf[op.Half] {
		return nil, unexpected(w, "a kind of UUID that can be set", "new or half")
	}
	return op, nil
}

// table reads what follows "table".
func (l *line) table() (ops.Operation, error) {
	w, err := l.next("what to do with the table", "new or gpt")
	switch {
	case err != nil:
		return nil, err
	case w.text == "gpt":
		return ops.ToGPT{}, nil
	case w.text != "new":
		return nil, unexpected(w, "something to do with the table", "new or gpt")
	}
	if w, err = l.next("the kind of table", "gpt or mbr"); err != nil {
		return nil, err
	}
	switch w.text {
	case "gpt":
		return ops.NewTable{Kind: model.TableGPT}, nil
	case "mbr":
		return ops.NewTable{Kind: model.TableMBR}, nil
	}
	return nil, unexpected(w, "a kind of table", "gpt or mbr")
}

// fsKind reads the name of a file system; "none" is no file system.
func (l *line) fsKind(w word) (model.FSKind, error) {
	if w.text == "none" {
		return model.Unformatted, nil
	}
	if _, known := l.q.Env().Caps[model.FSKind(w.text)]; !known || w.text == "" {
		return model.Unformatted, unexpected(w, "a file system that can be made", l.fsKinds())
	}
	return model.FSKind(w.text), nil
}

// typeOf reads a partition type.
func (l *line) typeOf(w word) (model.PartType, error) {
	kind := l.disk().Table.Kind
	t, ok := model.TypeByAlias(kind, w.text)
	if !ok {
		words := strings.Join(model.TypeAliases(kind), ", ") + " or the code of a type"
		return "", unexpected(w, fmt.Sprintf("a partition type on %s", kind), words)
	}
	return t, nil
}

// fsKinds lists the file systems that can be made on this machine.
func (l *line) fsKinds() string {
	var list []string
	for kind, c := range l.q.Env().Caps {
		if c.Create == "" && kind != model.Unformatted {
			list = append(list, string(kind))
		}
	}
	slices.Sort(list)
	return strings.Join(append(list, "none"), ", ")
}

// typeWord is what TypeByAlias reads back to t.
func typeWord(kind model.TableKind, t model.PartType) string {
	for _, word := range model.TypeAliases(kind) {
		if code, _ := model.TypeByAlias(kind, word); code == t {
			return word
		}
	}
	return string(t)
}
