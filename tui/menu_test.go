package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// RightClick presses the right button of the mouse where a text is on the screen.
func (d *Driver) RightClick(text string) {
	d.t.Helper()
	for y, line := range strings.Split(d.Frame(), "\n") {
		if at := strings.Index(line, text); at >= 0 {
			d.Send(tea.MouseClickMsg{X: ansi.StringWidth(line[:at]), Y: y, Button: tea.MouseRight})
			d.Send(tea.MouseReleaseMsg{Y: y, Button: tea.MouseRight})
			return
		}
	}
	d.t.Fatalf("%q is not on the screen:\n%s", text, d.Frame())
}

// The right button lists what can be done with what is under it, wherever that is, and a click or a key does it.
func TestRightButton(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {60, 20}, {120, 40}, {200, 60}} {
		d := open(t, Varied())
		d.Resize(size[0], size[1])
		d.RightClick("p2 ")
		d.Contains("label", "format")
		d.Click("format", 0)
		d.Contains("Format p2")
		d.Press("esc")
		d.Contains("▸ p2")

		d.RightClick("p4")
		d.Click("label", 0)
		d.Contains("Label of p4")
	}
}

func TestRightButtonPlaces(t *testing.T) {
	d := open(t, Varied())
	d.RightClick("unallocated")
	d.Contains("╭ unallocated", "new")
	d.Press("end")
	d.Contains("▸·", "· delete")
	d.Press("enter")
	d.Contains("╭ unallocated") // it cannot be done, and the line below says why
	d.Press("esc")
	d.Lacks("╭ unallocated")

	// On a segment of a bar.
	d.RightClick("p6 ▓")
	d.Contains("╭ p6")
	d.Press("esc")
	d.RightClick("Pending") // the edge of a box: nothing is there but the disk
	d.Contains("╭ server.qcow2", "image size", "new table")
	d.Send(tea.MouseClickMsg{X: 70, Y: 9, Button: tea.MouseRight}) // a row that the menu hides
	d.Lacks("╭ server.qcow2", "╭ p")
	d.RightClick("Pending")
	d.ClickAt(0, 0)
	d.Lacks("╭ server.qcow2")

	// On a pending operation.
	d.Press("home", "j", "x", "j", "x")
	d.RightClick("2 Check")
	d.Contains("remove the selected one", "do earlier")
	d.Click("do earlier", 0)
	d.Contains("▸ Pending", "▸ 1 Check and repair ext4 in p3")

	// On a file, and on a page of text.
	d = open(t, withFiles())
	d.Press("i", "enter")
	d.RightClick("motd")
	d.Contains("╭ motd", "open", "copy out")
	d.Click("copy out", 0)
	d.Contains("Copy motd out")
	d.RightClick("letters") // a dialog is open
	d.Contains("Copy motd out")
	d.Press("esc", "esc", "esc", "L")
	d.RightClick("Nothing")
	d.Contains("save", "back")
	d.Click("back", 0)
	d.Lacks("Nothing has been logged")
}
