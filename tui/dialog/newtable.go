package dialog

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// NewTable asks for the kind of a new partition table, and says what is lost with the old one. It stages nothing unless
// the yes was chosen.
type NewTable struct {
	queue   ops.Queue
	align   geometry.Alignment
	kind    int // index in tableKinds
	yes     int // 1 if the button that makes it is chosen
	at      stop
	verdict verdict
}

var tableKinds = [...]model.TableKind{model.TableGPT, model.TableMBR}

// NewNewTable is the dialog for the queue's preview.
func NewNewTable(q ops.Queue, align geometry.Alignment) NewTable {
	return NewTable{queue: q, align: align, at: stopFS}.check()
}

func (t NewTable) op() ops.NewTable { return ops.NewTable{Kind: tableKinds[t.kind]} }

func (t NewTable) check() NewTable {
	t.verdict = judge(t.queue, t.op())
	return t
}

// Update takes keys.
func (t NewTable) Update(msg tea.Msg) (Dialog, Action) {
	if m, ok := msg.(Mouse); ok {
		return t.mouse(m), nil
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return t, nil
	}
	if at, ok := moved(press, []stop{stopFS, stopButtons}, t.at); ok {
		t.at = at
		return t, nil
	}
	switch {
	case keymap.Match(press, keyCancel(), keyNo("")):
		return t, Close{}
	case keymap.Match(press, keyAccept("")) && t.yes == 0:
		return t, Close{}
	case keymap.Match(press, keyAccept(""), keyYes("")):
		if t.verdict.err != nil {
			return t, nil
		}
		return t, Stage{Op: t.op(), Align: t.align}
	}
	if t.at == stopButtons {
		t.yes = turn(press, t.yes, 2)
	} else {
		t.kind = turn(press, t.kind, len(tableKinds))
	}
	return t.check(), nil
}

// mouse picks the kind, in the first line.
func (t NewTable) mouse(m Mouse) NewTable {
	if i := widget.ChoiceAt(kindWords(), m.X-formLabel-2); m.Event == Press && m.Y == 0 && i >= 0 {
		t.kind, t.at = i, stopFS
	}
	return t.check()
}

func kindWords() []string { return []string{"GPT", "MBR"} }

// View is the choice, what is lost, and the buttons.
func (t NewTable) View(width, _ int, st *styles.Styles) View {
	w := min(width, formWidth)
	v := View{Title: "New partition table", Width: w, Tone: Warning}
	v.Lines = append(v.Lines, formName("Kind", t.at == stopFS, st)+widget.Choice(kindWords(), t.kind, t.at == stopFS, st))
	about := "GPT: 128 partitions with names, a backup copy, disks of any size."
	if tableKinds[t.kind] == model.TableMBR {
		about = "MBR: 4 primary partitions, disks up to 2 TiB; for old firmware and small cards."
	}
	v.Lines = append(v.Lines, notes(about, w, 2, st.Muted.Render, st)...)
	v.Lines = append(v.Lines, "")
	v.Lines = append(v.Lines, notes(t.lost(), w, 4, st.Warn.Render, st)...)
	v.Lines = append(v.Lines, "")
	v.Lines = append(v.Lines, verdictLines(nil, t.verdict, "", w, st)...)
	no := "Keep the old one"
	if d := t.queue.Preview(); d.Table.Kind == model.TableNone {
		no = "Leave it"
	}
	v.Buttons = []widget.Button{{Label: no, Key: "n"}, {Label: "New table", Key: "y", Risk: widget.Writes}}
	v.Chosen = t.yes
	return v
}

// lost says what is on the disk that will not be any more.
func (t NewTable) lost() string {
	d := t.queue.Preview()
	if d.Table.Kind == model.TableNone {
		if d.Whole.Known() {
			return fmt.Sprintf("The %s that covers the whole disk is lost when this is applied.", d.Whole.Kind)
		}
		return "There is no partition table yet."
	}
	var list []string
	for _, p := range d.Partitions() {
		list = append(list, contentsWord(p))
	}
	switch len(list) {
	case 0:
		return "There are no partitions on the disk."
	case 1:
		return "Lost when this is applied: " + list[0] + "."
	}
	return fmt.Sprintf("All %d partitions are lost when this is applied: %s.", len(list), strings.Join(list, ", "))
}

// Keys lists what can be pressed.
func (t NewTable) Keys() []keymap.Binding {
	return []keymap.Binding{keymap.Bind("←→", "choose", "left", "right"), keyNext(), keyAccept("answer"), keyCancel()}
}
