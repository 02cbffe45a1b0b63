package tui

import (
	tea "charm.land/bubbletea/v2"
)

// readTarget reads the target again on demand: what else uses its partitions, and what other programs changed. The pending
// operations stay as far as they are still possible.
func (m Model) readTarget(d document) (Model, tea.Cmd) {
	return m.runOnTarget(d, "Reading", readAgain(d))
}

func readAgain(d document) tea.Cmd {
	return func() tea.Msg {
		end := attachment{path: d.path, target: d.target, message: "Read again: nothing has changed"}
		end.lost = d.target.Rescan()
		end.seen = scanOf(d.target)
		if end.lost != nil {
			end.message = "Nothing was written to it: it was only to be read"
		}
		if !sameDisk(d.queue.Initial(), end.seen.disk) {
			end.message = "Read again: " + d.name() + " has changed"
		}
		return forTarget(d.gen, func(m Model, _ int) (Model, tea.Cmd) { return m.mountEnded(d.gen, end) })
	}
}
