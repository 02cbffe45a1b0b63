package tui

import (
	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
)

// enter does the likely thing with what is selected: a new partition in free space, a table on a disk without one, the
// dialog of a pending operation, and otherwise the place and size of the partition.
func (m Model) enter(d document) Model {
	if d.pane == pendingPane {
		return m.editPending(d)
	}
	row, ok := d.selected()
	disk := d.queue.Preview()
	switch {
	case ok && row.Kind == model.RowGap:
		return m.openCreate(d)
	case disk.Table.Kind == model.TableNone && !disk.Whole.Known() && disk.ReadOnly().OK():
		return m.openNewTable(d)
	}
	if why := noContents("resize or move")(m, d); !why.OK() {
		return m.say(toneWarn, string(why))
	}
	return m.openResize(d)
}

// editPending opens the dialog in which the selected operation is changed. A change of it becomes one edit with it.
func (m Model) editPending(d document) Model {
	op := d.queue.Ops()[d.pending]
	open := dialogOf(op)
	p, there := d.queue.Preview().Partition(op.Part())
	switch {
	case open == nil:
		return m.say(toneWarn, "There is nothing to choose in this operation; d removes it")
	case op.Part() != 0 && !there:
		return m.say(toneWarn, "A later operation deletes the partition; d removes an operation")
	}
	if there {
		d = d.with(d.queue, p.ID)
	}
	d.pane = tablePane
	return open(m.withDoc(m.current, d), d)
}

// dialogOf returns what opens the dialog of an operation, or nil if it has none.
func dialogOf(op ops.Operation) func(Model, document) Model {
	of := func(open newDialog, tries triesFunc) func(Model, document) Model {
		do := edit(open, tries)
		return func(m Model, d document) Model {
			next, _ := do(m, d)
			return next
		}
	}
	switch op.(type) {
	case ops.MoveResize, ops.New, ops.Copy:
		return Model.openResize
	case ops.Format:
		return of(dialog.NewFormat, tryFormat)
	case ops.SetLabel:
		return of(dialog.NewLabel, tryLabel)
	case ops.SetName:
		return of(dialog.NewName, tryName)
	case ops.SetType, ops.SetFlag:
		return of(newType, tryType)
	case ops.NewUUID:
		return of(dialog.NewUUID, tryUUID)
	case ops.ImageSize:
		return Model.openImageSize
	case ops.NewTable:
		return Model.openNewTable
	}
	return nil
}
