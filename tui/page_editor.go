package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// editorKey does what a key of the editor stands for. Keys that need a target say so when there is none.
func (m Model) editorKey(msg tea.KeyPressMsg, _ document) (tea.Model, tea.Cmd) {
	k := m.keys
	switch {
	case keymap.Match(msg, k.quit):
		return m.askQuit()
	case keymap.Match(msg, k.open):
		return m.browse()
	case keymap.Match(msg, k.next, k.previous):
		return m.turnTarget(msg)
	case keymap.Match(msg, k.help):
		m.reader = reader{kind: readHelp}
		return m, nil
	case keymap.Match(msg, k.support):
		return m.openSupport()
	}
	d, ok := m.doc()
	if ok && keymap.Match(msg, k.shut) {
		return m.askClose(d)
	}
	if ok && d.doing != "" {
		return m, nil // it takes a moment, and its answer comes by itself
	}
	if !ok || d.state != docOpen {
		if m.known(msg) {
			return m.say(toneWarn, "No target is open: o opens one"), nil
		}
		return m, nil
	}
	if next, ok := m.cursorKey(msg, d); ok {
		return next, nil
	}
	if next, cmd, ok := m.diskKey(msg, d); ok {
		return next, cmd
	}
	if d.pane == pendingPane {
		if next, ok := m.pendingKey(msg, d); ok {
			return next, nil
		}
	}
	if keymap.Match(msg, k.room) {
		return m.openRoom(d)
	}
	return m.partitionKey(msg, d), nil
}

// known reports whether a key belongs to the editor.
func (m Model) known(msg tea.KeyPressMsg) bool {
	return slices.ContainsFunc(m.keys.groups(), func(g keymap.Group) bool { return keymap.Match(msg, g.Bindings...) })
}

// cursorKey moves the cursor.
func (m Model) cursorKey(msg tea.KeyPressMsg, d document) (Model, bool) {
	k := m.keys
	const far = 1 << 20
	page := max(1, m.pendingOf(d).layout().table-2)
	switch {
	case keymap.Match(msg, k.up):
		d = d.move(-1)
	case keymap.Match(msg, k.down):
		d = d.move(1)
	case keymap.Match(msg, k.pageUp):
		d = d.move(-page)
	case keymap.Match(msg, k.pageDown):
		d = d.move(page)
	case keymap.Match(msg, k.top):
		d = d.move(-far)
	case keymap.Match(msg, k.bottom):
		d = d.move(far)
	default:
		return m, false
	}
	return m.withDoc(m.current, d), true
}

// diskKey takes the keys that mean the disk or the whole queue.
func (m Model) diskKey(msg tea.KeyPressMsg, d document) (tea.Model, tea.Cmd, bool) {
	k := m.keys
	var next tea.Model
	var cmd tea.Cmd
	switch {
	case keymap.Match(msg, k.undo):
		next = m.undo(d)
	case keymap.Match(msg, k.redo):
		next = m.redo(d)
	case keymap.Match(msg, k.clear):
		next = m.askClear(d)
	case keymap.Match(msg, k.rehearse):
		next, cmd = m.begin(d, rehearseRun)
	case keymap.Match(msg, k.apply):
		next, cmd = m.begin(d, applyRun)
	case keymap.Match(msg, k.takeBack):
		next = m.askTakeBack(d)
	case keymap.Match(msg, k.save):
		next = m.askSavePlan(d)
	case keymap.Match(msg, k.image):
		next = m.openImageSize(d)
	case keymap.Match(msg, k.table):
		next = m.openNewTable(d)
	case keymap.Match(msg, k.convert):
		next = m.openConvert(d)
	case keymap.Match(msg, k.mounts):
		next = m.openMounts(d)
	case keymap.Match(msg, k.info):
		next, cmd = m.openInfo(d)
	default:
		return m, nil, false
	}
	return next, cmd, true
}

// pendingKey takes the keys that mean the selected operation.
func (m Model) pendingKey(msg tea.KeyPressMsg, d document) (Model, bool) {
	k := m.keys
	switch {
	case keymap.Match(msg, k.remove):
		return m.drop(d), true
	case keymap.Match(msg, k.earlier):
		return m.shift(d, -1), true
	case keymap.Match(msg, k.later):
		return m.shift(d, 1), true
	case keymap.Match(msg, k.resize, k.room, k.create, k.check, k.format, k.copy, k.paste, k.label, k.name, k.kind, k.uuid):
		return m.say(toneWarn, "This is a pending operation: d removes it, ↑ leads to the partitions"), true
	}
	return m, false
}

