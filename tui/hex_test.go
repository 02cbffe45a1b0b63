package tui_test

import (
	"testing"
)

// H shows the sectors of what is selected; keys lead to any other, and every byte is that of its sector.
func TestSectorsPage(t *testing.T) {
	d := open(t, Founding())
	d.Press("H")
	d.Contains("stick.raw as it is now, read only", "Sector 63: 1 of 987,970 in p1", "00000000 00 00 00 00 00 00 00 3f", "g go to")
	d.Press("right")
	d.Contains("Sector 64: 2 of 987,970 in p1", "00 00 00 00 00 00 00 40")
	d.Press("up")
	d.Contains("000001f0", "Sector 64")
	d.Press("left", "left")
	d.Contains("Sector 62:")
	d.Press("pgdown", "pgdown")
	d.Contains("00000040") // of sector 63
	d.Press("end")
	d.Contains("Sector 1,978,367:")
	d.Press("down", "pgdown", "right")
	d.Lacks("Sector 1,978,368")
	d.Press("home", "up", "left")
	d.Contains("Sector 0:")
	d.Press("g")
	d.Contains("Go to", "A sector (2048, 0x800), an offset (1MiB), a partition (p2), or end.")
	d.Press("1", "M", "i", "B")
	d.Contains("Sector 2,048, at 1.00 MiB")
	d.Press("enter")
	d.Contains("Sector 2,048: 1,986 of 987,970 in p1", "00 00 00 00 00 00 08 00")
	d.Press("g", "p", "9", "enter")
	d.Contains("There is no partition")
	d.Press("esc")
	d.Resize(60, 20)
	d.Contains("Sector 2,048: 1,986 of 987,970 in p1", "00000000 00 00 00 00 00 00 08 00")
	d.Press("esc")
	d.Contains("Pending")
	d.Press("j", "d", "H") // free space that is a partition still
	d.Contains("Sector 988,033:")
}
