package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/ops/report"
	"shunt/tui"
)

// The history says what can be undone, and of all before that that it cannot.
func TestHistory(t *testing.T) {
	show := func(undos []report.Applied, deeds ...report.Deed) *Driver {
		target := Founding()
		target.What.Undos = undos
		b := One(target)
		b.Deeds = deeds
		d := Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}}, b)
		d.Press(":")
		d.Type("history")
		d.Press("enter")
		d.Contains("History of stick.raw")
		return d
	}
	older := report.Deed{When: applied.When.Add(-time.Hour), Task: report.Apply, Outcome: report.Done, Operations: []string{`Label ext4 in p1 "a"`}}
	newest := report.Deed{When: applied.When.Add(time.Second), Task: report.Apply, Outcome: report.Done, Operations: applied.Operations}

	d := show([]report.Applied{*applied}, older, newest)
	d.Contains("Can be undone", "Move p2 right by 1024 MiB", "4.00 KiB are kept", "Press Enter to undo it", "nothing is kept to undo them any more", `Label ext4 in p1 "a"`)
	if n := strings.Count(d.Frame(), "Move p2"); n != 1 {
		t.Errorf("the last commit is listed %d times:\n%s", n, d.Frame())
	}
	d.Press("U")
	d.Contains("Undo the last apply?", "Move p2 right by 1024 MiB")

	undone := report.Deed{When: applied.When.Add(time.Minute), Task: report.Undo, Outcome: report.RolledBack, Operations: applied.Operations}
	d = show(nil, older, newest, undone)
	d.Contains("Can be undone", "Nothing.", "undone", "applied")
	d.Press("U")
	d.Contains("History of stick.raw")

	show(nil).Contains("Nothing is noted for this user")
}

// Plan files that were saved or opened are offered when a plan is opened.
func TestRecentPlans(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.plan"), filepath.Join(dir, "second.plan")
	if err := os.WriteFile(first, []byte("label 1 first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := Founding()
	b := One(target)
	d := Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}}, b)
	d.Press("p")
	d.Lacks("Used lately")
	d.Press("ctrl+u")
	d.Type(first)
	d.Press("enter", "s", "ctrl+u")
	d.Type(second)
	d.Press("enter")
	if len(b.Remembered) != 2 {
		t.Fatalf("remembered %q", b.Remembered)
	}
	d.Press("X", "y", "p")
	d.Contains("Used lately", "first.plan", "second.plan")
	d.Lacks("stick.raw.plan") // the proposal gives way to a file that is there
	d.Press("down", "up", "up")
	d.Contains("stick.raw.plan") // what was typed is back
	d.Press("down", "down", "enter")
	d.Contains(`Label ext4 in p1 "first"`)
}
