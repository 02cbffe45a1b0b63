package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
)

// This file opens the dialogs that edit a partition or the table. What cannot be done at all is refused before a dialog
// asks anything: an edit of the kind is tried on the queue, which stays as it is.

// possible is why none of the operations can be staged, nil if one can.
func possible(q ops.Queue, tries ...ops.Operation) error {
	var first error
	for _, op := range tries {
		_, err := q.Stage(op)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// onPartition opens a dialog on the selected partition if one of the tries is possible. verb says what it is for.
func (m Model) onPartition(d document, verb string, open func(p model.Partition) dialog.Dialog, tries func(p model.Partition) []ops.Operation) Model {
	p, ok := d.partition()
	if !ok {
		return m.say(toneWarn, "Select a partition to "+verb)
	}
	if err := possible(d.queue, tries(p)...); err != nil {
		return m.refuse(err)
	}
	return m.push(open(p))
}

func (m Model) openFormat(d document) Model {
	return m.onPartition(d, "format",
		func(p model.Partition) dialog.Dialog { return dialog.NewFormat(d.queue, p.ID, m.align) },
		func(p model.Partition) []ops.Operation { return []ops.Operation{ops.Format{ID: p.ID}} })
}

func (m Model) openLabel(d document) Model {
	return m.onPartition(d, "label",
		func(p model.Partition) dialog.Dialog { return dialog.NewLabel(d.queue, p.ID, m.align) },
		func(p model.Partition) []ops.Operation {
			return []ops.Operation{ops.SetLabel{ID: p.ID, Label: "A"}, ops.SetLabel{ID: p.ID, Label: "B"}}
		})
}

func (m Model) openName(d document) Model {
	return m.onPartition(d, "name",
		func(p model.Partition) dialog.Dialog { return dialog.NewName(d.queue, p.ID, m.align) },
		func(p model.Partition) []ops.Operation {
			return []ops.Operation{ops.SetName{ID: p.ID, Name: "a"}, ops.SetName{ID: p.ID, Name: "b"}}
		})
}

func (m Model) openUUID(d document) Model {
	return m.onPartition(d, "give a new UUID",
		func(p model.Partition) dialog.Dialog { return dialog.NewUUID(d.queue, p.ID, m.align) },
		func(p model.Partition) []ops.Operation {
			return []ops.Operation{ops.NewUUID{ID: p.ID}, ops.NewUUID{ID: p.ID, Half: true}}
		})
}

// openType tries a type, and each flag: an extended partition has flags to choose though its type stays.
func (m Model) openType(d document) Model {
	kind := d.queue.Preview().Table.Kind
	return m.onPartition(d, "change the type or flags of",
		func(p model.Partition) dialog.Dialog { return dialog.NewType(d.queue, p.ID) },
		func(p model.Partition) []ops.Operation {
			var tries []ops.Operation
			for _, word := range []string{"linux", "swap"} {
				t, _ := model.TypeByAlias(kind, word)
				tries = append(tries, ops.SetType{ID: p.ID, Type: t})
			}
			for _, f := range model.FlagsFor(kind, p) {
				tries = append(tries, ops.SetFlag{ID: p.ID, Flag: f, On: !model.HasFlag(kind, p, f)})
			}
			return tries
		})
}

func (m Model) openNewTable(d document) Model {
	if err := possible(d.queue, ops.NewTable{Kind: model.TableGPT}, ops.NewTable{Kind: model.TableMBR}); err != nil {
		return m.refuse(err)
	}
	return m.push(dialog.NewNewTable(d.queue, m.align))
}

func (m Model) openConvert(d document) Model {
	ask, err := dialog.NewConvert(d.queue, m.align)
	if err != nil {
		return m.refuse(err)
	}
	return m.push(ask)
}

// openRoom makes room for the selected partition; where none is selected, space is left, and the image can be smaller.
func (m Model) openRoom(d document) (Model, tea.Cmd) {
	p, ok := d.partition()
	if !ok {
		return m.showRoom(dialog.NewSmallImage(d.queue, m.align))
	}
	return m.showRoom(dialog.NewMakeRoom(d.queue, p.ID, m.align))
}

// fitImage leads from the size of the image to the ways that make its partitions smaller too, where there is no space to
// select.
func (m Model) fitImage() (Model, tea.Cmd) {
	d, ok := m.doc()
	if !ok {
		return m, nil
	}
	return m.showRoom(dialog.NewSmallImage(d.queue, m.align))
}

// showRoom opens the page and does what it wants first.
func (m Model) showRoom(room dialog.Dialog, first dialog.Action, err error) (Model, tea.Cmd) {
	if err != nil {
		return m.refuse(err), nil
	}
	if m = m.push(room); first == nil {
		return m, nil
	}
	return m.perform(first)
}