// partitionKey takes the keys that mean the selected partition or gap.
func (m Model) partitionKey(msg tea.KeyPressMsg, d document) Model {
	k := m.keys
	if text := d.noTable(); text != "" && keymap.Match(msg, k.resize, k.create, k.remove, k.check, k.format, k.label, k.name, k.kind, k.uuid, k.copy) {
		return m.say(toneWarn, text)
	}
	switch {
	case keymap.Match(msg, k.resize):
		return m.openResize(d)
	case keymap.Match(msg, k.create):
		return m.openCreate(d)
	case keymap.Match(msg, k.remove):
		if p, ok := d.partition(); ok {
			return m.stage(ops.Delete{ID: p.ID})
		}
		return m.say(toneWarn, "Select a partition to delete: nothing is here that could be")
	case keymap.Match(msg, k.check):
		if p, ok := d.partition(); ok {
			return m.stage(ops.Check{ID: p.ID})
		}
		return m.say(toneWarn, "Select a partition to check: there is no file system here")
	case keymap.Match(msg, k.format):
		return m.openFormat(d)
	case keymap.Match(msg, k.label):
		return m.openLabel(d)
	case keymap.Match(msg, k.name):
		return m.openName(d)
	case keymap.Match(msg, k.kind):
		return m.openType(d)
	case keymap.Match(msg, k.uuid):
		return m.openUUID(d)
	case keymap.Match(msg, k.copy):
		return m.copyPart(d)
	case keymap.Match(msg, k.paste):
		return m.openPaste(d)
	case keymap.Match(msg, k.earlier, k.later):
		return m.say(toneWarn, "Select a pending operation to change the order")
	}
	return m
}

// noTable is why there is nothing to edit on a disk without partitions, "" if it has a table.
func (d document) noTable() string {
	disk := d.queue.Preview()
	switch {
	case disk.Table.Kind != model.TableNone || !disk.ReadOnly().OK():
		return ""
	case disk.Whole.Known():
		return fmt.Sprintf("The %s covers the whole disk: T makes a table in its place", disk.Whole.Kind)
	}
	return "There is no partition table yet: T makes one"
}

// noGap is what to do to get free space, "" if there is some to select.
func (d document) noGap() string {
	for _, row := range d.rows() {
		if row.Kind == model.RowGap {
			return ""
		}
	}
	if d.queue.Preview().Fixed {
		return "No free space: m shrinks a partition, d deletes one"
	}
	return "No free space: m shrinks a partition, z grows the image"
}

// partition is the selected partition; ok is false if something else is selected.
func (d document) partition() (model.Partition, bool) {
	row, ok := d.selected()
	return row.Partition, ok && row.Kind == model.RowPartition
}

func (m Model) openResize(d document) Model {
	p, ok := d.partition()
	if !ok {
		return m.say(toneWarn, "Select a partition to resize or move: n makes a new one here")
	}
	if reason := d.queue.Preview().ReadOnly(); !reason.OK() {
		return m.refuse(&ops.Refusal{What: "resize or move " + p.Ref(), Reason: reason})
	}
	if why := whyFixed(d, p.ID); !why.OK() {
		return m.refuse(&ops.Refusal{What: "resize or move " + p.Ref(), Reason: why})
	}
	return m.push(dialog.NewResize(d.queue, p.ID, m.align))
}

// whyFixed is why a partition can neither be moved nor resized, if so.
func whyFixed(d document, id model.PartID) model.Reason {
	l := ops.Limit(d.queue.Preview(), d.queue.Env(), id)
	if l.Move.OK() || l.Grow.OK() || l.Shrink.OK() {
		return ""
	}
	return l.Grow
}

func (m Model) openCreate(d document) Model {
	row, ok := d.selected()
	if ok && row.Kind == model.RowPartition && row.Partition.Role == model.Extended {
		return m.say(toneWarn, "Select the free space inside the extended partition")
	}
	if text := d.noGap(); text != "" {
		return m.say(toneWarn, text)
	}
	if !ok || row.Kind != model.RowGap {
		return m.say(toneWarn, "Select free space to make a partition in")
	}
	c, err := dialog.NewCreate(d.queue, row.Gap, m.align)
	if err != nil {
		return m.refuse(err)
	}
	return m.push(c)
}

func (m Model) openImageSize(d document) Model {
	if _, _, cannot := ops.ImageLimits(d.queue.Preview()); !cannot.OK() {
		return m.refuse(&ops.Refusal{What: "change the image size", Reason: cannot})
	}
	return m.push(dialog.NewImageSize(d.queue, m.align))
}

func (m Model) askClear(d document) Model {
	n := d.queue.Len()
	if n == 0 {
		return m.say(toneWarn, "Nothing is pending")
	}
	return m.push(dialog.NewAsk("Clear all?", dialog.Warning,
		[]string{fmt.Sprintf("This takes back %s. Nothing was written to the target.", operationWords(n))},
		dialog.YesNo("Keep", "Clear", widget.Harmless, dialog.ClearQueue{})...))
}

func (m Model) askSavePlan(d document) Model {
	if d.queue.Len() == 0 {
		return m.say(toneWarn, "Nothing is pending: there is no plan to save")
	}
	return m.push(dialog.NewPath(dialog.SavePlan, "Save plan",
		"Writes the pending operations as a plan file; `shunt apply` carries it out.", strings.TrimSuffix(d.path, "/")+".plan"))
}
