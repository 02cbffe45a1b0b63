package tui_test

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Click presses and lets go the left button of the mouse on the n-th place, counted from 0, where a text is on the screen.
func (d *Driver) Click(text string, n int) {
	d.t.Helper()
	for y, line := range strings.Split(d.Frame(), "\n") {
		from := 0
		for {
			at := strings.Index(line[from:], text)
			if at < 0 {
				break
			}
			if n == 0 {
				d.ClickAt(ansi.StringWidth(line[:from+at]), y)
				return
			}
			n--
			from += at + len(text)
		}
	}
	d.t.Fatalf("%q is not on the screen:\n%s", text, d.Frame())
}

// ClickAt presses and lets go the left button of the mouse on a cell.
func (d *Driver) ClickAt(x, y int) {
	d.t.Helper()
	d.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	d.Send(tea.MouseReleaseMsg{X: x, Y: y, Button: tea.MouseLeft})
}

// Wheel turns the wheel of the mouse by n notches, down if n is positive.
func (d *Driver) Wheel(n int) {
	d.t.Helper()
	button := tea.MouseWheelDown
	if n < 0 {
		button, n = tea.MouseWheelUp, -n
	}
	for range n {
		d.Send(tea.MouseWheelMsg{X: 5, Y: 9, Button: button})
	}
}
