package tui

import (
	"cmp"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
)

// This file opens the dialogs that edit a partition or the table. An edit that is impossible is refused before its dialog
// opens: it is tried on a copy of the queue.

// canStageAny returns nil if one of the operations can be staged, otherwise the error of the first.
func canStageAny(q ops.Queue, tries ...ops.Operation) error {
	var first error
	for _, op := range tries {
		_, err := q.Stage(op)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

// open opens a dialog, or shows why it cannot be opened. What the image's own format needs first is asked at once.
func (m Model) open(d dialog.Dialog, err error) Model {
	if doc, ok := m.doc(); ok {
		err = cmp.Or(ops.Unfit(doc.queue.Preview()), err)
	}
	if err != nil {
		return m.refuse(err)
	}
	return m.push(d)
}

type (
	newDialog func(ops.Queue, model.PartID, geometry.Alignment) dialog.Dialog
	triesFunc func(document, model.Partition) []ops.Operation // operations; one that is possible is enough
)

// edit returns a handler that opens a dialog for what is selected if one of the tries can be staged.
func edit(open newDialog, tries triesFunc) doFunc {
	return noCommand(func(m Model, d document) Model {
		p, _ := d.contents()
		return m.open(open(d.queue, p.ID, d.align(m.Align)), canStageAny(d.queue, tries(d, p)...))
	})
}

func tryFormat(_ document, p model.Partition) []ops.Operation {
	return []ops.Operation{ops.Format{ID: p.ID}}
}

func tryEntrySize(_ document, p model.Partition) []ops.Operation {
	n := p.Span.Len()
	return []ops.Operation{ops.ResizeEntry{ID: p.ID, Len: n - 1}, ops.ResizeEntry{ID: p.ID, Len: n + 1}}
}

func tryLabel(_ document, p model.Partition) []ops.Operation {
	return []ops.Operation{ops.SetLabel{ID: p.ID, Label: "A"}, ops.SetLabel{ID: p.ID, Label: "B"}}
}

func tryName(_ document, p model.Partition) []ops.Operation {
	return []ops.Operation{ops.SetName{ID: p.ID, Name: "a"}, ops.SetName{ID: p.ID, Name: "b"}}
}

func tryUUID(_ document, p model.Partition) []ops.Operation {
	return []ops.Operation{ops.NewUUID{ID: p.ID}, ops.NewUUID{ID: p.ID, Half: true}}
}

// tryType returns changes of the type and of each flag. An extended partition keeps its type, but may have flags to
// change.
func tryType(d document, p model.Partition) []ops.Operation {
	kind := d.queue.Preview().Table.Kind
	var tries []ops.Operation
	for _, word := range []string{"linux", "swap"} {
		t, _ := model.TypeByAlias(kind, word)
		tries = append(tries, ops.SetType{ID: p.ID, Type: t})
	}
	for _, f := range model.FlagsFor(kind, p) {
		tries = append(tries, ops.SetFlag{ID: p.ID, Flag: f, On: !model.HasFlag(kind, p, f)})
	}
	return tries
}

func newType(q ops.Queue, id model.PartID, _ geometry.Alignment) dialog.Dialog {
	return dialog.NewType(q, id)
}

// openResize opens the dialog for the selected partition. What covers a disk without a table fills it, if it does not yet;
// else it is resized together with the image.
func (m Model) openResize(d document) Model {
	p, _ := d.contents()
	if p.ID == 0 {
		if canStageAny(d.queue, ops.Fill{}) == nil {
			return m.stage(ops.Fill{})
		}
		return m.openImageSize(d)
	}
	if err := tryResize(m, d); err != nil {
		return m.refuse(err)
	}
	return m.open(dialog.NewResize(d.queue, p.ID, d.align(m.Align)), nil)
}

// tryResize returns why what is selected can be neither moved nor resized.
func tryResize(_ Model, d document) error {
	p, _ := d.contents()
	reason := cmp.Or(d.queue.Preview().ReadOnly(), whyFixed(d, p.ID))
	if p.ID == 0 || reason.OK() {
		return nil
	}
	r := ops.Refusal{What: "resize or move " + p.Ref(), Reason: reason}
	return r.OrDiscard(p).OrFree(d.queue.Preview(), d.queue.Env(), p.ID)
}

// whyFixed returns why a partition can be neither moved nor resized, or "".
func whyFixed(d document, id model.PartID) model.Reason {
	l := ops.Limit(d.queue.Preview(), d.queue.Env(), id)
	p, _ := d.queue.Preview().Partition(id)
	switch {
	case l.Grow.OK() || l.Shrink.OK():
		return ""
	case l.Move.OK() && l.Room == p.Span:
		return model.Because("%s, and there is no free space beside it to move it to", l.Grow)
	case l.Move.OK():
		return ""
	}
	return l.Grow
}

// noFreeSpace returns the reason shown if no free space is selected.
func noFreeSpace(_ Model, d document) model.Reason {
	row, ok := d.selected()
	switch text := d.noGap(); {
	case ok && row.Kind == model.RowPartition && row.Partition.Role == model.Extended:
		return "Select the free space inside the extended partition"
	case text != "":
		return model.Reason(text)
	case !ok || row.Kind != model.RowGap:
		return "Select free space to make a partition in"
	}
	return ""
}

func (m Model) openCreate(d document) Model {
	row, _ := d.selected()
	return m.open(dialog.NewCreate(d.queue, row.Gap, d.align(m.Align)))
}

func tryCreate(m Model, d document) error {
	row, _ := d.selected()
	_, err := dialog.NewCreate(d.queue, row.Gap, d.align(m.Align))
	return cmp.Or(ops.Unfit(d.queue.Preview()), err)
}

func (m Model) openImageSize(d document) Model {
	disk := d.queue.Preview()
	if !disk.Image.OfSize.OK() && !d.facts.Device {
		return m.openImageFile(d)
	}
	if err := tryImageSize(m, d); err != nil {
		return m.refuse(err)
	}
	return m.push(dialog.NewImageSize(d.queue, d.align(m.Align)))
}

func tryImageSize(_ Model, d document) error {
	disk := d.queue.Preview()
	_, _, cannot := ops.ImageLimits(disk, d.queue.Env())
	if cannot.OK() || !disk.Image.OfSize.OK() && !d.facts.Device { // the page of the image file opens instead
		return nil
	}
	return &ops.Refusal{What: "change the image size", Reason: cannot}
}

func (m Model) openNewTable(d document) Model {
	return m.open(dialog.NewNewTable(d.queue, d.align(m.Align)), tryNewTable(m, d))
}

func tryNewTable(_ Model, d document) error {
	return canStageAny(d.queue, ops.NewTable{Kind: model.TableGPT}, ops.NewTable{Kind: model.TableMBR})
}

func (m Model) openConvert(d document) Model {
	return m.open(dialog.NewConvert(d.queue, d.align(m.Align)))
}

func tryConvert(_ Model, d document) error {
	_, err := dialog.NewConvert(d.queue, geometry.AlignMiB)
	return err
}

// openRoom opens the Make room page for the selected partition. If none is selected, the page offers a smaller image
// instead.
func (m Model) openRoom(d document) (Model, tea.Cmd) {
	p, ok := d.partition()
	if !ok {
		return m.fitImage(d)
	}
	return m.showRoom(dialog.NewMakeRoom(d.queue, p.ID, d.align(m.Align)))
}

// fitImage opens the page with the ways to make the image as small as its contents allow.
func (m Model) fitImage(d document) (Model, tea.Cmd) {
	return m.showRoom(dialog.NewSmallImage(d.queue, d.align(m.Align)))
}

// showRoom opens the Make room page and carries out its first action.
func (m Model) showRoom(room dialog.Dialog, first dialog.Action, err error) (Model, tea.Cmd) {
	if d, ok := m.doc(); ok {
		err = cmp.Or(ops.Unfit(d.queue.Preview()), err)
	}
	if m = m.open(room, err); err != nil || first == nil {
		return m, nil
	}
	return m.perform(first)
}
