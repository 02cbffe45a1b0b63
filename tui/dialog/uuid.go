package dialog

import (
	"cmp"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// newUUID asks whether to give a file system a new UUID, or half of one where that can be.
type newUUID struct {
	queue   ops.Queue
	part    model.Partition
	align   geometry.Alignment
	half    int // index of the choice
	op      ops.NewUUID
	verdict verdict
}

// NewUUID is the dialog for a partition of the queue's preview that holds a file system.
func NewUUID(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	return newForm(newUUID{queue: q, part: part, align: align})
}

func (u newUUID) check() newUUID {
	u.op = ops.NewUUID{ID: u.part.ID, Half: u.half == 1}
	u.verdict = judge(u.queue, u.op)
	return u
}

// halves reports whether a half of the UUID can be made new.
func (u newUUID) halves() bool { return u.queue.Env().Caps.Of(u.part.FS.Kind).HalfUUID }

func (u newUUID) stops() []stop { return []stop{stopFS} }

func (u newUUID) accept() Action { return u.verdict.action(nil, Stage{Op: u.op, Align: u.align}) }

func (u newUUID) head(st *styles.Styles) View {
	return View{Title: "New UUID for " + partTitle(u.part, st)}
}

// rows are the present UUID, the choice and what a new one means.
func (u newUUID) rows() []row[newUUID] {
	now := cmp.Or(widget.Clean(u.part.FS.UUID), "none")
	rows := []row[newUUID]{shown[newUUID](func(p paper) []string {
		return []string{p.st.Muted.Render("  UUID now  ") + p.st.Text.Render(now)}
	})}
	meaning := fmt.Sprintf("Two copies of a file system must not have the same UUID where both are seen. "+
		"Whatever finds %s by it, such as /etc/fstab or a boot loader, has to be told the new one.", u.part.Ref())
	if u.halves() {
		rows = append(rows, pick(u, stopFS, "Change", []string{"all of it", "half of it"}, func(u *newUUID) *int { return &u.half }))
		meaning += " Windows shows only a half: changing that one may ask for activation anew."
	}
	return append(rows, blank[newUUID](), hint[newUUID](meaning, 5), blank[newUUID](), outcome[newUUID](nil, u.verdict, ""))
}

func (u newUUID) keys(stop) []keymap.Binding {
	keys := []keymap.Binding{keyAccept("set new UUID"), keyCancel()}
	if u.halves() {
		keys = append([]keymap.Binding{keymap.Bind("←→", "choose", "left", "right")}, keys...)
	}
	return keys
}
