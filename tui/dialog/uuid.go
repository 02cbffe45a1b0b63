package dialog

import (
	"cmp"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/widget"
)

// newUUID asks whether to give a file system a new UUID or, if possible, half of a new one.
type newUUID struct {
	staging
	part model.Partition
	half int // index of the choice
}

// NewUUID returns the dialog for a partition with a file system in the queue's preview.
func NewUUID(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	part, _ := q.Preview().Partition(id)
	return newForm(newUUID{staging: staging{queue: q, align: align}, part: part})
}

func (u *newUUID) check() { u.judge(ops.NewUUID{ID: u.part.ID, Half: u.half == 1}) }

// layout consists of the present UUID, the choice, and the consequences of a new one.
func (u *newUUID) layout() layout {
	now := cmp.Or(widget.Clean(u.part.FS.UUID), "none")
	rows := []row{shown(func(p paper) []string {
		name := formName("UUID now", p)
		if widget.Width(name+now) > p.width { // no character of the UUID may be missing
			name = p.st.Muted.Render("  UUID now  ")
		}
		return []string{name + p.st.Text.Render(now)}
	})}
	meaning := fmt.Sprintf("Two file systems in one computer must not have the same UUID. "+
		"Everything that finds %s by its UUID needs the new one: for example /etc/fstab or a boot loader.", u.part.Ref())
	if u.queue.Env().Caps.Of(u.part.FS.Kind).HalfUUID {
		rows = append(rows, pick(stopFS, "Change", []string{"all of it", "half of it"}, &u.half).
			meant("With half of it, the half that Windows shows stays, and Windows does not ask for activation again."))
		meaning += " With half of it, the half that Windows shows stays, and Windows does not ask for activation again."
	}
	return layout{
		title: "New UUID for", part: &u.part, rows: append(rows, blank(), hint(meaning, 6), blank(), u.outcome("")),
		accept: u.stage, does: "set new UUID",
	}
}
