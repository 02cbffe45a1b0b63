package tui_test

import (
	"testing"
	"time"

	"shunt/tui"
)

// Below the table the details follow the cursor when it rests, and at once when another target comes into view.
func TestDetailsFollow(t *testing.T) {
	founding, varied := Founding(), Varied()
	b := &Backend{Targets: map[string]*Target{founding.What.Path: founding, varied.What.Path: varied}}
	d := Start(t, 120, 40, tui.Options{Paths: []string{founding.What.Path, varied.What.Path}}, b)
	d.Contains("Partition p1 ─", "by up to 31.0 KiB", "sector 988,032")
	d.Press("j")
	d.Contains("Partition p1 ─")
	d.Advance(100 * time.Millisecond)
	d.Press("k", "j")
	d.Advance(200 * time.Millisecond) // the first timer is outdated
	d.Contains("Partition p1 ─")
	d.Advance(250 * time.Millisecond)
	d.Contains("Partition p2 ─")
	d.Press("tab")
	d.Contains("Partition p1 ─", "bios_grub")
	d.Press("tab", "j", "d")
	d.Lacks("Partition p2 ─")
	d.Advance(250 * time.Millisecond)
	d.Contains("Unallocated ─")
	d.Resize(80, 24)
	d.Lacks("Unallocated ─")
}
