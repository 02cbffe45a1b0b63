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

// newTable asks for the kind of a new partition table, and says what is lost with the old one. It stages nothing unless
// the yes was chosen.
type newTable struct {
	queue   ops.Queue
	align   geometry.Alignment
	kind    int // index in tableKinds
	yes     int // 1 if the button that makes it is chosen
	verdict verdict
}

var tableKinds = [...]model.TableKind{model.TableGPT, model.TableMBR}

// NewNewTable is the dialog for the queue's preview.
func NewNewTable(q ops.Queue, align geometry.Alignment) Dialog {
	return newForm(newTable{queue: q, align: align})
}

func (t newTable) op() ops.NewTable { return ops.NewTable{Kind: tableKinds[t.kind]} }

func (t newTable) check() newTable {
	t.verdict = judge(t.queue, t.op())
	return t
}

func (t newTable) stops() []stop { return []stop{stopFS, stopButtons} }

func (t newTable) accept() Action {
	if t.yes == 0 {
		return Close{}
	}
	return t.stage()
}

func (t newTable) stage() Action { return t.verdict.action(nil, Stage{Op: t.op(), Align: t.align}) }

func kindWords() []string { return []string{"GPT", "MBR"} }

func (t newTable) head(*styles.Styles) View {
	no := "Keep the old one"
	if d := t.queue.Preview(); d.Table.Kind == model.TableNone {
		no = "Leave it"
	}
	buttons := []widget.Button{{Label: no, Key: "n"}, {Label: "New table", Key: "y", Risk: widget.Writes}}
	return View{Title: "New partition table", Tone: Warning, Buttons: buttons, Chosen: t.yes}
}

// rows are the choice and what is lost. The keys of the buttons work from both stops.
func (t newTable) rows() []row[newTable] {
	about := "GPT: 128 partitions with names, a backup copy, disks of any size."
	if tableKinds[t.kind] == model.TableMBR {
		about = "MBR: 4 primary partitions, disks up to 2 TiB; for old firmware and small cards."
	}
	kind := pick(t, stopFS, "Kind", kindWords(), func(t *newTable) *int { return &t.kind })
	lost := shown[newTable](func(p paper) []string { return notes(t.lost(), p.width, 4, p.st.Warn.Render, p.st) })
	// The buttons are drawn below all rows.
	buttons := pick(t, stopButtons, "", kindWords(), func(t *newTable) *int { return &t.yes })
	buttons.draw = func(paper) ([]string, *Point) { return nil, nil }
	rows := []row[newTable]{
		kind, hint[newTable](about, 2), blank[newTable](), lost, blank[newTable](), outcome[newTable](nil, t.verdict, ""), buttons,
	}
	for _, i := range []int{0, len(rows) - 1} {
		turned := rows[i].take
		rows[i].take = func(t *newTable, msg tea.Msg) Action {
			press, _ := msg.(tea.KeyPressMsg)
			switch {
			case keymap.Match(press, keyNo("")):
				return Close{}
			case keymap.Match(press, keyYes("")):
				return t.stage()
			}
			return turned(t, msg)
		}
	}
	return rows
}

// lost says what is on the disk that will not be any more.
func (t newTable) lost() string {
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

func (t newTable) keys(stop) []keymap.Binding {
	return []keymap.Binding{keymap.Bind("←→", "choose", "left", "right"), keyNext(), keyAccept("answer"), keyCancel()}
}
