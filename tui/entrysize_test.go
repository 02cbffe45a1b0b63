package tui_test

import "testing"

// The entry alone: what a shorter one means is said before it is staged, and a longer one is harmless.
func TestEntrySize(t *testing.T) {
	d := open(t, Founding())
	d.Press(":")
	d.Type("entry alone")
	d.Press("enter", "ctrl+u")
	d.Type("400MiB")
	d.Contains("The last 82", "cannot be mounted until it has that room back", "longer than the partition then")
	d.Press("ctrl+u")
	d.Type("+1GiB")
	d.Contains("p2 starts")
	d.Press("ctrl+u")
	d.Type("-10MiB")
	d.Press("enter")
	d.Contains("1 Set the entry of p1 to 472 MiB")
}
