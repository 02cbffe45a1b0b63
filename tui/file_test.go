package tui_test

import (
	"bytes"
	"testing"
)

// Enter on a file shows its beginning: text without control characters, or bytes.
func TestFileShown(t *testing.T) {
	target := withFiles()
	target.Contents["1:/letters/evil\x1b[2J"] = bytes.Repeat([]byte{0, 'A', 0xff}, 30_000)
	d := open(t, target)
	d.Press("i", "enter", "end", "up", "enter")
	d.Contains("motd in p1", `Welcome to stick\x1b[2J.`, "Last line")
	d.Press("h")
	d.Contains("00000000 57 65 6c 63 6f 6d 65 20", "Welcome to stick")
	d.Press("esc")
	d.Contains("Files in p1: /", "▸ motd")
	d.Press("home", "enter", "enter")
	d.Contains("00000000 00 41 ff 00", ".A..A.", "the first 64.0 KiB")
	d.Press("end")
	d.Contains("0000fff0")
	d.Press("esc", "backspace", "end", "enter")
	d.Contains("has no contents to show")
	d.Press("up", "up", "enter")
	d.Contains("There is no file of this name")
}
