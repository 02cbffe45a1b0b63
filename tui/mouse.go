package tui

import (
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Whatever the mouse does, a key does as well: a click on a button or on the name of a key is that key, the wheel is an
// arrow key. Only the cursor and the handles of a bar are set directly.

// mouse brings a mouse event to the uppermost dialog or else to the page.
func (m Model) mouse(msg tea.MouseMsg) (Model, tea.Cmd) {
	click, clicked := msg.(tea.MouseClickMsg)
	switch {
	case m.small():
		return m, nil
	case m.gate.closed && clicked:
		return m.shut()
	case m.gate.closed:
		return m, nil
	}
	if wheel, ok := msg.(tea.MouseWheelMsg); ok {
		return m.wheel(wheel)
	}
	if clicked {
		if click.Button != tea.MouseLeft {
			return m, nil
		}
		covered := len(m.noteBlock())
		if m.note = (note{}); len(m.dialogs) == 0 && click.Y >= m.height-covered {
			return m, nil // what is below the answer was not seen
		}
	}
	if len(m.dialogs) > 0 {
		return m.dialogMouse(msg)
	}
	if clicked {
		return m.click(click.X, click.Y)
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
	drawn := dialog.Draw(m.dialogs[len(m.dialogs)-1].Dialog, m.width, m.height, m.st)
	return m.toDialog(drawn.Mouse(event, at.X, at.Y))
}

// click does what a click on a page stands for.
func (m Model) click(x, y int) (Model, tea.Cmd) {
	p, d := m.shown()
	parts := p.parts()
	zones := widget.Zones(m.keySpots(), 0, m.height-1)
	if parts.zones != nil {
		zones = append(zones, parts.zones(m, d)...)
	}
	hit := lipgloss.NewCompositor(zones...).Hit(x, y)
	if key, ok := widget.Pressed(hit); ok {
		return m.pageKey(keymap.Event(key))
	}
	if hit.Empty() || parts.click == nil {
		return m, nil
	}
	return parts.click(m, d, hit, x-hit.Bounds().Min.X, y-hit.Bounds().Min.Y)
}

// Where the text of a page with a box begins: below the title and the edge, behind the edge and a space.
const (
	boxY  = 2
	textX = 2
)
