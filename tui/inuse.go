package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// This file offers to unmount, or to stop swapping to, a partition whose use is in the way of an edit, and the opposite.
// Like mounting, this takes effect at once and writes nothing to the table.

// freeFirst returns the question whether to end the use of partitions, if only that is in the way of a refused edit.
func (m Model) freeFirst(err error) (dialog.Dialog, bool) {
	refusal := new(ops.Refusal)
	d, ok := m.doc()
	if !ok || !errors.As(err, &refusal) || !d.canFree(refusal.InUse) {
		return nil, false
	}
	var names, says []string
	kinds := map[model.UseKind]bool{}
	for _, id := range refusal.InUse {
		p, _ := d.queue.Initial().Partition(id)
		kinds[p.Use.Kind] = true
		names, says = append(names, p.Ref()), append(says, p.Ref()+" is "+d.usedAs(p)+".")
	}
	text := []string{"Cannot " + refusal.What + " now. " + strings.Join(says, " ")}
	if kinds[model.Mounted] {
		text = append(text, "If a program still uses a file there, unmounting fails, and shunt names the program.")
	}
	if kinds[model.SwapSpace] {
		text = append(text, "What was swapped out goes back into memory first.")
	}
	yes := "Unmount"
	if !kinds[model.Mounted] {
		yes = "Stop swapping"
	}
	return dialog.NewAsk(strings.Join(names, ", ")+" in use", dialog.Warning, text,
		dialog.YesNo("Leave it", yes, widget.Writes, dialog.Free{IDs: refusal.InUse, GoOn: true})...), true
}

// canFree reports whether shunt can end the use of partitions, of which there is one at least.
func (d document) canFree(ids []model.PartID) bool {
	for _, id := range ids {
		p, _ := d.queue.Initial().Partition(id)
		if p.Use.By != "" || p.Use.Kind != model.Mounted && p.Use.Kind != model.SwapSpace {
			return false // somebody else has to end it
		}
	}
	return len(ids) > 0
}

// usedAs says how the system uses a partition, with all directories where it is mounted.
func (d document) usedAs(p model.Partition) string {
	if dirs := d.facts.Mounts[p.ID]; len(dirs) > 1 {
		return "mounted at " + widget.Clean(strings.Join(dirs, " and at "))
	}
	return widget.Clean(p.Use.String())
}

// goOn carries out what an edit in use was to do, on the partition it was asked for, if that is still in view.
func (m Model) goOn(i int, then doFunc, on model.PartID) (Model, tea.Cmd) {
	p, d := m.shown()
	at, _ := d.contents()
	if then == nil || i != m.current || p != pageEditor || len(m.dialogs) > 0 || at.ID != on {
		return m, nil
	}
	return then(m, d)
}

// freeParts ends the use of partitions and reads the target again.
func freeParts(d document, ids []model.PartID) tea.Cmd {
	return mountAndRescan(d, func(end *attachment) {
		var did []string
		for _, id := range ids {
			done, err := d.target.Free(id)
			if end.err = err; err != nil {
				return
			}
			p, _ := d.queue.Initial().Partition(id)
			did = append(did, p.Ref()+" was "+done)
			end.mounts[id] = ""
		}
		end.message = strings.Join(did, ", ") + " and can be edited now"
	})
}

// swapOn lets the system use a swap space and reads the target again.
func swapOn(d document, id model.PartID) tea.Cmd {
	return mountAndRescan(d, func(end *attachment) {
		p, _ := d.queue.Initial().Partition(id)
		end.err = d.target.SwapOn(id)
		end.message, end.next = "The system swaps to "+p.Ref(), "M stops that"
	})
}

// swapItems are the items of the menu for a swap space.
func (d document) swapItems(at mountable) []dialog.Item {
	const lasting = "The system then keeps there what does not fit into its memory. Until that ends, the partition cannot be edited."
	on := dialog.Item{
		Text: "Swap to " + at.name, Note: lasting,
		Action: questionFirst("Swap to "+at.name+"?", lasting, "Swap to it", dialog.SwapOn{ID: at.id}),
	}
	off := dialog.Item{
		Text: "Stop swapping to " + at.name, Note: "What was swapped out goes back into memory first.",
		Action: dialog.Free{IDs: []model.PartID{at.id}}, Off: "the system does not swap to it",
	}
	switch {
	case at.use.Kind == model.SwapSpace:
		on.Off, off.Off = "the system swaps to it already", ""
	case at.use.Busy():
		on.Off = model.Because("it is %s", at.use)
	case !d.facts.Device:
		on.Off = "the system swaps to devices: attach the image as a loop device first"
	case !at.there:
		on.Off = pendingOnly
	case at.plans > 0:
		on.Off = model.Because("%s on it: apply or take back first", operationWords(at.plans))
	}
	return []dialog.Item{on, off}
}

// pendingOnly is why nothing can be done with a partition that the target does not have yet.
const pendingOnly model.Reason = "it is only pending: nothing of it is on the target yet"
