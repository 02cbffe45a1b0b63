package tui_test

import (
	"strings"
	"testing"

	"shunt/tui"
)

// The palette finds a command by parts of its name and its section, does it, and says why another cannot be used.
func TestPalette(t *testing.T) {
	d := open(t, Founding())
	d.Press(":")
	d.Type("size ima")
	d.Contains("image size")
	d.Press("enter")
	d.Contains("Image size")

	d = open(t, Founding())
	d.Press("ctrl+p")
	d.Type("later")
	d.Contains("Not possible now. Select a pending operation to change the order")
	d.Press("enter")
	d.Contains("Commands")
	d.Press("ctrl+u")
	d.Type("nothing of the kind")
	d.Contains("No command has these words")
	d.Press("esc")
	d.Lacks("Commands")
}

func TestPaletteByMouse(t *testing.T) {
	d := open(t, Founding())
	d.Press(":")
	d.Type("what is")
	d.Click("what is supported", 0) // selects it
	d.Click("what is supported", 0)
	d.Contains("What can be done on this machine")
}

// Enter does the likely thing with what is selected.
func TestEnter(t *testing.T) {
	d := open(t, Founding())
	d.Press("enter")
	d.Contains("Resize/Move")

	d = open(t, Varied())
	d.Press("end", "enter")
	d.Contains("New partition")

	d = open(t, Blank())
	d.Press("enter")
	d.Contains("New partition table")

	// On a pending operation it opens that operation's dialog, and a change becomes one edit with it.
	d = open(t, Founding())
	d.Press("l")
	d.Type("first")
	d.Press("enter", "end", "down", "enter")
	d.Contains("Label of p1")
	d.Type("second")
	d.Press("enter")
	d.Contains("1 pending", "second")
	d.Press("d", "end", "down", "enter")
	d.Contains("There is nothing to choose in this operation")
}

// The log of the last run can be read after its page is closed.
func TestLastLog(t *testing.T) {
	d := open(t, Founding())
	d.Press("L")
	d.Contains("Nothing has been logged yet")
}

func TestSuspend(t *testing.T) {
	d := Start(t, 80, 24, tui.Options{Paths: []string{stick}, NoSuspend: true}, &Backend{})
	d.Press("ctrl+z")
	d.Contains("There is no shell with job control")
}

// A page key goes to the last line of the list that is on the screen, whatever the height of the window.
func TestPageOfPalette(t *testing.T) {
	for _, height := range []int{20, 24, 40, 50} {
		d := open(t, Founding())
		d.Resize(100, height)
		d.Press(":")
		_, below, _ := strings.Cut(d.Frame(), "Find [")
		var last string
		for _, line := range strings.Split(below, "\n")[2:] {
			name := strings.Trim(line, " │▸·↓")
			if name == "" {
				break
			}
			last = name
		}
		d.Press("pgdown")
		// The line below the list has the reason of the selected command.
		i := strings.LastIndex(d.Frame(), "▸")
		at, _, _ := strings.Cut(d.Frame()[i:], "\n")
		if at = strings.Trim(at, " │▸·↑↓"); at == "" || !strings.HasPrefix(last, at) {
			t.Errorf("%d lines: a page goes to %q, not to %q", height, at, last)
		}
	}
}

// The palette says where there is nothing to take back or to do again.
func TestPaletteKnowsNothingToUndo(t *testing.T) {
	d := open(t, Founding())
	for command, why := range map[string]string{
		"undo": "Nothing to undo", "redo": "Nothing to redo", "undo the last apply": "There is nothing to undo",
	} {
		d.Press(":")
		d.Type(command)
		d.Contains(why)
		d.Press("esc")
	}
	d.Press("x", ":")
	d.Type("undo")
	d.Lacks("Nothing to undo")
}
