package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/dialog"
)

// planSearch is the latest search for plans.
type planSearch struct {
	gen    int
	giveUp context.CancelFunc
}

// patience is how long a search may take before the Make room page mentions it. A message during a shorter search would
// flicker.
const patience = 150 * time.Millisecond

func (m Model) findPlans(a dialog.Solve) (Model, tea.Cmd) {
	before := background(m.search.giveUp)
	m.gen++
	ctx, cancel := context.WithCancel(context.Background())
	m.search = planSearch{gen: m.gen, giveUp: cancel}
	slow := plansFound(m.gen, dialog.Slow{Wish: a.Wish})
	return m, tea.Batch(before, findPlans(ctx, a, m.gen), m.Clock(patience, func() tea.Msg { return slow }))
}

// plansFound passes the answer of a search to the dialog, unless a newer search has begun.
func plansFound(gen int, what any) result {
	return func(m Model) (Model, tea.Cmd) {
		if gen != m.search.gen {
			return m, nil
		}
		return m.toDialogs(what)
	}
}
