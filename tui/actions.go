package tui

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/plan"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// perform does what a dialog wants, and closes it first unless it only asks for something.
func (m Model) perform(action dialog.Action) (Model, tea.Cmd) {
	if cmd := m.ask(action); cmd != nil {
		return m, cmd
	}
	if solve, ok := action.(dialog.Solve); ok {
		return m.findPlans(solve)
	}
	var about subject
	if n := len(m.dialogs); n > 0 {
		about = m.dialogs[n-1].subject
	}
	m = m.pop()
	if why := m.outdated(about, action); why != "" {
		return m.say(toneWarn, why), nil
	}
	switch a := action.(type) {
	case dialog.Close, dialog.List, dialog.Summarize, dialog.Solve:
		return m, nil
	case dialog.Stage:
		m.align = a.Align
		return m.stage(a.Op), nil
	case dialog.StageAll:
		return m.stageAll(a), nil
	case dialog.ClearQueue:
		return m.clearQueue(), nil
	case dialog.Quit:
		return m.quit()
	case dialog.CloseTarget:
		return m.closeTarget()
	case dialog.Commit:
		d, _ := m.doc()
		return m.commit(d)
	case dialog.StopRun:
		return m.stopRun()
	case dialog.TakeBack:
		return m.takeBack()
	case dialog.Save:
		if a.Text == "" {
			a.Text = m.savedText(a.What, about)
		}
		return m, saveFile(a)
	case dialog.FitImage:
		return m.fitImage()
	case dialog.Open:
		return m.openPath(a.Path)
	case dialog.Mount:
		return m.mount(a)
	case dialog.Unmount:
		return m.unmount(a)
	case dialog.Attach:
		return m.attach()
	case dialog.Detach:
		return m.detach()
	}
	return m, nil
}

// ask is the command for an action that only asks for something, nil for any other.
func (m Model) ask(action dialog.Action) tea.Cmd {
	switch a := action.(type) {
	case dialog.List:
		return listDir(m.backend, a.Dir)
	case dialog.Summarize:
		return summarize(m.backend, a.Paths)
	}
	return nil
}

// stage puts an operation at the end of the queue, or joins it with what is pending.
func (m Model) stage(op ops.Operation) Model {
	d, ok := m.doc()
	if !ok {
		return m
	}
	q, err := d.queue.Edit(op)
	if err != nil {
		return m.refuse(err)
	}
	text := stagedWords(d.queue, q, op)
	d.pane = tablePane
	const more = "; a applies, u takes it back"
	switch room := m.width - 2; {
	case widget.Width(text+more) <= room:
		text += more
	case widget.Width(text) > room:
		text = "It is pending, as the list tells in full" + more
	}
	return m.withDoc(m.current, d.with(q, present(q, op))).say(toneGood, text)
}

// stagedWords tells what an edit led to: an operation of its own, another one in the place of an earlier one, or none.
func stagedWords(before, after ops.Queue, op ops.Operation) string {
	_, last, _ := after.Undo()
	switch n := after.Len(); {
	case n > before.Len():
		return "Pending: " + op.Describe(before.Preview()).String()
	case last.To >= 0:
		return "Pending, as one edit: " + described(after, last.To)
	case n == 0:
		return "These edits cancel each other: nothing is pending any more"
	default:
		return "These edits cancel each other: " + pendingWords(n)
	}
}

// stageAll puts operations that belong together at the end of the queue, all or none.
func (m Model) stageAll(a dialog.StageAll) Model {
	list := a.Ops
	d, ok := m.doc()
	if !ok || len(list) == 0 {
		return m
	}
	if len(list) == 1 {
		return m.stage(list[0])
	}
	q := d.queue
	for _, op := range list {
		next, err := q.Edit(op)
		if err != nil {
			return m.refuse(err)
		}
		q = next
	}
	d.pane = tablePane
	return m.withDoc(m.current, d.with(q, cmp.Or(a.Part, list[0].Part()))).
		say(toneGood, fmt.Sprintf("%d operations are pending: a applies them, u takes back the last", len(list)))
}

func (m Model) clearQueue() Model {
	d, ok := m.doc()
	if !ok {
		return m
	}
	n := d.queue.Len()
	return m.withDoc(m.current, d.with(d.queue.Clear(), 0)).
		say(toneGood, operationWords(n)+" taken back; ctrl+r brings them again, one by one")
}

