package tui

import (
	"cmp"
	"context"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/enlarge"
	"shunt/tui/dialog"
)

// This file carries out what a target is opened for from the picker: to enlarge or to shrink it with its root.

// openFor opens a target, or brings it into view, and begins what it is opened for.
func (m Model) openFor(a dialog.Open) (Model, tea.Cmd) {
	m, opening := m.openPath(a.Path)
	d, ok := m.doc()
	if !ok || a.To == dialog.Look {
		return m, opening
	}
	d.errand = a.To
	m = m.withDoc(m.current, d)
	if d.state != docOpen {
		return m, opening
	}
	m, looking := m.runErrand(m.current)
	return m, tea.Batch(opening, looking)
}

// runErrand begins to look for the root of a target that is open.
func (m Model) runErrand(i int) (Model, tea.Cmd) {
	d := m.docs[i]
	to := d.errand
	d.errand = dialog.Look
	m = m.withDoc(i, d)
	if d.busy() || d.mustRecover() {
		return m, nil
	}
	return m.say(toneGood, "Looking for the root of "+d.name()), findRoot(d.target, d.queue, to, d.gen)
}

// findRoot looks for the root on the disk of the queue. It reads file systems.
func findRoot(t Target, q ops.Queue, to dialog.Errand, gen int) tea.Cmd {
	return func() tea.Msg {
		roots, err := enlarge.Find(q.Preview(), q.Env(), func(p model.Partition) []string {
			return t.Fstabs(context.Background(), p.ID)
		})
		return forTarget(gen, func(m Model, i int) (Model, tea.Cmd) { return m.rootFound(i, q, to, roots, err), nil })
	}
}

// rootFound asks for the size, if the target is still in view and as it was.
func (m Model) rootFound(i int, q ops.Queue, to dialog.Errand, roots enlarge.Roots, err error) Model {
	d := m.docs[i]
	err = cmp.Or(ops.Unfit(d.queue.Preview()), err)
	switch {
	case i != m.current || d.busy() || d.mustRecover() || !d.queue.Preview().Equal(q.Preview()):
		return m
	case err != nil:
		return m.refuse(err)
	}
	m.note = note{} // which said that the root is being looked for
	return m.pushWhenFree(dialog.NewRootSize(d.queue, to, roots, d.align(m.Align)))
}

// stageAndApply stages operations and begins to apply the queue.
func (m Model) stageAndApply(a dialog.StageAll) (Model, tea.Cmd) {
	before, _ := m.doc()
	m = m.stageAll(a)
	d, ok := m.doc()
	if !ok || d.queue.Len() == before.queue.Len() {
		return m, nil // it was refused
	}
	return m.apply(d)
}

// helpGroups returns the sections of the help: those of the editor, and the keys of dialogs that lead on to other pages.
func helpGroups() []bindingGroup {
	return append(editorGroups(), bindingGroup{"In the image size dialog (z)", []binding{
		{Binding: dialog.KeyImageFile().As("the image file: snapshots, sparsify, convert, repair")},
		{Binding: dialog.KeyFit().As("as small as its contents allow")},
	}}, bindingGroup{"On an image in the list (o)", []binding{
		{Binding: dialog.KeyEnlarge().As("enlarge it and its root")},
		{Binding: dialog.KeyShrink().As("shrink it and its root")},
	}})
}
