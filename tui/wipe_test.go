package tui_test

import "testing"

// The palette wipes what is selected, or unallocated space, after a choice of what is written.
func TestWipeMenu(t *testing.T) {
	d := open(t, Varied())
	d.Press("j", ":")
	d.Type("wipe")
	d.Press("enter")
	d.Contains("Wipe", "with zeros", "with random data", "Wipe unallocated space", "no undo brings it back")
	d.Press("enter")
	d.Contains("1 Wipe p2")

	// A deletion takes the place of other edits, but not of this one.
	d.Press("N")
	d.Type("x")
	d.Press("enter", "d")
	d.Contains("its name is dropped", "1 Wipe p2", "2 Delete p2")
}
