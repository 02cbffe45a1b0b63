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
	d.Contains("Set flag boot on the protective MBR; let partitions begin at sector 2048 instead of 34")
	d.Press("tab", "tab", "ctrl+u")
	d.Type("9")
	d.Contains("There is no partition 9")
	d.Press("ctrl+u")
	d.Type("1 2")
	d.Contains("list p1 as type 0x83, p2 as type 0xef in the first sector", "Windows then sees these partitions alone")
	d.Press("enter")
	d.Contains("3 pending")
}
