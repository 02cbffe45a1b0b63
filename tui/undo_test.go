package tui_test

import (
	"testing"
	"time"

	"shunt/ops/report"
)

var applied = &report.Applied{When: time.Date(2024, 5, 6, 7, 8, 0, 0, time.UTC), Operations: []string{"Grow image by 2.00 GiB", "Move p2 right by 1024 MiB"}, Room: 4096}

// What was applied can be undone from the page of its result, and from the editor as long as nothing is pending.
func TestUndoOfApplied(t *testing.T) {
	target := Founding()
	d := open(t, target)
	d.Press("U")
	d.Contains("There is nothing to undo")
	story{t, d, target}.toCommit()
	d.Do(func() {
		target.What.Undos = []report.Applied{*applied}
		last(t, target).End(report.Result{Outcome: report.Done})
	})
	quietly(d)
	d.Contains("Done", "undo the last apply")
	d.Press("U")
	d.Contains("Undo the last apply?", "Grow image by 2.00 GiB; Move p2 right", "4.00 KiB")
	d.Press("enter")
	if target.Undos != 0 {
		t.Fatal("the safe answer undid")
	}
	d.Press("U", "y")
	d.Contains("Undoing the last apply to stick.raw")
	d.Do(func() { target.What.Undos = nil; last(t, target).End(report.Result{Outcome: report.RolledBack}) })
	quietly(d)
	d.Contains("The last apply was undone")
	d.Press("enter", "U")
	d.Contains("There is nothing to undo")
	if target.Undos != 1 {
		t.Errorf("%d undos", target.Undos)
	}
}

func TestUndoRefused(t *testing.T) {
	target := Founding()
	target.What.Undos = []report.Applied{*applied}
	d := open(t, target)
	d.Press("d")
	d.Press("U")
	d.Contains("Operations are pending")
	d.Press("X", "y", "U", "y")
	d.Do(func() {
		last(t, target).End(report.Result{Outcome: report.Unchanged, Err: "the target was changed since the transaction"})
	})
	quietly(d)
	d.Contains("what was applied stays applied", "was changed since")
}
