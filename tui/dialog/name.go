package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Name asks for the name of a partition in a GPT.
type Name struct{ entry entry }

// NewName is the dialog for a partition of the queue's preview, of which the table is a GPT.
func NewName(q ops.Queue, id model.PartID, align geometry.Alignment) Name {
	part, _ := q.Preview().Partition(id)
	return Name{newEntry(entry{
		queue: q, part: part, align: align, name: "Name", was: part.Name,
		title: "Name of partition " + part.Ref(),
		notes: []string{
			"The name is in the table, not in the file system: it stays when " + part.Ref() + " is formatted.",
			"At most 36 characters; an empty field takes the name away.",
		},
		make: func(text string) ops.Operation { return ops.SetName{ID: id, Name: text} },
	})}
}

// Update takes keys and pastes.
func (n Name) Update(msg tea.Msg) (Dialog, Action) {
	next, action := n.entry.update(msg)
	return Name{next}, action
}

// View is the field and the outcome.
func (n Name) View(width, _ int, st *styles.Styles) View { return n.entry.view(width, st) }

// Keys lists what can be pressed.
func (n Name) Keys() []keymap.Binding { return n.entry.keys("set name") }
