package tui

import (
	"cmp"
	"errors"

	"shunt/model"
	"shunt/ops"
)

// This file knows beforehand what a command would lead to. A menu and the palette show why it would be refused. Its key tries it
// all the same, because a refusal can lead to a question that makes it possible.

// foreseen says what a command tries: try returns the error with which it would be refused.
func (b binding) foreseen(try func(Model, document) error) binding {
	b.try = try
	return b
}

// foreseeing is like foreseen, with a reason in place of an error.
func (b binding) foreseeing(why whyFunc) binding {
	return b.foreseen(func(m Model, d document) error {
		if no := why(m, d); !no.OK() {
			return errors.New(string(no))
		}
		return nil
	})
}

// goesOn makes a command go on by itself after the partition in its way was unmounted.
func (b binding) goesOn() binding {
	b.again = true
	return b
}

// hopeless returns why a command cannot be used now, as for a key, or why it would be refused without a question that helps.
func (b binding) hopeless(m Model, d document) model.Reason {
	no := b.refusal(m, d)
	if !no.OK() || b.try == nil {
		return no
	}
	err := b.try(m, d)
	if d.leadsOn(err) {
		return ""
	}
	return reasonOf(err)
}

// onStage returns a binding that stages an operation on what is selected.
func onStage(name, does string, op func(model.Partition) ops.Operation, keys ...string) binding {
	do := noCommand(func(m Model, d document) Model {
		p, _ := d.contents()
		return m.stage(op(p))
	})
	return on(name, does, do, keys...).goesOn().foreseen(func(_ Model, d document) error {
		p, _ := d.contents()
		return canStageAny(d.queue, op(p))
	})
}

// onEdit returns a binding that opens a dialog for what is selected.
func onEdit(name, does string, open newDialog, tries triesFunc, keys ...string) binding {
	return on(name, does, edit(open, tries), keys...).goesOn().foreseen(func(_ Model, d document) error {
		p, _ := d.contents()
		return cmp.Or(ops.Unfit(d.queue.Preview()), canStageAny(d.queue, tries(d, p)...))
	})
}

// leadsOn reports whether a refusal leads to a question that makes the edit possible (refuse).
func (d document) leadsOn(err error) bool {
	refusal := new(ops.Refusal)
	return errors.As(err, &refusal) && (len(refusal.First) == 1 || d.canFree(refusal.InUse))
}

// reasonOf returns the reason of a refusal without what was tried, or "" if err is nil.
func reasonOf(err error) model.Reason {
	refusal := new(ops.Refusal)
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &refusal):
		return model.Reason(err.Error())
	case refusal.Nearest != "":
		return refusal.Reason + "; " + model.Reason(refusal.Nearest)
	}
	return refusal.Reason
}
