package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// The sections of the help. The keys of the first one move the cursor.
const (
	selectGroup    = "Select"
	partitionGroup = "Partition"
	diskGroup      = "Disk"
	pendingGroup   = "Pending operations"
	programGroup   = "Program"
)

// editorGroups returns the bindings of the editor, in the sections of the help.
func editorGroups() []bindingGroup {
	return []bindingGroup{
		{selectGroup, needTarget(append(travel(Model.moveCursor), findBinding()))},
		{partitionGroup, []binding{
			on("enter", "edit what is selected", noCommand(Model.enter), "enter").goesOn().unless(notOpen).foreseen(tryEnter),
			on("m", "resize/move", noCommand(Model.openResize), "m").goesOn().foreseen(tryResize).
				unless(noContents("resize or move: n makes a new one here")),
			on("n", "new", noCommand(Model.openCreate), "n").unless(noTable).unless(noFreeSpace).foreseen(tryCreate),
			onStage("d", "delete", func(p model.Partition) ops.Operation { return ops.Delete{ID: p.ID} }, "d", "delete").
				unless(noPartition("delete")),
			onEdit("f", "format", dialog.NewFormat, tryFormat, "f").unless(noPartition("format")),
			on("c", "copy", noCommand(Model.copyPart), "c").unless(noPartition("copy")).foreseen(tryCopy),
			on("v", "paste", noCommand(Model.openPaste), "v").unless(notInTable).unless(nothingCopied).foreseen(tryPaste),
			onEdit("l", "label", dialog.NewLabel, tryLabel, "l").unless(noContents("label")),
			onEdit("N", "partition name", dialog.NewName, tryName, "N").unless(noPartition("name")),
			onEdit("t", "type and flags", newType, tryType, "t").unless(noPartition("change the type or flags of")),
			onEdit("w", "new UUID", dialog.NewUUID, tryUUID, "w").unless(noContents("give a new UUID")),
			onStage("x", "check", func(p model.Partition) ops.Operation { return ops.Check{ID: p.ID} }, "x").
				unless(noContents("check: there is no file system here")),
			onStage("F", "fill", func(p model.Partition) ops.Operation { return ops.Fill{ID: p.ID} }, "F").
				unless(noContents("fill: there is no file system here")),
			onEdit(paletteKey, "resize the entry alone", dialog.NewEntrySize, tryEntrySize).unless(noPartition("resize its entry alone")),
			on("g", "make room", Model.openRoom, "g").unless(notInTable),
			byPalette("wipe", noCommand(Model.openWipe)).unless(notInTable),
		}},
		{diskGroup, needTarget([]binding{
			on("z", "image size", noCommand(Model.openImageSize), "z").foreseen(tryImageSize),
			on("T", "new table", noCommand(Model.openNewTable), "T").foreseen(tryNewTable),
			on("G", "MBR to GPT", noCommand(Model.openConvert), "G").foreseen(tryConvert),
			on("i", "information", Model.openInfo, "i"),
			on("H", "sectors in hex", Model.openSectors, "H"),
			on("M", "mount, attach", noCommand(Model.openMounts), "M"),
			byPalette("number by place", noCommand(func(m Model, _ document) Model { return m.stage(ops.Sort{}) })).unless(inOrder),
			byPalette("GPT details, hybrid MBR", noCommand(func(m Model, d document) Model {
				return m.open(dialog.NewGPTDetails(d.queue, d.align(m.Align)), nil)
			})).unless(noGPT),
			byPalette("repair the table", Model.openReadings).unless(undamaged),
			byPalette("save table", noCommand(Model.askSaveTable)).unless(noTableToSave),
			byPalette("restore table", noCommand(Model.askRestoreTable)),
			byPalette("find lost partitions", Model.openLost),
			on("L", "last log", noTarget(Model.openLog), "L"),
			byPalette("history", Model.openHistory),
			on("f5", "read it again", Model.readTarget, "f5"),
		})},
		{pendingGroup, needTarget([]binding{
			on("u", "undo", noCommand(Model.undo), "u").foreseeing(noUndo),
			on("ctrl+r", "redo", noCommand(Model.redo), "ctrl+r").foreseeing(noRedo),
			on("P", "to this list and back", noCommand(Model.switchPane), "P").unless(nothingPending),
			on("d", "remove the selected one", Model.drop, "d", "delete").unless(notInPending),
			on("K", "do earlier", noCommand(Model.doEarlier), "K", "shift+up").unless(notInPending).foreseen(tryShift(-1)),
			on("J", "do later", noCommand(Model.doLater), "J", "shift+down").unless(notInPending).foreseen(tryShift(1)),
			on("X", "clear all", noCommand(Model.askClear), "X").foreseeing(nothingPending),
			on("R", "rehearse", Model.rehearse, "R").foreseeing(nothingPending),
			on("a", "apply", Model.apply, "a").foreseeing(nothingPending),
			byPalette("rehearse in the background", Model.turnAhead),
			on("s", "save plan", noCommand(Model.askSavePlan), "s").foreseeing(nothingPending),
			on("p", "open plan", Model.askOpenPlan, "p"),
			on("U", "undo the last apply", noCommand(Model.askTakeBack), "U").foreseeing(noTakeBack),
		})},
		{programGroup, append(append([]binding{openBinding()}, turnBindings()...),
			closeBinding().unless(noDocument),
			on("S", "what is supported", noTarget(Model.openSupport), "S"),
			paletteBinding(),
			on("? f1", "help", noTarget(Model.openHelp), helpKey, "f1"),
			suspendBinding(),
			quitBinding(),
		)},
	}
}

