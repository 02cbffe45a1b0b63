package ops

import (
	"fmt"
	"strings"

	"shunt/model"
)

// format reads what follows "format".
func (l *planLine) format() (Operation, error) {
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
		return Format{ID: p.ID}, nil
	}
	op := Format{ID: p.ID}
	kind, ok := strings.CutPrefix(w.text, "fs=")
	if !ok || kind == "none" {
		return nil, unexpected(w, "what to format it as", allowed)
	}
	if op.FS, err = l.fsKind(planWord{text: kind, col: w.col}); err != nil || len(l.words) == 0 {
		return op, err
	}
	if op.Label, ok = strings.CutPrefix(l.words[0].text, "label="); !ok {
		return nil, unexpected(l.words[0], "a property of a new file system", "label=")
	}
	l.words = l.words[1:]
	return op, nil
}

// text reads the partition and text that follow "label" or "name".
func (l *planLine) text(what string) (model.PartID, string, error) {
	p, err := l.partition()
	if err != nil {
		return 0, "", err
	}
	w, err := l.next(what, `text in quotes, or "" for none`)
	return p.ID, w.text, err
}

// label reads what follows "label".
func (l *planLine) label() (Operation, error) {
	id, text, err := l.text("the label")
	return SetLabel{ID: id, Label: text}, err
}

// name reads what follows "name".
func (l *planLine) name() (Operation, error) {
	id, text, err := l.text("the name")
	return SetName{ID: id, Name: text}, err
}

// partType reads what follows "type".
func (l *planLine) partType() (Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	w, err := l.next("the type", "a word such as linux, or the code of a type")
	if err != nil {
		return nil, err
	}
	t, err := l.typeOf(w)
	return SetType{ID: p.ID, Type: t}, err
}

// flag reads what follows "flag".
func (l *planLine) flag() (Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	allowed := strings.Join(flagWords(l.disk().Table.Kind, p), ", ")
	w, err := l.next("the flag", allowed)
	if err != nil {
		return nil, err
	}
	op := SetFlag{ID: p.ID, Flag: model.Flag(w.text)}
	if !model.IsFlag(l.disk().Table.Kind, op.Flag) {
		return nil, unexpected(w, fmt.Sprintf("a flag of %s on %s", p.Ref(), l.disk().Table.Kind), allowed)
	}
	state, err := l.next("what the flag shall be", "on or off")
	if err != nil {
		return nil, err
	}
	if state.text != "on" && state.text != "off" {
		return nil, unexpected(state, "what a flag can be", "on or off")
	}
	op.On = state.text == "on"
	return op, nil
}

// uuid reads what follows "uuid".
func (l *planLine) uuid() (Operation, error) {
	p, err := l.partition()
	if err != nil {
		return nil, err
	}
	w, err := l.next("which UUID", "new or half")
	if err != nil {
		return nil, err
	}
	if w.text != "new" && w.text != "half" {
		return nil, unexpected(w, "a kind of UUID that can be set", "new or half")
	}
	return NewUUID{ID: p.ID, Half: w.text == "half"}, nil
}

// table reads what follows "table".
func (l *planLine) table() (Operation, error) {
	w, err := l.next("what to do with the table", "new or gpt")
	switch {
	case err != nil:
		return nil, err
	case w.text == "gpt":
		return ToGPT{}, nil
	case w.text != "new":
		return nil, unexpected(w, "something to do with the table", "new or gpt")
	}
	if w, err = l.next("the kind of table", "gpt or mbr"); err != nil {
		return nil, err
	}
	switch w.text {
	case "gpt":
		return NewTable{Kind: model.TableGPT}, nil
	case "mbr":
		return NewTable{Kind: model.TableMBR}, nil
	}
	return nil, unexpected(w, "a kind of table", "gpt or mbr")
}
