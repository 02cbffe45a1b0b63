package tui

import (
	"errors"

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

// noEdit returns why the selected operation cannot be changed, or "".
func noEdit(d document) model.Reason {
	op := d.queue.Ops()[d.pending]
	switch _, there := d.queue.Preview().Partition(op.Part()); {
	case dialogOf(op) == nil:
		return "There is nothing to choose in this operation; d removes it"
	case op.Part() != 0 && !there:
		return "A later operation deletes the partition; d removes an operation"
	}
	return ""
}

// tryEnter returns why Enter would be refused on an operation.
func tryEnter(_ Model, d document) error {
	if d.pane == pendingPane {
		if no := noEdit(d); !no.OK() {
			return errors.New(string(no))
		}
	}
	return nil
}

// editPending opens the dialog in which the selected operation is changed. A change of it becomes one edit with it.
func (m Model) editPending(d document) Model {
	if no := noEdit(d); !no.OK() {
		return m.say(toneWarn, string(no))
	}
	op := d.queue.Ops()[d.pending]
	if p, there := d.queue.Preview().Partition(op.Part()); there {
		d = d.with(d.queue, p.ID)
	}
	d.pane = tablePane
	return dialogOf(op)(m.withDoc(m.current, d), d)
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
