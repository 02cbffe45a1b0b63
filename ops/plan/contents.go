package plan

import (
	"fmt"
	"slices"
	"strings"

	"shunt/model"
	"shunt/ops"
)

// format parses the words behind "format".
func (l *line) format() ops.Operation {
	op := ops.Format{ID: l.partition().ID}
	const what, allowed = "what to format it as", "fs=KIND or cleared"
	l.canFollow("fs=", "cleared")
	w := l.next(what, allowed)
	if w.text == "cleared" && !w.quoted {
		return op
	}
	kind, ok := strings.CutPrefix(w.text, "fs=")
	if !ok || kind == "none" {
		l.unexpected(w, what, allowed)
	}
	op.FS = l.fsKind(word{text: kind, col: w.col})
	l.once("fs=", w)
	l.properties("a property of a new file system", "label=", func(_ string, label word) { op.Label = label.text }, "fs=", "label=")
	return op
}

func (w *writer) format(op ops.Format) {
	if op.FS == model.Unformatted {
		w.edit("format", op.ID, "cleared")
		return
	}
	w.edit("format", op.ID, "fs="+string(op.FS))
	w.property("label", op.Label)
}

// text parses the text behind "label" or "name" and a partition.
func (l *line) text(what string) string { return l.next(what, `text in quotes, or "" for none`).text }

// partType parses the words behind "type".
func (l *line) partType() ops.Operation {
	p := l.partition()
	l.canFollow(model.TypeAliases(l.disk().Table.Kind)...)
	return ops.SetType{ID: p.ID, Type: l.typeOf(l.next("the type", "a word such as linux, or the code of a type"))}
}

// onOff is the state of a flag in words.
var onOff = map[bool]string{true: "on", false: "off"}

// flag parses the words behind "flag".
func (l *line) flag() ops.Operation {
	p, kind := l.partition(), l.disk().Table.Kind
	l.canFollow(ops.FlagWords(kind, p)...)
	allowed := strings.Join(ops.FlagWords(kind, p), ", ")
	w := l.next("the flag", allowed)
	if !model.IsFlag(kind, model.Flag(w.text)) {
		l.unexpected(w, fmt.Sprintf("a flag of %s on %s", p.Ref(), kind), allowed)
	}
	state := l.choice("what the flag shall be", "what a flag can be", onOff[true], onOff[false])
	return ops.SetFlag{ID: p.ID, Flag: model.Flag(w.text), On: state == onOff[true]}
}

// newHalf lists the words that say whether half of a UUID is set.
var newHalf = map[bool]string{true: "half", false: "new"}

// uuid parses the words behind "uuid".
func (l *line) uuid() ops.Operation {
	id := l.contents()
	kind := l.choice("which UUID", "a kind of UUID that can be set", newHalf[false], newHalf[true])
	return ops.NewUUID{ID: id, Half: kind == newHalf[true]}
}

// table parses the words behind "table".
func (l *line) table() ops.Operation {
	switch {
	case l.more("restore"):
		return l.restore()
	case l.more("use"):
		return l.reading()
	case l.more("sort"):
		return ops.Sort{}
	case l.more("flag"):
		l.choice("the flag of the table", "a flag of the table", "boot")
		return ops.ProtectiveBoot{On: l.choice("what the flag shall be", "what a flag can be", "on", "off") == "on"}
	case l.more("first-lba"):
		return ops.FirstUsable{Sector: l.size("the first sector for partitions")}
	case l.more("hybrid"):
		return l.hybrid()
	case l.more("array"):
		return ops.MoveArray{At: l.size("the first sector of the entries")}
	}
	if !l.more("new") {
		const what, allowed = "something to do with the table", "new, gpt, restore, use, sort, flag, first-lba, array or hybrid"
		l.canFollow("gpt")
		w := l.next("what to do with the table", allowed)
		if kind, _ := model.TableKindByName(w.text); kind != model.TableGPT {
			l.unexpected(w, what, allowed)
		}
		return ops.ToGPT{}
	}
	const allowed = "gpt or mbr"
	l.canFollow("gpt", "mbr")
	w := l.next("the kind of table", allowed)
	kind, known := model.TableKindByName(w.text)
	if !known {
		l.unexpected(w, "a kind of table", allowed)
	}
	op := ops.NewTable{Kind: kind}
	if kind == model.TableGPT {
		const what, words = "a property of a new GPT", "first-lba=SECTOR such as first-lba=2048s"
		l.properties(what, words, func(_ string, value word) { op.First = l.sizeOf(value) }, "first-lba=")
	}
	return op
}