// undo takes back the last change to the list of pending operations.
func (m Model) undo(d document) Model {
	q, c, ok := d.queue.Undo()
	switch {
	case !ok && d.facts.Undo != nil:
		return m.say(toneWarn, "Nothing to undo here; U undoes the last apply")
	case !ok:
		return m.say(toneWarn, "Nothing to undo")
	}
	text := ""
	switch c.Kind {
	case ops.Staged:
		text = "Taken back: " + c.Op.Describe(q.Preview()).String()
	case ops.Removed:
		text = "Pending again: " + described(q, c.From)
	case ops.Reordered:
		text = "Back in its place: " + described(q, c.From)
	}
	return m.withDoc(m.current, d.with(q, present(q, c.Op))).say(toneGood, text)
}

// redo does again what undo took back.
func (m Model) redo(d document) Model {
	q, c, ok := d.queue.Redo()
	if !ok {
		return m.say(toneWarn, "Nothing to redo")
	}
	text := ""
	switch c.Kind {
	case ops.Staged:
		text = "Pending again: " + c.Op.Describe(d.queue.Preview()).String()
	case ops.Removed:
		text = "Removed again: " + described(d.queue, c.From)
	case ops.Reordered:
		text = "Moved again: " + described(q, c.To)
	}
	return m.withDoc(m.current, d.with(q, present(q, c.Op))).say(toneGood, text)
}

// described is operation i of the queue in one line for people.
func described(q ops.Queue, i int) string { return q.Ops()[i].Describe(q.Before(i)).String() }

// present is the partition of an operation if it is there to be selected, else 0.
func present(q ops.Queue, op ops.Operation) model.PartID {
	if _, ok := q.Preview().Partition(op.Part()); ok {
		return op.Part()
	}
	return 0
}

// drop removes the selected operation from the queue.
func (m Model) drop(d document) Model {
	op := d.queue.Ops()[d.pending]
	text := op.Describe(d.queue.Before(d.pending)).String()
	q, err := d.queue.Remove(d.pending)
	if err != nil {
		return m.refuse(err)
	}
	return m.withDoc(m.current, d.with(q, 0)).say(toneGood, "Removed: "+text)
}

func (m Model) doEarlier(d document) Model { return m.shift(d, -1) }

func (m Model) doLater(d document) Model { return m.shift(d, 1) }

// shift puts the selected operation n places later in the queue.
func (m Model) shift(d document, n int) Model {
	to := d.pending + n
	if to < 0 || to >= d.queue.Len() {
		return m
	}
	q, err := d.queue.Reorder(d.pending, to)
	if err != nil {
		return m.refuse(err)
	}
	d = d.with(q, 0)
	d.pending = to
	return m.withDoc(m.current, d)
}

// browse opens the picker.
func (m Model) browse() (Model, tea.Cmd) {
	dir := m.dir
	if d, ok := m.doc(); ok && d.path != "" {
		dir = filepath.Dir(d.path)
	}
	if dir == "" {
		dir = "."
	}
	picker, list := dialog.NewBrowse(dir, m.home)
	return m.push(picker), tea.Batch(listDir(m.backend, list.Dir), listRecent(m.backend), listDevices(m.backend))
}

// openPath shows a target, opening it if that has not been done. One that was refused is tried again.
func (m Model) openPath(path string) (Model, tea.Cmd) {
	at := -1
	for i, d := range m.docs {
		// The picker has absolute paths, and who started the program may have given another one.
		if filepath.Clean(d.path) == filepath.Clean(path) || d.facts.Path == filepath.Clean(path) {
			at = i
		}
	}
	if at >= 0 && m.docs[at].state != docRefused && m.docs[at].state != docLost {
		m.current = at
		return m, nil
	}
	m.gen++
	d := document{path: path, gen: m.gen}
	var cmds []tea.Cmd
	if at >= 0 {
		if old := m.docs[at].target; old != nil {
			cmds = append(cmds, closeTarget(old))
		}
		m = m.withDoc(at, d)
		m.current = at
	} else {
		m.docs = append(slices.Clone(m.docs), d)
		m.current = len(m.docs) - 1
	}
	return m, tea.Sequence(append(cmds, openTarget(m.backend, path, d.gen))...)
}

// savedText is what a save writes.
func (m Model) savedText(what dialog.SaveWhat, about subject) string {
	d, _ := m.doc()
	switch {
	case what == dialog.SaveLog && d.run.gen == about.run:
		return strings.Join(d.run.log, "\n") + "\n"
	case what == dialog.SaveLog:
		return strings.Join(about.log, "\n") + "\n" // its run is over and gone
	}
	return plan.Format(d.queue)
}
