package tui

import (
	"shunt/ops"
	"shunt/tui/dialog"
)

// openWipe offers to wipe the selected partition, or unallocated space, with zeros or with random data.
func (m Model) openWipe(d document) Model {
	var items []dialog.Item
	add := func(text, note string, op ops.Wipe) {
		items = append(items, dialog.Item{Text: text, Note: note, Off: d.cannot(op), Action: dialog.Stage{Op: op, Align: d.align(m.Align)}})
	}
	const zeros, random = "Zeros take no room in an image.", "Random data also overwrites what the host's disk holds, where the host writes in place."
	if p, ok := d.partition(); ok {
		add("Wipe "+p.Ref()+" with zeros", zeros, ops.Wipe{ID: p.ID})
		add("Wipe "+p.Ref()+" with random data", random, ops.Wipe{ID: p.ID, Random: true})
	}
	add("Wipe unallocated space with zeros", zeros, ops.Wipe{Free: true})
	add("Wipe unallocated space with random data", random, ops.Wipe{Free: true, Random: true})
	title := "Wipe"
	if p, ok := d.partition(); ok {
		title += " " + p.Ref()
	}
	return m.push(dialog.NewLossMenu(title, "What was there is gone for good once this is applied: no undo brings it back.", "wipe", items...))
}
