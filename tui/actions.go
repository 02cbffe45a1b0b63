package tui

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/model/dump"
	"shunt/ops"
	"shunt/ops/plan"
	"shunt/tui/dialog"
)

// perform carries out the action that a dialog asks for. It closes the dialog first, unless the dialog waits for an
// answer.
func (m Model) perform(action dialog.Action) (Model, tea.Cmd) {
	if cmd := m.ask(action); cmd != nil {
		return m, cmd
	}
	switch a := action.(type) {
	case dialog.Solve:
		return m.findPlans(a)
	case dialog.Explain:
		return m.explain(a.Dialog), nil
	}
	var about subject
	if n := len(m.dialogs); n > 0 {
		about = m.dialogs[n-1].subject
	}
	m = m.pop()
	if why := m.outdated(about, action); why != "" {
		return m.say(toneWarn, why), nil
	}
	d, ok := m.doc()
	switch a := action.(type) {
	case dialog.Quit:
		return m.quit()
	case dialog.Open:
		return m.openFor(a)
	case dialog.Do:
		return m.command(a)
	case dialog.Save:
		a.Path = m.homed(a.Path)
		if a.Text == "" {
			a.Text = savedText(d, a.What, about)
		}
		return m, saveFile(m.Backend, a)
	}
	if !ok {
		return m, nil
	}
	switch a := action.(type) {
	case dialog.OpenTable:
		return m, readTable(d, a.Path)
	case dialog.OpenPlan:
		return m, readPlan(m.Backend, d, m.homed(a.Path), d.align(m.Align))
	case dialog.CopyOut:
		return m.copyOut(d, a)
	case dialog.Stage:
		m.Align = a.Align
		if op, reads := a.Op.(ops.ApplySnapshot); reads {
			return m.readSnapshot(d, op)
		}
		return m.stage(a.Op), nil
	case dialog.StageAll:
		if a.Apply {
			return m.stageAndApply(a)
		}
		return m.stageAll(a), nil
	case dialog.ClearQueue:
		return m.clearQueue(d), nil
	case dialog.CloseTarget:
		return m.closeTarget()
	case dialog.Commit:
		return m.commit(d)
	case dialog.StopRun:
		return m.stopRun()
	case dialog.TakeBack:
		return m.takeBack(d, a.N)
	case dialog.Refused:
		return m.refuse(a.Err), nil
	case dialog.ImageFile:
		return m.openImageFile(d), nil
	case dialog.Show:
		return m.push(a.Dialog), nil
	case dialog.FitImage:
		return m.fitImage(d)
	case dialog.Mount:
		return m.runOnTarget(d, "Mounting", mountPart(d, a))
	case dialog.Unmount:
		return m.runOnTarget(d, "Unmounting", unmountPart(d, a.ID))
	case dialog.SwapOn:
		return m.runOnTarget(d, "Starting to swap", swapOn(d, a.ID))
	case dialog.Free:
		if p, _ := d.contents(); a.GoOn {
			d.then, d.thenOn = m.again, p.ID
		}
		return m.runOnTarget(d, "Ending the use", freeParts(d, a.IDs))
	case dialog.Attach:
		return m.runOnTarget(d, "Attaching", replaceTarget(m.Backend, d, m.Backend.Attach, "attached as %s", "M detaches it"))
	case dialog.GoTo:
		return m.goToSector(d, a.Sector)
	case dialog.Detach:
		return m.runOnTarget(d, "Detaching", replaceTarget(m.Backend, d, m.Backend.Detach, "detached; this is the image %s", ""))
	}
	return m, nil
}

// ask returns the command that answers a request of an open dialog, or nil for any other action.
func (m Model) ask(action dialog.Action) tea.Cmd {
	switch a := action.(type) {
	case dialog.List:
		return listDir(m.Backend, a.Dir, m.homed(a.Dir))
	case dialog.Summarize:
		return func() tea.Msg { return answerDialogs(dialog.Summaries{List: m.Backend.Summarize(a.Paths)}) }
	}
	return nil
}

// stage adds an operation to the queue. An edit of the same thing may be joined with a pending one.
func (m Model) stage(op ops.Operation) Model {
	return m.stageAll(dialog.StageAll{Ops: []ops.Operation{op}})
}

// stageAll adds operations that belong together to the queue: all of them, or none.
func (m Model) stageAll(a dialog.StageAll) Model {
	d, ok := m.doc()
	if !ok || len(a.Ops) == 0 {
		return m
	}
	q, first := d.queue, a.Ops[0]
	for _, op := range a.Ops {
		next, err := q.Edit(op)
		if err != nil {
			return m.refuse(err)
		}
		q = next
	}
	text := fmt.Sprintf("%d operations are pending: a applies them, u takes back the last", len(a.Ops))
	part := cmp.Or(a.Part, first.Part())
	if len(a.Ops) == 1 {
		text, part = stagedWords(d.queue, q, first), present(q, first)
	}
	d.pane = tablePane
	return m.withDoc(m.current, d.with(q, part)).say(toneGood, text)
}

