package plan

import (
	"cmp"
	"fmt"

	"shunt/model"
	"shunt/ops"
)

// snapshot parses the words behind "image snapshot".
func (l *line) snapshot() ops.Operation {
	how := l.choice("what to do with a snapshot", "something to do with a snapshot", "create", "apply", "delete")
	w := l.next("the name of the snapshot", "a name")
	if how == "create" {
		return ops.CreateSnapshot{Name: w.text}
	}
	var list []model.ImageSnapshot
	if layers := l.q.Env().Layers; layers != nil {
		list = layers.Snapshots()
	}
	found, err := ops.FindSnapshot(list, w.text)
	if err != nil {
		l.fail(&Error{Col: w.col, Msg: err.Error(), Err: err})
	}
	if how == "apply" {
		return ops.ApplySnapshot{Snapshot: found}
	}
	return ops.DeleteSnapshot{Snapshot: found}
}

// rebase parses the words behind "image rebase".
func (l *line) rebase() ops.Operation {
	op := ops.Rebase{Base: l.other(l.next("the backing file", "the path of an image"), "rebase on")}
	l.properties("a property of a backing file", "as=", func(_ string, value word) {
		if op.Name = value.text; op.Name == "" {
			l.wrong(value, "the name of the backing file is empty: `image flatten` leaves none")
		}
	}, "as=")
	op.Name = cmp.Or(op.Name, op.Base.Recorded)
	return op
}

// commit parses the words behind "image commit".
func (l *line) commit() ops.Operation {
	var path word
	l.properties("the overlay", "from=PATH", func(_ string, value word) { path = value }, "from=")
	if path.text == "" {
		l.wrong(word{col: l.end}, "the overlay is missing: use from=PATH")
	}
	return ops.Commit{Overlay: l.other(path, "commit")}
}

// other returns the image at the path in a word.
func (l *line) other(w word, verb string) ops.Other {
	if l.err != nil {
		return ops.Other{}
	}
	if l.q.Env().Other == nil {
		l.wrong(w, "no other image can be used from here")
		return ops.Other{}
	}
	other, err := l.q.Env().Other(w.text)
	if err != nil {
		l.fail(&Error{Col: w.col, Msg: fmt.Sprintf("%s %s: %v", verb, w.text, err), Err: err})
	}
	return other
}
