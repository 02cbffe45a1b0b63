package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// newTable asks for the kind of a new partition table, and shows what is lost. Enter alone changes nothing, except on a blank disk.
type newTable struct {
	staging
	kind   int // index in tableKinds
	chosen int // the button that Enter presses
}

var tableKinds = [...]model.TableKind{model.TableGPT, model.TableMBR}

// NewNewTable returns the dialog for the queue's preview.
func NewNewTable(q ops.Queue, align geometry.Alignment) Dialog {
	t := newTable{staging: staging{queue: q, align: align}}
	if t.harmless() {
		t.chosen = 1
	}
	return newForm(t)
}

// harmless reports whether the disk is blank, so that a new table loses nothing.
func (t *newTable) harmless() bool {
	d := t.queue.Preview()
	return d.Table.Kind == model.TableNone && d.Whole.Word() == model.BlankWord
}

func (t *newTable) check() { t.judge(ops.NewTable{Kind: tableKinds[t.kind]}) }

func (t *newTable) layout() layout {
	about := "GPT: 128 partitions with names, a backup copy, disks of any size."
	if tableKinds[t.kind] == model.TableMBR {
		about = "MBR: 4 primary partitions, disks up to 2 TiB; for old firmware and small cards."
	}
	no := "Keep the old one"
	if t.queue.Preview().Table.Kind == model.TableNone {
		no = "Leave it"
	}
	tone, risk := Warning, widget.Writes
	if t.harmless() {
		tone, risk = Calm, widget.Harmless
	}
	lost := shown(func(p paper) []string {
		text, loses := t.lost()
		switch {
		case text == "":
			return nil
		case !loses:
			return append(whole(text, 1, p.st.Muted, p), "")
		}
		return append(whole(text, 1, p.st.Warn, p), "")
	})
	answers := YesNo(no, "New table", risk, t.stage())
	kind := pick(stopFS, "Kind", []string{"GPT", "MBR"}, &t.kind)
	kind.keys = nil
	kind = kind.meant("GPT suits every new disk. MBR is for old firmware and for small cards.")
	return layout{
		title: "New partition table", tone: tone,
		rows:  []row{kind, hint(about, 3), blank(), lost, t.outcome(""), answerRow(answers, &t.chosen)},
		first: func(msg tea.Msg) (Action, bool) { return pressed(answers, msg) },
		keys:  []keymap.Binding{keyChoose()}, does: "answer",
		accept: func() Action { return answers[t.chosen].Action },
	}
}

// lost describes what the new table removes from the disk; loses is false if that is nothing.
func (t *newTable) lost() (text string, loses bool) {
	d := t.queue.Preview()
	if d.Table.Kind == model.TableNone {
		if d.Whole.Word() != model.BlankWord {
			return "All data in " + ops.Covering(d.Whole) + " is lost when this is applied.", true
		}
		return "", false // the head of the page says that there is no table
	}
	var list []string
	if d.Whole.Known() {
		list = append(list, ops.Covering(d.Whole))
	}
	for _, p := range d.Partitions() {
		list = append(list, contentsWord(p))
	}
	if len(list) == 0 {
		return "There are no partitions on the disk.", false
	}
	return "Lost when this is applied: " + strings.Join(list, ", ") + ".", true
}