// fsKind parses the name of a file system. "none" means no file system.
func (l *line) fsKind(w word) model.FSKind {
	l.canComplete(w, l.fsKinds()...)
	if w.text == "none" {
		return model.Unformatted
	}
	if _, known := l.q.Env().Caps[model.FSKind(w.text)]; !known || w.text == "" {
		l.unexpected(w, "a file system that can be made", strings.Join(l.fsKinds(), ", "))
	}
	return model.FSKind(w.text)
}

// typeOf parses a partition type.
func (l *line) typeOf(w word) model.PartType {
	kind := l.disk().Table.Kind
	l.canComplete(w, model.TypeAliases(kind)...)
	t, ok := model.TypeByAlias(kind, w.text)
	if !ok {
		words := strings.Join(model.TypeAliases(kind), ", ") + " or the code of a type"
		l.unexpected(w, fmt.Sprintf("a partition type on %s", kind), words)
	}
	return t
}

// fsKinds lists the file systems that this machine can make.
func (l *line) fsKinds() []string {
	var list []string
	for kind, c := range l.q.Env().Caps {
		if c.Create.OK() && kind != model.Unformatted {
			list = append(list, string(kind))
		}
	}
	slices.Sort(list)
	return append(list, "none")
}

// typeWord returns the word that TypeByAlias parses as t.
func typeWord(kind model.TableKind, t model.PartType) string {
	for _, word := range model.TypeAliases(kind) {
		if code, _ := model.TypeByAlias(kind, word); code == t {
			return word
		}
	}
	return string(t)
}

// create parses the words behind "new".
func (l *line) create() ops.Operation {
	op := ops.New{ID: l.q.NextID()}
	l.canFollow("max")
	id := ""
	if w := l.next("the size", "a size with a unit such as 1.5GiB, or max"); w.text != "max" {
		op.Len = l.sizeOf(w)
	}
	l.properties("a property of a new partition", "at, keep, fs=, label=, name=, type=, partuuid= or as=", func(key string, value word) {
		switch key {
		case "at":
			op.At = l.offset()
		case "label":
			op.Label = value.text
		case "name":
			op.Name = value.text
		case "partuuid":
			id = l.partUUID(value)
		case "fs":
			op.FS = l.fsKind(value)
		case "type":
			op.Type = l.typeOf(value)
		case "as":
			op.Role = l.role(value, "a role", model.Primary, model.Extended, model.Logical)
		}
	}, "at", "keep", "fs=", "label=", "name=", "type=", "partuuid=", "as=")
	if !l.seen["as="] {
		op.Role = ops.LikelyRole(l.disk(), op.At)
	}
	if l.seen["keep"] || id != "" {
		return l.putBack(op, id)
	}
	if l.err != nil {
		return nil
	}
	placed, err := op.Placed(l.disk(), l.q.Env(), l.align)
	placed.Type = op.Type // Apply chooses the type for the file system
	l.fail(err)
	return placed
}

func (w *writer) create(op ops.New) {
	w.add("new", w.size(op.Len), "at", sectors(op.At))
	if op.FS != model.Unformatted {
		w.add("fs=" + string(op.FS))
	}
	w.property("label", op.Label)
	w.property("name", op.Name)
	kind := w.disk.Table.Kind
	if op.Type != "" && op.Type != model.DefaultType(kind, op.Role, op.FS) {
		w.add("type=" + typeWord(kind, op.Type))
	}
	w.role(op.Role)
}
