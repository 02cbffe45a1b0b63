package dialog

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// entry is a dialog of one line of text, such as a label: what it does with the text is up to the function that makes
// the operation.
type entry struct {
	queue ops.Queue
	part  model.Partition
	align geometry.Alignment
	title string // "Label of p1"
	name  string // "Label"
	was   string
	notes []string // what is worth knowing before one types
	field widget.Field
	make  func(text string) ops.Operation

	verdict verdict
}

func newEntry(e entry) Dialog {
	e.field = widget.NewField(e.was, maxLabel)
	e.was = e.field.Value() // what is shown, without what cannot be
	return newForm(e)
}

// NewLabel asks for the label of the file system in a partition of the queue's preview.
func NewLabel(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	return newEntry(entry{
		queue: q, part: part, align: align, name: "Label", was: part.FS.Label,
		title: "Label of " + part.Ref(),
		notes: []string{
			fmt.Sprintf("The label is a part of the %s in %s; systems can mount it by that.", part.FS.Kind, part.Ref()),
			"An empty field takes the label away.",
		},
		make: func(text string) ops.Operation { return ops.SetLabel{ID: id, Label: text} },
	})
}

// NewName asks for the name of a partition of the queue's preview, whose table is a GPT.
func NewName(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	return newEntry(entry{
		queue: q, part: part, align: align, name: "Name", was: part.Name,
		title: "Name of partition " + part.Ref(),
		notes: []string{
			"The name is in the table, not in the file system: it stays when " + part.Ref() + " is formatted.",
			"At most 36 characters; an empty field takes the name away.",
		},
		make: func(text string) ops.Operation { return ops.SetName{ID: id, Name: text} },
	})
}

func (e entry) stops() []stop { return []stop{stopName} }

func (e entry) check() entry {
	e.verdict = verdict{}
	if text := e.field.Value(); text != e.was {
		e.verdict = judge(e.queue, e.make(text))
	}
	return e
}

func (e entry) accept() Action {
	return e.verdict.action(nil, Stage{Op: e.make(e.field.Value()), Align: e.align})
}

func (e entry) head(*styles.Styles) View { return View{Title: e.title} }

func (e entry) rows() []row[entry] {
	rows := []row[entry]{field(e, stopName, e.name, 36, func(e *entry) *widget.Field { return &e.field }), blank[entry]()}
	for _, n := range e.notes {
		rows = append(rows, hint[entry](n, 2))
	}
	return append(rows, blank[entry](), outcome[entry](nil, e.verdict, "No change yet."))
}

func (e entry) keys(stop) []keymap.Binding {
	return []keymap.Binding{keymap.Bind("ctrl+u", "clear", "ctrl+u"), keyAccept("set " + strings.ToLower(e.name)), keyCancel()}
}