// stagedWords describes the result of an edit: it became an operation of its own, replaced an earlier one, or cancelled
// one.
func stagedWords(before, after ops.Queue, op ops.Operation) string {
	const more = "; a applies, u takes it back"
	_, last, _ := after.Undo()
	text := ""
	switch n := after.Len(); {
	case n > before.Len():
		text = fmt.Sprintf("Pending as operation %d", n) // the list shows it
	case droppedEdits(before, after, op) > 0:
		text = droppedEditWords(before, after, op, droppedEdits(before, after, op))
	case last.To >= 0:
		text = fmt.Sprintf("One edit now with operation %d", last.To+1)
	case n == 0:
		text = "These edits cancel each other: nothing is pending any more"
	default:
		text = "These edits cancel each other: " + pendingWords(n)
	}
	if after.Len() == 0 {
		return text
	}
	return text + more
}

// droppedEdits returns how many pending edits of a partition its deletion replaced, if the partition is on the target.
func droppedEdits(before, after ops.Queue, op ops.Operation) int {
	del, ok := op.(ops.Delete)
	if _, scanned := before.Initial().Partition(del.ID); !ok || !scanned {
		return 0
	}
	return before.Len() + 1 - after.Len()
}

// droppedEditWords says which pending edits of a partition its deletion replaced.
func droppedEditWords(before, after ops.Queue, op ops.Operation, n int) string {
	p, _ := before.Preview().Partition(op.Part())
	text := "Pending: delete " + p.Ref()
	if n > 1 {
		return text + fmt.Sprintf("; its %d edits are dropped", n)
	}
	at := slices.IndexFunc(before.Ops(), func(old ops.Operation) bool {
		return old.Part() == op.Part() && !slices.Contains(after.Ops(), old)
	})
	return text + "; its " + ops.Noun(before.Ops()[at]) + " is dropped"
}

func (m Model) clearQueue(d document) Model {
	d.cleared = d.queue
	return m.withDoc(m.current, d.with(d.queue.Clear(), 0)).
		say(toneGood, operationWords(d.queue.Len())+" taken back; u restores all, ctrl+r one by one")
}

// undo reverts the last change to the list of pending operations.
func (m Model) undo(d document) Model {
	q, c, ok := d.queue.Undo()
	switch {
	case !ok && d.cleared.Len() > 0:
		q, d.cleared = d.cleared, ops.Queue{}
		return m.withDoc(m.current, d.with(q, 0)).say(toneGood, "Back as before the clearing: "+pendingWords(q.Len()))
	case !ok:
		return m.say(toneWarn, string(noUndo(m, d)))
	}
	return m.changed(d, q, c, q, "Taken back: ", "Pending again: ", "Back in its place: ")
}

// noUndo returns why undo would do nothing, or "".
func noUndo(_ Model, d document) model.Reason {
	switch _, _, ok := d.queue.Undo(); {
	case ok || d.cleared.Len() > 0:
		return ""
	case d.facts.Undo() != nil:
		return "Nothing to undo here; U undoes the last apply"
	}
	return "Nothing to undo"
}

// noRedo returns why redo would do nothing, or "".
func noRedo(_ Model, d document) model.Reason {
	if _, _, ok := d.queue.Redo(); !ok {
		return "Nothing to redo"
	}
	return ""
}

// redo repeats the change that undo reverted.
func (m Model) redo(d document) Model {
	q, c, ok := d.queue.Redo()
	if !ok {
		return m.say(toneWarn, string(noRedo(m, d)))
	}
	return m.changed(d, q, c, d.queue, "Pending again: ", "Removed again: ", "Moved again: ")
}

// changed replaces the queue of the document and reports the change. staged, removed and moved begin the report,
// depending on the kind of change. in is the queue in which the changed operation is found; for a staged operation, the
// queue it acts on.
func (m Model) changed(d document, q ops.Queue, c ops.Change, in ops.Queue, staged, removed, moved string) Model {
	text := ""
	switch c.Kind {
	case ops.Staged:
		text = staged + c.Op.Describe(in.Preview()).String()
	case ops.Removed:
		text = removed + described(in, c.From)
	case ops.Reordered:
		text = moved + described(in, c.From)
	}
	return m.withDoc(m.current, d.with(q, present(q, c.Op))).say(toneGood, text)
}

// described returns operation i of the queue as a line of text.
func described(q ops.Queue, i int) string { return q.DescribeAt(i).String() }

