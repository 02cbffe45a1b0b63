package tui_test

import (
	"strings"
	"testing"

	"shunt/ops/report"
)

// An interrupted commit leads to the recovery page, and that to a whole disk.
func TestInterruptedThenRecovered(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toCommit()
	d.Do(func() { target.Broken = broken().Broken; last(t, target).End(resultInterrupted) })
	d.Press("b", "f", "enter") // on their way from before
	if len(target.Recoveries) != 0 {
		t.Fatal("a key in flight began a recovery")
	}
	quietly(d)
	d.Contains("Unfinished transaction", "input/output error", "No data is lost", "unfinished")
	d.Press("l")
	d.Contains("e2fsck -f -p")
	d.Press("esc", "b")
	d.Contains("Rolling back stick.raw")
	d.Do(func() { last(t, target).Tell(report.Progress{Phase: report.Undoing, Done: 1, Total: 2}) })
	d.Contains("50 %")
	d.Do(func() { target.Broken = nil; last(t, target).End(report.Result{Outcome: report.RolledBack}) })
	quietly(d)
	d.Contains("exactly as it was")
	d.Press("enter")
	d.Contains("Partition", "3 pending")
	if len(target.Recoveries) != 1 || target.Recoveries[0] != report.RollBack {
		t.Errorf("recovered by %v", target.Recoveries)
	}
}

// TestRecoveryOfWipe: what has begun to wipe content can only be finished, whatever is pressed.
func TestRecoveryOfWipe(t *testing.T) {
	for _, keys := range []string{"b", "right enter"} {
		target := broken()
		target.Broken.Erased = true
		d := open(t, target)
		quietly(d)
		d.Contains("Not possible: it has begun to wipe content")
		d.Press(strings.Fields(keys)...)
		if keys == "b" {
			d.Contains("It cannot be rolled back: it has begun to wipe content")
			if len(target.Recoveries) != 0 {
				t.Errorf("%q recovers by %v", keys, target.Recoveries)
			}
			d.Press("f")
		}
		if len(target.Recoveries) != 1 || target.Recoveries[0] != report.Finish {
			t.Errorf("recovered by %v", target.Recoveries)
		}
	}
}

// On a target with an unfinished transaction nothing else can be done.
func TestRecoveryPage(t *testing.T) {
	for keys, want := range map[string][]report.Task{
		"f": {report.Finish}, "b": {report.RollBack}, "enter": {report.Finish}, "right enter": {report.RollBack}, "tab enter": {report.RollBack},
		"right left enter": {report.Finish}, "m": nil, "n": nil, "d": nil, "z": nil, "a": nil, "R": nil, "x": nil, "u": nil, "s": nil, "esc": nil,
	} {
		target := broken()
		d := open(t, target)
		quietly(d)
		d.Press(strings.Fields(keys)...)
		if len(target.Recoveries) != len(want) || len(want) == 1 && target.Recoveries[0] != want[0] {
			t.Errorf("%q recovers by %v, want %v", keys, target.Recoveries, want)
		}
	}
	target := broken()
	target.Broken.RollingBack = true
	d := open(t, target)
	quietly(d)
	d.Press("f")
	d.Contains("It cannot be finished: the rollback has already begun")
	d.Press("enter")
	if len(target.Recoveries) != 1 || target.Recoveries[0] != report.RollBack {
		t.Errorf("recovered by %v", target.Recoveries)
	}
}
