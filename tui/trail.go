package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// On slow lines a step of the cursor sends the two rows of the table and nothing else. The bars, the key bar and the banner,
// which show the selection too, follow when no step has come for a moment, or as soon as anything else happens.

// trail is where the bars and the keys show the cursor while they are behind it.
type trail struct {
	behind bool
	gen    int // generation of the document
	pane   pane
	row    int
	chosen int // the selected operation
	serial int // the number of the last timer
}

// catchUpTime is how long no step may come before the rest of the screen follows. Keys that are held down come faster.
const catchUpTime = 100 * time.Millisecond

// follow lets the rest of the screen stay behind if a message was a step of the cursor, and follow if it was anything else.
// before is the model before the message was handled.
func (m Model) follow(before Model, msg tea.Msg) (Model, tea.Cmd) {
	d, _ := m.doc()
	was, _ := before.doc()
	step := d.pane != was.pane || d.row != was.row || d.pending != was.pending
	switch msg.(type) {
	case result:
		step = m.trail.behind // a timer or a run; it is no reason to follow
	case tea.KeyPressMsg, tea.MouseWheelMsg:
	default:
		step = false // the eyes are perhaps on what was clicked
	}
	if !step || m.Animate || !m.sameScene(before) {
		m.trail.behind = false
		return m, nil
	}
	if _, other := msg.(result); other {
		return m, nil
	}
	if !m.trail.behind {
		m.trail = trail{behind: true, gen: d.gen, pane: was.pane, row: was.row, chosen: was.pending, serial: m.trail.serial}
	}
	m.trail.serial++
	serial := m.trail.serial
	return m, m.Clock(catchUpTime, func() tea.Msg {
		return result(func(m Model) (Model, tea.Cmd) {
			m.trail.behind = m.trail.behind && serial != m.trail.serial
			return m, nil
		})
	})
}

// sameScene reports whether both models show the same list of the same disk and nothing over it.
func (m Model) sameScene(before Model) bool {
	p, d := m.shown()
	q, was := before.shown()
	return p == pageEditor && q == p && d.gen == was.gen && d.seen == was.seen && d.queue.Same(was.queue) &&
		len(m.dialogs)+len(before.dialogs) == 0
}

// trailing returns the document with the cursor where the bars and the keys show it.
func (m Model) trailing(d document) document {
	if m.trail.behind && m.trail.gen == d.gen {
		d.pane, d.row, d.pending = m.trail.pane, m.trail.row, m.trail.chosen
	}
	return d
}
