package tui

import (
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Everything the mouse does can be done with keys: a click on a button or on the name of a key presses that key, and the
// wheel presses arrow keys. Only the cursor and the handles of a bar are set directly.

// mouse passes a mouse event to the top dialog, or to the page if no dialog is open.
func (m Model) mouse(msg tea.MouseMsg) (Model, tea.Cmd) {
	click, clicked := msg.(tea.MouseClickMsg)
	switch {
	case m.small():
		return m, nil
	case m.gate.closed && clicked:
		return m.ignoreKeys()
	case m.gate.closed:
		return m, nil
	}
	if wheel, ok := msg.(tea.MouseWheelMsg); ok {
		return m.wheel(wheel)
	}
	seen := m // with the message that goes now
	if clicked {
		if click.Button == tea.MouseRight {
			m.note = note{}
			return m.openMenu(click.X, click.Y), nil
		}
		if click.Button != tea.MouseLeft {
			return m, nil
		}
		covered := len(m.noteBlock())
		if m.note = (note{}); len(m.dialogs) == 0 && click.Y >= m.height-covered {
			if help := m.helpSpot(); click.Y == m.height-1 && click.X >= help.X && help.Key != "" {
				return m.pageKey(keymap.Event(help.Key))
			}
			return m, nil // the click was on the message
		}
		if m.finds() && m.find.typing && len(m.dialogs) == 0 && click.Y == m.height-1 {
			return m, nil // the click was on the field of the search
		}
	}
	if len(m.dialogs) > 0 {
		return m.dialogMouse(msg)
	}
	if clicked {
		next, cmd := m.click(seen, click.X, click.Y)
		if next.find.typing {
			next.find = finding{} // what was clicked is what was looked for
		}
		return next, cmd
	}
	return m, nil
}

func (m Model) wheel(msg tea.MouseWheelMsg) (Model, tea.Cmd) {
	name, ok := map[tea.MouseButton]string{tea.MouseWheelUp: "up", tea.MouseWheelDown: "down"}[msg.Button]
	if !ok {
		return m, nil
	}
	press := keymap.Event(name)
	if len(m.dialogs) > 0 {
		return m.toDialog(press)
	}
	p, _ := m.shown()
	var cmds []tea.Cmd
	for range p.parts().notch {
		var cmd tea.Cmd
		m, cmd = m.pageKey(press)
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

func (m Model) dialogMouse(msg tea.MouseMsg) (Model, tea.Cmd) {
	at, event := msg.Mouse(), dialog.Release
	switch msg.(type) {
	case tea.MouseClickMsg:
		event = dialog.Press
	case tea.MouseMotionMsg:
		if event = dialog.Drag; at.Button != tea.MouseLeft {
			return m, nil
		}
	}
	top := m.dialogs[len(m.dialogs)-1]
	drawn, _ := m.placed(m.st)
	if event == dialog.Press && top.corner != nil && !drawn.Covers(at.X, at.Y) {
		return m.pop(), nil // a menu is left by a click beside it
	}
	return m.toDialog(drawn.Mouse(event, at.X, at.Y))
}

// click handles a click on a page. seen is the model that the user saw.
func (m Model) click(seen Model, x, y int) (Model, tea.Cmd) {
	p, d := m.shown()
	parts := p.parts()
	zones := widget.Zones(m.keySpots(), 0, m.height-1)
	zones = append(zones, m.tabZones()...)
	if parts.zones != nil {
		zones = append(zones, parts.zones(seen.aboveNote(), d)...)
	}
	hit := lipgloss.NewCompositor(zones...).Hit(x, y)
	if key, ok := widget.Pressed(hit); ok {
		return m.pageKey(keymap.Event(key))
	}
	if i, ok := tabOf(hit); ok {
		return m.turnTarget(i - m.current)
	}
	if hit.Empty() || parts.click == nil {
		return m, nil
	}
	return parts.click(m, d, hit, x-hit.Bounds().Min.X, y-hit.Bounds().Min.Y)
}

// The text of a page with a box begins below the title and the upper edge, to the right of the left edge and a space.
const (
	boxY  = 2
	textX = 2
)