func (m Model) editorBindings(document) []binding { return m.keys }

func editorKeys() []binding {
	var out []binding
	for _, g := range editorGroups() {
		out = append(out, g.list...)
	}
	return out
}

func noDocument(_ Model, d document) model.Reason {
	if d.path == "" {
		return "No target is open: o opens one"
	}
	return ""
}

func notOpen(_ Model, d document) model.Reason {
	switch {
	case d.doing != "":
		return model.Reason(d.doing + " " + d.name() + " takes a moment")
	case d.state != docOpen:
		return "No target is open: o opens one"
	}
	return ""
}

// needTarget returns bindings that can be used only if a target is open.
func needTarget(list []binding) []binding {
	for i := range list {
		why := list[i].why
		list[i].why = func(m Model, d document) model.Reason {
			if no := notOpen(m, d); !no.OK() || why == nil {
				return no
			}
			return why(m, d)
		}
	}
	return list
}

func notInTable(m Model, d document) model.Reason {
	if no := notOpen(m, d); !no.OK() {
		return no
	}
	if d.pane == pendingPane {
		return "This is a pending operation: d removes it, and the up arrow leads to the partitions"
	}
	return ""
}

func nothingPending(_ Model, d document) model.Reason {
	if d.queue.Len() == 0 {
		return "Nothing is pending"
	}
	return ""
}

// removeKeys removes a pending operation, or deletes a partition.
func removeKeys() keymap.Binding { return keymap.Bind("d", "delete", "d", "delete") }

// switchPane gives the keyboard to the other of the two lists.
func (m Model) switchPane(d document) Model {
	d.pane = pendingPane - d.pane
	return m.withDoc(m.current, d)
}

func notInPending(_ Model, d document) model.Reason {
	if d.pane != pendingPane {
		return "Select a pending operation to change the order"
	}
	return ""
}

func noTable(m Model, d document) model.Reason {
	if no := notInTable(m, d); !no.OK() {
		return no
	}
	return d.noTable()
}

// noPartition returns the reason shown if no partition is selected. todo names the action that needs one.
func noPartition(todo string) whyFunc {
	return func(m Model, d document) model.Reason {
		no := noTable(m, d)
		if _, ok := d.partition(); no.OK() && !ok {
			return model.Reason("Select a partition to " + todo)
		}
		return no
	}
}

// noContents is like noPartition, but what covers a disk without a table can be selected too.
func noContents(todo string) whyFunc {
	none := noPartition(todo)
	return func(m Model, d document) model.Reason {
		if _, ok := d.contents(); ok {
			return notInTable(m, d)
		}
		return none(m, d)
	}
}

func (m Model) moveCursor(d document, s step) Model {
	page := max(1, m.pendingOf(d).layout().table-2)
	return m.withDoc(m.current, d.move(s.lines+s.pages*page, s.pages != 0 || s.lines*s.lines > 1))
}

// noTable returns why a disk without a partition table cannot be edited, or "" if it has one.
func (d document) noTable() model.Reason {
	disk := d.queue.Preview()
	switch {
	case disk.Table.Kind != model.TableNone || !disk.ReadOnly().OK():
		return ""
	case disk.Whole.Known():
		return model.Because("The %s covers the whole disk: T makes a table in its place", disk.Whole.Kind)
	}
	return "There is no partition table yet: T makes one"
}

// noGap returns how to get free space, or "" if there is some to select.
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

// partition returns the selected partition; ok is false if something else is selected.
func (d document) partition() (model.Partition, bool) {
	row, ok := d.selected()
	return row.Partition, ok && row.Kind == model.RowPartition
}

// contents is like partition, and also returns what covers a disk without a table. That has the identity 0.
func (d document) contents() (model.Partition, bool) {
	if row, ok := d.selected(); ok && row.Kind == model.RowWhole {
		return d.queue.Preview().Partition(0)
	}
	return d.partition()
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
		"A plan file of the pending operations. Open it with p, or carry it out with `shunt apply`.", d.planPath()))
}

// askOpenPlan opens the dialog for a plan file, with the recent ones.
func (m Model) askOpenPlan(d document) (Model, tea.Cmd) {
	backend := m.Backend
	return m.push(dialog.NewOpenPlan(d.planPath())), func() tea.Msg { return answerDialogs(dialog.RecentPlans{Paths: backend.Plans()}) }
}

// planPath returns the proposal for the path of a plan file.
func (d document) planPath() string { return strings.TrimSuffix(d.path, "/") + ".plan" }

func (m Model) askSaveLog(d document) Model {
	return m.push(dialog.NewPath(dialog.SaveLog, "Save log", "Writes the log so far: the commands and their output.",
		filepath.Clean(d.path)+".log"))
}
