package dialog

import (
	tea "charm.land/bubbletea/v2"

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

func newEntry(e entry) entry {
	e.field = widget.NewField(e.was, maxLabel)
	e.was = e.field.Value() // what is shown, without what cannot be
	return e.check()
}

// update takes keys and pastes.
func (e entry) update(msg tea.Msg) (entry, Action) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case keymap.Match(press, keyCancel()):
			return e, Close{}
		case keymap.Match(press, keyAccept("")):
			return e, e.accept()
		}
	}
	e.field, _ = e.field.Update(msg)
	return e.check(), nil
}

func (e entry) check() entry {
	e.verdict = verdict{}
	if text := e.field.Value(); text != e.was {
		e.verdict = judge(e.queue, e.make(text))
	}
	return e
}

func (e entry) accept() Action {
	switch {
	case e.verdict.err != nil:
		return nil
	case !e.verdict.changes:
		return Close{}
	}
	return Stage{Op: e.make(e.field.Value()), Align: e.align}
}

func (e entry) view(width int, st *styles.Styles) View {
	w := min(width, formWidth)
	label := formName(e.name, true, st)
	line, x := fieldLine(label, e.field, true, min(36, w-formLabel-4), st)
	v := View{Title: e.title, Width: w, Lines: []string{line, ""}, Cursor: &Point{X: x}}
	for _, n := range e.notes {
		v.Lines = append(v.Lines, notes(n, w, 2, st.Muted.Render, st)...)
	}
	v.Lines = append(v.Lines, "")
	v.Lines = append(v.Lines, verdictLines(nil, e.verdict, "No change yet.", w, st)...)
	return v
}

func (e entry) keys(does string) []keymap.Binding {
	return []keymap.Binding{keymap.Bind("ctrl+u", "clear", "ctrl+u"), keyAccept(does), keyCancel()}
}
