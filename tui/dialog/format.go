package dialog

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Format asks which file system to put in the place of what a partition holds, and for its label.
type Format struct {
	queue ops.Queue
	part  model.Partition
	align geometry.Alignment
	kinds []kindChoice
	list  picker
	label widget.Field
	at    stop

	op      ops.Format
	verdict verdict
}

// maxLabel is the longest label of any file system, in characters.
const maxLabel = 255

// NewFormat is the dialog for a partition of the queue's preview.
func NewFormat(q ops.Queue, id model.PartID, align geometry.Alignment) Format {
	part, _ := q.Preview().Partition(id)
	f := Format{queue: q, part: part, align: align, kinds: kindChoices(q.Env(), "cleared"), at: stopFS}
	for i, k := range f.kinds {
		c := choice{text: k.word, off: k.off}
		if k.kind == model.Unformatted {
			c.note = "empty: nothing that is there is recognised any more"
		}
		f.list.choices = append(f.list.choices, c)
		if k.kind == part.FS.Kind && k.off.OK() && part.FS.Known() {
			f.list.at = i
		}
	}
	f.label = widget.NewField("", maxLabel)
	return f.check()
}

func (f Format) kind() kindChoice { return f.kinds[f.list.at] }

func (f Format) stops() []stop {
	if f.kind().kind == model.Unformatted {
		return []stop{stopFS}
	}
	return []stop{stopFS, stopLabel}
}

// Update takes keys and pastes.
func (f Format) Update(msg tea.Msg) (Dialog, Action) {
	press, pressed := msg.(tea.KeyPressMsg)
	if pressed {
		switch {
		case keymap.Match(press, keyCancel()):
			return f, Close{}
		case keymap.Match(press, keyAccept("")):
			return f, f.accept()
		}
		if at, ok := moved(press, f.stops(), f.at); ok {
			f.at = at
			return f, nil
		}
	}
	if list, ok := f.list.update(press, formatRows); pressed && ok {
		f.list = list
		if f.kind().kind == model.Unformatted {
			f.at = stopFS
		}
		return f.check(), nil
	}
	switch {
	case f.at == stopLabel:
		f.label, _ = f.label.Update(msg)
	case pressed:
		f.list = f.list.jump(press)
	}
	return f.check(), nil
}

// check brings the operation and the verdict on it up to date.
func (f Format) check() Format {
	k := f.kind()
	f.op = ops.Format{ID: f.part.ID, FS: k.kind}
	if k.kind != model.Unformatted {
		f.op.Label = f.label.Value()
	}
	f.verdict = judge(f.queue, f.op)
	return f
}

func (f Format) accept() Action {
	if f.verdict.err != nil {
		return nil
	}
	return Stage{Op: f.op, Align: f.align}
}

// formatRows is how many file systems are shown where there is room.
const formatRows = 9

// View is the list, the label and the outcome.
func (f Format) View(width, height int, st *styles.Styles) View {
	w := min(width, formWidth)
	v := View{Title: "Format " + partTitle(f.part, st), Width: w}
	rows := min(formatRows, len(f.kinds), max(3, height-9))
	v.Lines = append(v.Lines, f.list.view(w, rows, 10, f.at == stopFS, st)...)
	v.Lines = append(v.Lines, "")
	if f.kind().kind == model.Unformatted {
		v.Lines = append(v.Lines, "")
	} else {
		line, x := fieldLine(formName("Label", f.at == stopLabel, st), f.label, f.at == stopLabel, min(34, w-formLabel-4), st)
		if f.at == stopLabel {
			v.Cursor = &Point{X: x, Y: len(v.Lines)}
		}
		v.Lines = append(v.Lines, line)
	}
	v.Lines = append(v.Lines, "")
	v.Lines = append(v.Lines, verdictLines(nil, f.verdict, "", w, st)...)
	return f.lost(v, st)
}

// lost says what formatting loses.
func (f Format) lost(v View, st *styles.Styles) View {
	if f.verdict.err != nil {
		v.Lines = append(v.Lines, "")
		return v
	}
	v.Tone = Warning
	text := fmt.Sprintf("Everything in this %s is lost when it is applied.", f.part.FS.Kind)
	if !f.part.FS.Known() {
		text = "Whatever is in " + f.part.Ref() + " is lost when it is applied."
	}
	v.Lines = append(v.Lines, st.Warn.Render(widget.Fit(text, v.Width, st.More)))
	return v
}

// Keys lists what can be pressed.
func (f Format) Keys() []keymap.Binding {
	keys := []keymap.Binding{keymap.Bind("↑↓", "choose", "up", "down")}
	if len(f.stops()) > 1 {
		keys = append(keys, keyNext())
	}
	return append(keys, keyAccept("format"), keyCancel())
}
