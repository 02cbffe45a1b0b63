package dialog

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Label asks for the label of a file system.
type Label struct{ entry entry }

// NewLabel is the dialog for a partition of the queue's preview.
func NewLabel(q ops.Queue, id model.PartID, align geometry.Alignment) Label {
	part, _ := q.Preview().Partition(id)
	return Label{newEntry(entry{
		queue: q, part: part, align: align, name: "Label", was: part.FS.Label,
		title: "Label of " + part.Ref(),
		notes: []string{
			fmt.Sprintf("The label is a part of the %s in %s; systems can mount it by that.", part.FS.Kind, part.Ref()),
			"An empty field takes the label away.",
		},
		make: func(text string) ops.Operation { return ops.SetLabel{ID: id, Label: text} },
	})}
}

// Update takes keys and pastes.
func (l Label) Update(msg tea.Msg) (Dialog, Action) {
	next, action := l.entry.update(msg)
	return Label{next}, action
}

// View is the field and the outcome.
func (l Label) View(width, _ int, st *styles.Styles) View { return l.entry.view(width, st) }

// Keys lists what can be pressed.
func (l Label) Keys() []keymap.Binding { return l.entry.keys("set label") }
