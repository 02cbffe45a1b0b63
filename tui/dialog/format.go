package dialog

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// format asks for the file system that replaces the contents of a partition, and for its label.
type format struct {
	staging
	part  model.Partition
	kinds []kindChoice
	list  list
	label widget.Field
}

// maxLabel is the greatest length of a label in any file system, in characters.
const maxLabel = 255

// formatRows is the greatest height of the list. In a large window it shows all kinds.
const formatRows = 14

// NewFormat returns the dialog for a partition of the queue's preview.
func NewFormat(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	f := format{staging: staging{queue: q, align: align}, part: part, kinds: kindChoices(q.Env(), "cleared")}
	f.list.page, f.label = formatRows-1, widget.NewField("", maxLabel)
	for i, k := range f.kinds {
		c := choice{text: k.word, off: k.off, lack: k.lack}
		if k.kind == model.Unformatted {
			c.note = "empty: the old contents are no longer recognised"
		}
		f.list.choices = append(f.list.choices, c)
		if k.kind == part.FS.Kind && k.off.OK() && part.FS.Known() {
			f.list.at = i
		}
	}
	return newForm(f)
}

func (f *format) kind() model.FSKind { return f.kinds[f.list.at].kind }

func (f *format) check() {
	op := ops.Format{ID: f.part.ID, FS: f.kind()}
	if op.FS != model.Unformatted {
		op.Label = f.label.Value()
	}
	f.judge(op)
}

func (f *format) layout() layout {
	tone, label := Warning, blank()
	if f.err != nil {
		tone = Calm
	}
	if f.kind() != model.Unformatted {
		label = field(stopLabel, "Label", 34, &f.label)
	}
	height := func(p paper) int { return min(formatRows, len(f.kinds), max(3, p.height-9)) }
	return layout{
		title: "Format", part: &f.part, tone: tone,
		rows: []row{listOf(stopFS, 10, &f.list, height).meant("The file system that replaces the contents. What cannot be made here says why."), blank(), label, blank(), f.outcome(""), shown(f.lost)},
		// The arrow keys move in the list while the label has the keyboard, too.
		first: func(msg tea.Msg) (Action, bool) { return nil, f.list.take(msg) },
		keys:  []keymap.Binding{f.list.key()}, accept: f.stage, does: "format", back: f.list.clear, typed: f.list.typed,
	}
}

// lost describes what formatting deletes.
func (f *format) lost(p paper) []string {
	text := fmt.Sprintf("All data in this %s is lost when this is applied.", f.part.FS.Kind)
	if !f.part.FS.Known() {
		text = "All data in " + contentsWord(f.part) + " is lost when this is applied."
	}
	lines := whole(text, 1, p.st.Warn, p)
	if f.err != nil {
		return make([]string, len(lines)) // so that the window keeps its size
	}
	return lines
}
