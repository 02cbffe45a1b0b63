package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
)

// result is the message of a finished command: a function that applies the outcome to the model. It carries the
// generation of its target or run, and does nothing if that is gone.
type result func(m Model) (Model, tea.Cmd)

// forTarget returns a result for the document with generation gen. It does nothing once that document is closed.
func forTarget(gen int, do func(m Model, i int) (Model, tea.Cmd)) result {
	return func(m Model) (Model, tea.Cmd) {
		if i, ok := m.byGen(gen); ok {
			return do(m, i)
		}
		return m, nil
	}
}

// forRun returns a result for the document that has the run with generation gen: do if the document shows it, or behind if it
// is in the background. It does nothing once that run is gone.
func forRun(gen int, do, behind func(m Model, i int) (Model, tea.Cmd)) result {
	return func(m Model) (Model, tea.Cmd) {
		if i, ok := m.byRun(gen); ok {
			return do(m, i)
		}
		if i, ok := m.byAhead(gen); ok {
			return behind(m, i)
		}
		return m, nil
	}
}

// scanResult holds what a target reported after a scan.
type scanResult struct {
	facts      report.Facts
	disk       model.Disk
	env        ops.Env
	unfinished *report.Unfinished
	committing Run
	last       *report.Last // set only when the target was opened, or read again after an interruption
}
