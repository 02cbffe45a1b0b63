package tui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// This file opens the page of an image file: what it is, and what can be done with all of it. What changes the image is
// staged in the queue like every other edit. What makes another file is left to the command line, and the page shows the
// command.

func (m Model) openImageFile(d document) Model {
	return m.push(dialog.NewFactMenu("Image file", report.ImageFacts(d.facts), d.imageItems(d.align(m.Align))...))
}

// cannot returns why an operation cannot be staged now, or "".
func (d document) cannot(op ops.Operation) model.Reason {
	_, err := d.queue.Stage(op)
	return reasonOf(err)
}

func (d document) imageItems(align geometry.Alignment) []dialog.Item {
	stage := func(text, note string, op ops.Operation) dialog.Item {
		return dialog.Item{Text: text, Note: note, Off: d.cannot(op), Action: dialog.Stage{Op: op, Align: align}}
	}
	items := append(d.snapshotItems(align),
		stage("Sparsify", "Gives free blocks and zeros back to the host. What was in free blocks is lost, and not kept for an undo.",
			ops.Sparsify{}),
		d.convertItem(),
		stage("Flatten", "Copies what the image shows of its backing file into it. It stands alone then.", ops.Flatten{}),
	)
	items = append(items, d.backingItems()...)
	return append(items,
		stage("Repair the format", "Counts anew which clusters of the file are in use, and writes that. The disk in it stays as it is.", ops.RepairImage{}),
		stage("Drop the bitmaps", "The next incremental backup has to be a full one then.", ops.DropBitmaps{}),
	)
}

// snapshotItems returns the items that make a snapshot, go back to one, and delete one.
func (d document) snapshotItems(align geometry.Alignment) []dialog.Item {
	var list []model.ImageSnapshot
	if layers := d.queue.Env().Layers; layers != nil {
		list = layers.Snapshots()
	}
	made := dialog.Item{
		Text: "Make a snapshot", Note: "Keeps the disk as it is now under a name.",
		Action: dialog.Show{Dialog: dialog.NewSnapshot(d.queue, align)}, Off: d.cannot(ops.CreateSnapshot{Name: freeName(list)}),
	}
	// Deleting and going back are possible at the same times. To try going back would read the disk in the snapshot.
	off := d.cannot(ops.DeleteSnapshot{})
	if off.OK() && len(list) == 0 {
		off = "the image has no snapshots"
	}
	back := dialog.Item{Text: "Go back to a snapshot", Note: "What was written since is lost, unless another snapshot keeps it.", Off: off}
	gone := dialog.Item{Text: "Delete a snapshot", Note: "The disk stays as it is. What only the snapshot keeps is lost.", Off: off}
	if !off.OK() {
		return []dialog.Item{made, back, gone}
	}
	choose := func(it dialog.Item, does string, op func(model.ImageSnapshot) ops.Operation) dialog.Item {
		var items []dialog.Item
		for _, shot := range list {
			items = append(items, dialog.Item{
				Text: shot.Name + " (" + shot.ID + ")", Note: snapshotNote(shot), Action: dialog.Stage{Op: op(shot), Align: align},
			})
		}
		it.Action = dialog.Show{Dialog: dialog.NewLossMenu(it.Text, it.Note, does, items...)}
		return it
	}
	return []dialog.Item{
		made,
		choose(back, "go back", func(s model.ImageSnapshot) ops.Operation { return ops.ApplySnapshot{Snapshot: s} }),
		choose(gone, "delete", func(s model.ImageSnapshot) ops.Operation { return ops.DeleteSnapshot{Snapshot: s} }),
	}
}

func snapshotNote(s model.ImageSnapshot) string {
	var words []string
	if s.Made > 0 {
		words = append(words, report.Made(s))
	}
	if s.Size > 0 {
		words = append(words, "a disk of "+geometry.FormatBytes(s.Size))
	}
	if s.State > 0 {
		words = append(words, "with the memory of a running machine")
	}
	return strings.Join(words, ", ")
}

// freeName returns a name that no snapshot in the list has.
func freeName(list []model.ImageSnapshot) string {
	for i := 1; ; i++ {
		name := fmt.Sprintf("snapshot %d", i)
		if !slices.ContainsFunc(list, func(s model.ImageSnapshot) bool { return s.Name == name }) {
			return name
		}
	}
}

// leaveFirst says when a shown command can run.
const leaveFirst = "The image is locked while it is open here. Close it (ctrl+w) or leave shunt, and then run this command. "

func (d document) convertItem() dialog.Item {
	path, ending := d.facts.Path, filepath.Ext(d.facts.Path)
	to := ".qcow2"
	if d.facts.Around != nil {
		to = ".raw"
	}
	if to == ending {
		to = "-copy" + to
	}
	return dialog.Item{
		Text: "Convert to another file", Note: "Shows the command that does it. This image stays as it is.",
		Action: dialog.Show{Dialog: dialog.NewCommand("Convert to another file",
			leaveFirst+"The ending of the new name chooses the format: .raw, .qcow2, .vmdk, .vdi, .vhd, .vhdx.",
			strings.TrimSuffix(path, ending)+to,
			func(to string) string { return d.facts.Call.LineTo("image convert", safetext.Operand(to)) })},
	}
}

// backingItems returns the items that change the backing file, for an image that has one.
func (d document) backingItems() []dialog.Item {
	if d.facts.Around == nil || len(d.facts.Around.Chain) == 0 {
		return nil
	}
	base := d.facts.Around.Chain[0].Path
	if !filepath.IsAbs(base) {
		base = filepath.Join(filepath.Dir(d.facts.Path), base) // the command may run in any directory
	}
	return []dialog.Item{
		{
			Text: "Use another backing file", Note: "Shows the command that does it. The disk stays as it is.",
			Off: d.cannot(ops.Flatten{}), // both are impossible for the same reasons
			Action: dialog.Show{Dialog: dialog.NewCommand("Use another backing file", leaveFirst+"The disk stays as it is.", base,
				func(to string) string { return d.facts.Call.Line("image rebase", "--backing", to) })},
		},
		{
			Text: "Write into the backing file", Note: "Shows the command that does it. The backing file becomes what this image shows.",
			Action: dialog.Show{Dialog: dialog.NewLossMessage("Write into the backing file", "Other images that use this backing file become worthless.",
				leaveFirst+"The backing file becomes what this image shows.",
				widget.Clean(d.facts.Call.Line("image commit")))},
		},
	}
}

// readSnapshot stages going back to a snapshot. That reads the disk in it, so it is a command.
func (m Model) readSnapshot(d document, op ops.ApplySnapshot) (Model, tea.Cmd) {
	q := d.queue
	return m.runOnTarget(d, "Reading", func() tea.Msg {
		next, err := q.Edit(op)
		return forTarget(d.gen, func(m Model, i int) (Model, tea.Cmd) { return m.snapshotRead(i, next, op, err), nil })
	})
}

// snapshotRead puts the queue of readSnapshot in place.
func (m Model) snapshotRead(i int, next ops.Queue, op ops.ApplySnapshot, err error) Model {
	d := m.docs[i]
	d.doing = ""
	if err != nil {
		return m.withDoc(i, d).refuse(err)
	}
	text := stagedWords(d.queue, next, op)
	return m.withDoc(i, d.with(next, 0)).say(toneGood, text)
}
