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

// format asks which file system to put in the place of what a partition holds, and for its label.
type format struct {
	queue ops.Queue
	part  model.Partition
	align geometry.Alignment
	kinds []kindChoice
	list  picker
	label widget.Field

	op      ops.Format
	verdict verdict
}

// maxLabel is the longest label of any file system, in characters.
const maxLabel = 255

// NewFormat is the dialog for a partition of the queue's preview.
func NewFormat(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	f := format{queue: q, part: part, align: align, kinds: kindChoices(q.Env(), "cleared")}
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
	return newForm(f)
}

func (f format) kind() kindChoice { return f.kinds[f.list.at] }

func (f format) stops() []stop {
	if f.kind().kind == model.Unformatted {
		return []stop{stopFS}
	}
	return []stop{stopFS, stopLabel}
}

// check brings the operation and the verdict on it up to date.
func (f format) check() format {
	k := f.kind()
	f.op = ops.Format{ID: f.part.ID, FS: k.kind}
	if k.kind != model.Unformatted {
		f.op.Label = f.label.Value()
	}
	f.verdict = judge(f.queue, f.op)
	return f
}

func (f format) accept() Action { return f.verdict.action(nil, Stage{Op: f.op, Align: f.align}) }

// formatRows is how many file systems are shown where there is room.
const formatRows = 9

func (f format) head(st *styles.Styles) View {
	v := View{Title: "Format " + partTitle(f.part, st)}
	if f.verdict.err == nil {
		v.Tone = Warning
	}
	return v
}

// rows are the list, the label and the outcome. The arrow keys move in the list from everywhere.
func (f format) rows() []row[format] {
	list := func(f *format) *picker { return &f.list }
	label := blank[format]()
	if f.kind().kind != model.Unformatted {
		label = field(f, stopLabel, "Label", 34, func(f *format) *widget.Field { return &f.label })
		typed := label.take
		label.take = func(f *format, msg tea.Msg) Action {
			if !f.list.take(msg, formatRows) {
				return typed(f, msg)
			}
			return nil
		}
	}
	return []row[format]{
		pickList(f, stopFS, 10, func(p paper) int { return min(formatRows, len(f.kinds), max(3, p.height-9)) }, formatRows, list),
		blank[format](), label, blank[format](), outcome[format](nil, f.verdict, ""), shown[format](f.lost),
	}
}

// lost says what formatting loses.
func (f format) lost(p paper) []string {
	if f.verdict.err != nil {
		return []string{""}
	}
	text := fmt.Sprintf("Everything in this %s is lost when it is applied.", f.part.FS.Kind)
	if !f.part.FS.Known() {
		text = "Whatever is in " + f.part.Ref() + " is lost when it is applied."
	}
	return []string{p.st.Warn.Render(widget.Fit(text, p.width, p.st.More))}
}

func (f format) keys(stop) []keymap.Binding {
	keys := []keymap.Binding{keymap.Bind("↑↓", "choose", "up", "down")}
	if len(f.stops()) > 1 {
		keys = append(keys, keyNext())
	}
	return append(keys, keyAccept("format"), keyCancel())
}