// present returns the partition of an operation if it exists in the preview, otherwise 0.
func present(q ops.Queue, op ops.Operation) model.PartID {
	if _, ok := q.Preview().Partition(op.Part()); ok {
		return op.Part()
	}
	return 0
}

// drop removes the selected operation. After the last one the partitions get the keyboard, where the same key deletes.
func (m Model) drop(d document) (Model, tea.Cmd) {
	text := "Removed: " + described(d.queue, d.pending)
	q, err := d.queue.Remove(d.pending)
	if err != nil {
		return m.refuse(err), nil
	}
	m = m.withDoc(m.current, d.with(q, 0)).say(toneGood, text)
	if q.Len() > 0 {
		return m, nil
	}
	return m.say(toneGood, text+"; nothing is pending any more").afterLast()
}

// afterLast waits until the key that has removed the last operation is let go.
func (m Model) afterLast() (Model, tea.Cmd) {
	m.gen++
	m.note.emptied = m.gen
	gen := m.gen
	return m, m.Clock(quiet, func() tea.Msg {
		return result(func(m Model) (Model, tea.Cmd) {
			m.note.settled = m.note.settled || m.note.emptied == gen
			return m, nil
		})
	})
}

// removesNothing answers the key that has removed the last operation, when it is pressed again.
func (m Model) removesNothing(settled bool) (Model, tea.Cmd) {
	m = m.say(toneWarn, "Nothing is pending any more; d once more deletes what is selected")
	if settled {
		return m, nil
	}
	return m.afterLast()
}

func (m Model) doEarlier(d document) Model { return m.shift(d, -1) }

func (m Model) doLater(d document) Model { return m.shift(d, 1) }

// shift moves the selected operation n places down in the queue.
func (m Model) shift(d document, n int) Model {
	q, err := d.shifted(n)
	if err != nil {
		return m.refuse(err)
	}
	to := d.pending + n
	d = d.with(q, 0)
	d.pending = to
	return m.withDoc(m.current, d)
}

// tryShift returns a function that says why the selected operation cannot move n places down.
func tryShift(n int) func(Model, document) error {
	return func(_ Model, d document) error {
		_, err := d.shifted(n)
		return err
	}
}

// shifted returns the queue with the selected operation n places further down.
func (d document) shifted(n int) (ops.Queue, error) {
	switch to := d.pending + n; {
	case to < 0:
		return d.queue, errors.New("it is the first operation already")
	case to >= d.queue.Len():
		return d.queue, errors.New("it is the last operation already")
	default:
		return d.queue.Reorder(d.pending, to)
	}
}

func (m Model) browse() (Model, tea.Cmd) {
	dir := m.Dir
	if d, ok := m.doc(); ok && d.path != "" {
		dir = filepath.Dir(d.path)
	}
	if dir == "" {
		dir = "."
	}
	picker, list := dialog.NewBrowse(dir, m.Home)
	recent := func() tea.Msg { return answerDialogs(dialog.Recents{List: m.Backend.Recent()}) }
	devices := func() tea.Msg { return answerDialogs(dialog.Devices{List: m.Backend.BlockDevices()}) }
	return m.push(picker), tea.Batch(listDir(m.Backend, list.Dir, list.Dir), recent, devices)
}

// openPath brings the target at path into view and opens it if necessary. A target that was refused is tried again.
func (m Model) openPath(path string) (Model, tea.Cmd) {
	// The picker returns absolute paths; the command line may have given a relative one.
	at := slices.IndexFunc(m.docs, func(d document) bool {
		return filepath.Clean(d.path) == filepath.Clean(path) || d.facts.Path == filepath.Clean(path)
	})
	var closing tea.Cmd
	switch {
	case at < 0:
		at, m.docs = len(m.docs), append(slices.Clone(m.docs), document{})
	case m.docs[at].state != docRefused && m.docs[at].state != docLost:
		m.current = at
		return m, nil
	default:
		closing = closeTarget(m.docs[at].target)
	}
	m.gen++
	m.current = at
	return m.withDoc(at, document{path: path, gen: m.gen, queue: m.docs[at].queue}), tea.Sequence(closing, openTarget(m.Backend, m.Clock, path, m.gen))
}

// savedText returns the text that a save writes.
func savedText(d document, what dialog.SaveWhat, about subject) string {
	log := d.lastLog()
	if d.run.gen != about.run {
		log = about.log // the run is no longer shown
	}
	switch what {
	case dialog.SaveLog:
		return strings.Join(log, "\n") + "\n"
	case dialog.SaveTable:
		return dump.Of(d.queue.Initial()).Text(d.facts.Path)
	case dialog.SavePlan:
	}
	return plan.Format(d.queue)
}
