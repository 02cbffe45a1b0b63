package tui

import (
	"errors"
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/plan"
)

// readPlan stages the operations of a plan file behind those of a target's queue.
func readPlan(b Backend, d document, path string, align geometry.Alignment) tea.Cmd {
	return func() tea.Msg {
		q, err := staged(d.queue, path, align)
		if err == nil {
			b.RememberPlan(path)
		}
		return result(func(m Model) (Model, tea.Cmd) { return m.planRead(d, q, err), nil })
	}
}

// staged returns the queue with the operations of the plan file at path, or q and an error.
func staged(q ops.Queue, path string, align geometry.Alignment) (ops.Queue, error) {
	f, err := openText(path, "the plan")
	if err != nil {
		return q, err
	}
	defer func() { _ = f.Close() }() // only read
	next, err := plan.Parse(f, q, align)
	if err != nil {
		return q, fmt.Errorf("%s: %w. Nothing was staged", path, err)
	}
	return next, nil
}

// planRead takes over the queue with the plan, unless the target or its queue has changed since it was asked for.
func (m Model) planRead(asked document, q ops.Queue, err error) Model {
	i, ok := m.byGen(asked.gen)
	if !ok {
		return m
	}
	d := m.docs[i]
	switch {
	case err != nil:
		return m.refuse(err)
	case d.seen != asked.seen || d.run.active() || plan.Format(d.queue) != plan.Format(asked.queue):
		return m.say(toneWarn, d.name()+" or its pending operations changed meanwhile: open the plan again")
	case q.Len() == d.queue.Len():
		return m.say(toneWarn, "The plan has no operations")
	}
	return m.withDoc(i, d.with(q, 0)).say(toneGood, pendingWords(q.Len())+": a applies, u takes back the last")
}

// openText opens a regular file to read. what names it in errors.
func openText(path, what string) (f *os.File, err error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file") // a pipe would never end
	}
	if err == nil {
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, tried.Errorf("open %s %s: %w", what, path, tried.Cause(err))
	}
	return f, nil
}
