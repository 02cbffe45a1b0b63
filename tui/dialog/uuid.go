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

// UUID asks whether to give a file system a new UUID, or half of one where that can be.
type UUID struct {
	queue   ops.Queue
	part    model.Partition
	align   geometry.Alignment
	half    int // index of the choice
	op      ops.NewUUID
	verdict verdict
}

// NewUUID is the dialog for a partition of the queue's preview that holds a file system.
func NewUUID(q ops.Queue, id model.PartID, align geometry.Alignment) UUID {
	part, _ := q.Preview().Partition(id)
	return UUID{queue: q, part: part, align: align}.check()
}

func (u UUID) check() UUID {
	u.op = ops.NewUUID{ID: u.part.ID, Half: u.half == 1}
	u.verdict = judge(u.queue, u.op)
	return u
}

// halves reports whether a half of the UUID can be made new.
func (u UUID) halves() bool { return u.queue.Env().Caps.Of(u.part.FS.Kind).HalfUUID }

// Update takes keys.
func (u UUID) Update(msg tea.Msg) (Dialog, Action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return u, nil
	}
	switch {
	case keymap.Match(press, keyCancel()):
		return u, Close{}
	case keymap.Match(press, keyAccept("")):
		if u.verdict.err != nil {
			return u, nil
		}
		return u, Stage{Op: u.op, Align: u.align}
	}
	if u.halves() {
		u.half = turn(press, u.half, 2)
	}
	return u.check(), nil
}

// View is the present UUID, the choice and what a new one means.
func (u UUID) View(width, _ int, st *styles.Styles) View {
	w := min(width, formWidth)
	v := View{Title: "New UUID for " + partTitle(u.part, st), Width: w}
	now := widget.Clean(u.part.FS.UUID)
	if now == "" {
		now = "none"
	}
	v.Lines = append(v.Lines, st.Muted.Render("  UUID now  ")+st.Text.Render(now))
	meaning := fmt.Sprintf("Two copies of a file system must not have the same UUID where both are seen. "+
		"Whatever finds %s by it, such as /etc/fstab or a boot loader, has to be told the new one.", u.part.Ref())
	if u.halves() {
		v.Lines = append(v.Lines, formName("Change", true, st)+widget.Choice([]string{"all of it", "half of it"}, u.half, true, st))
		meaning += " Windows shows only a half: changing that one may ask for activation anew."
	}
	v.Lines = append(v.Lines, "")
	v.Lines = append(v.Lines, notes(meaning, w, 5, st.Muted.Render, st)...)
	v.Lines = append(v.Lines, "")
	v.Lines = append(v.Lines, verdictLines(nil, u.verdict, "", w, st)...)
	return v
}

// Keys lists what can be pressed.
func (u UUID) Keys() []keymap.Binding {
	keys := []keymap.Binding{keyAccept("set new UUID"), keyCancel()}
	if u.halves() {
		keys = append([]keymap.Binding{keymap.Bind("←→", "choose", "left", "right")}, keys...)
	}
	return keys
}
