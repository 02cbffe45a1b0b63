package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/dialog"
)

// planSearch is the last search for plans that was begun.
type planSearch struct {
	gen    int
	giveUp context.CancelFunc
}

// patience is how long the Make room page waits for plans before it says so; before that, a word about it would only
// flicker.
const patience = 150 * time.Millisecond

func (m Model) findPlans(a dialog.Solve) (Model, tea.Cmd) {
	before := background(m.search.giveUp)
	m.gen++
	ctx, cancel := context.WithCancel(context.Background())
	m.search = planSearch{gen: m.gen, giveUp: cancel}
	slow := found(m.gen, dialog.Slow{Wish: a.Wish})
	return m, tea.Batch(before, findPlans(ctx, a, m.gen), m.Clock(patience, func() tea.Msg { return slow }))
}

// found brings an answer about plans to the dialog, unless that has another wish by now.
func found(gen int, what any) result {
	return func(m Model) (Model, tea.Cmd) {
		if gen != m.search.gen {
			return m, nil
		}
		return m.toDialogs(what)
	}
}
