package dialog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// entry asks for one line of text, such as a label, and stages an operation with it.
type entry struct {
	staging
	title string // "Label of p1"
	name  string // "Label"
	was   string
	notes []string // shown above the field
	field widget.Field
	make  func(text string) ops.Operation
	does  string // what Enter does, if that is not to set the name
}

func newEntry(q ops.Queue, align geometry.Alignment, e entry) Dialog {
	e.queue, e.align = q, align
	e.field = widget.NewField(e.was, maxLabel)
	e.was = e.field.Value() // at most maxLabel characters
	return newForm(e)
}

// NewLabel returns the dialog for the label of the file system in a partition of the queue's preview.
func NewLabel(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	return newEntry(q, align, entry{
		name: "Label", was: part.FS.Label, title: "Label of " + part.Ref(),
		notes: []string{
			fmt.Sprintf("The label is stored in the %s of %s; systems can mount it by its label.", part.FS.Kind, part.Ref()),
			"An empty field removes the label.",
		},
		make: func(text string) ops.Operation { return ops.SetLabel{ID: id, Label: text} },
	})
}

// NewName returns the dialog for the name of a partition of the queue's preview, which has a GPT.
func NewName(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	return newEntry(q, align, entry{
		name: "Name", was: part.Name, title: "Name of partition " + part.Ref(),
		notes: []string{
			"The name is in the table, not in the file system: it stays when " + part.Ref() + " is formatted.",
			"At most 36 characters; an empty field removes the name.",
		},
		make: func(text string) ops.Operation { return ops.SetName{ID: id, Name: text} },
	})
}

// NewSnapshot returns the dialog for the name of a new snapshot.
func NewSnapshot(q ops.Queue, align geometry.Alignment) Dialog {
	return newEntry(q, align, entry{
		name: "Name", title: "New snapshot", does: "make it",
		notes: []string{
			"A snapshot keeps the disk as it is now, with its partition table.",
			"It lies in the image file. Only what changes later takes room.",
		},
		make: func(text string) ops.Operation { return ops.CreateSnapshot{Name: text} },
	})
}

func (e *entry) check() {
	e.verdict = verdict{}
	if text := e.field.Value(); text != e.was {
		e.judge(e.make(text))
	}
}

func (e *entry) layout() layout {
	rows := []row{field(stopName, e.name, 36, &e.field).meant(strings.Join(e.notes, " ")), blank()}
	for _, n := range e.notes {
		rows = append(rows, hint(n, 3))
	}
	return layout{
		title: e.title, rows: append(rows, blank(), e.outcome("No change yet.")),
		keys: []keymap.Binding{keyClear()}, accept: e.stage, does: e.enters(e.wrong, cmp.Or(e.does, "set "+strings.ToLower(e.name))),
	}
}

// typedWord is a question that is confirmed by typing a word, so that nobody confirms it by habit.
type typedWord struct {
	title  string
	loss   string   // a warning above the paragraphs, "" for none
	text   []string // paragraphs
	word   string
	field  widget.Field
	action Action
}

// NewTyped returns a question with a warning, "" for none, and paragraphs that performs the action after the word was typed.
func NewTyped(title, loss string, text []string, word string, action Action) Dialog {
	return newForm(typedWord{title: title, loss: loss, text: text, word: word, field: widget.NewField("", 255), action: action})
}

func (t *typedWord) check() {}

func (t *typedWord) layout() layout {
	says := shown(func(p paper) []string {
		switch t.field.Value() {
		case t.word:
			return []string{p.st.Warn.Render("Press Enter to continue.")}
		case "":
			return []string{p.st.Muted.Render("Nothing happens until this is typed.")}
		}
		return []string{p.st.Muted.Render("That does not match yet.")}
	})
	rows := paragraphs(t.text, 4)
	if t.loss != "" {
		rows = slices.Insert(rows, 0, warning(t.loss))
	}
	return layout{
		title: t.title, tone: Warning,
		rows: append(rows, field(stopName, "Type "+t.word, 34, &t.field).meant("Nothing happens before the word is complete."), blank(), says),
		does: "continue", more: []keymap.Binding{keyClear()},
		accept: func() Action {
			if t.field.Value() == t.word {
				return t.action
			}
			return nil
		},
	}
}
