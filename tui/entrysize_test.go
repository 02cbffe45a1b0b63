package tui_test

import "testing"

// The entry alone: what a shorter one means is said before it is staged, and a longer one is harmless.
func TestEntrySize(t *testing.T) {
	d := open(t, Founding())
	d.Press(":")
	d.Type("entry alone")
	d.Press("enter", "ctrl+u")
	d.Type("400MiB")
	d.Contains("82.4 MiB longer than the partition", "cannot be mounted until it has that room back")
	d.Press("ctrl+u")
	d.Type("+1GiB")
	d.Contains("p2 starts")
	d.Press("ctrl+u")
	d.Type("-10MiB")
	d.Press("enter")
	d.Contains("1 Set the entry of p1 to 472.41 MiB")
}

// What a GPT says besides its partitions.
func TestGPTDetails(t *testing.T) {
	d := open(t, Varied())
	d.Press(":")
	d.Type("gpt details")
	d.Press("enter")
	d.Contains("Details of the GPT", "No change yet")
	d.Press("right", "tab", "ctrl+u")
	d.Type("1")
	d.Contains("it can be sector 34 or later")
	d.Press("ctrl+u")
	d.Type("2048")
	d.Contains("Set flag boot on the protective MBR; let partitions begin at sector 2,048 instead of 34")
	d.Press("tab", "tab", "ctrl+u")
	d.Type("9")
	d.Contains("There is no partition 9")
	d.Press("ctrl+u")
	d.Type("1 2")
	d.Contains("list p1 as type 0x83, p2 as type 0xef in the first sector", "Windows then sees only these partitions")
	d.Press("enter")
	d.Contains("3 pending")
}

// The words "hybrid MBR" find the dialog, which sets the active partition too, and takes the whole list away.
func TestHybridActive(t *testing.T) {
	d := open(t, Varied())
	details := func(keys ...string) {
		d.Press(":")
		d.Type("hybrid mbr")
		d.Press(append([]string{"enter", "tab", "tab", "tab", "ctrl+u"}, keys...)...)
	}
	details()
	d.Type("1 2")
	d.Press("tab")
	d.Type("3")
	d.Contains("the active partition is not among them")
	d.Press("ctrl+u")
	d.Type("1 2")
	d.Contains("Only one partition can be active")
	d.Press("ctrl+u")
	d.Type("2")
	d.Contains("p2 as type 0xef (active)")
	d.Press("enter")
	details()
	d.Contains("Make the first sector protective again; it no longer lists p1, p2")
	d.Press("esc")
	details("tab", "ctrl+u")
	d.Contains("Make the first sector protective again")
	d.Press("shift+tab")
	d.Type("1 2")
	d.Contains("p2 as type 0xef in the first sector")
}
