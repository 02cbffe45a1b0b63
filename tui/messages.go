package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
)

// result is the message of a command that has ended: it does to the model what follows from that. What it belongs to has a
// generation, and a result that finds another one does nothing.
type result func(m Model) (Model, tea.Cmd)

// forTarget is a result for the document of a generation, as long as that is open.
func forTarget(gen int, do func(m Model, i int) (Model, tea.Cmd)) result {
	return func(m Model) (Model, tea.Cmd) {
		if i, ok := m.byGen(gen); ok {
			return do(m, i)
		}
		return m, nil
	}
}

// forRun is a result for the document with the run of a generation, as long as that is shown.
func forRun(gen int, do func(m Model, i int) (Model, tea.Cmd)) result {
	return func(m Model) (Model, tea.Cmd) {
		if i, ok := m.byRun(gen); ok {
			return do(m, i)
		}
		return m, nil
	}
}

// sight is what an open target showed when it was looked at.
type sight struct {
	facts      report.Facts
	disk       model.Disk
	env        ops.Env
	unfinished *report.Unfinished
	committing Run
	last       *report.Last // only when the target was opened, or read again after an interruption
}
