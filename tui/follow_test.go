package tui_test

import (
	"strings"
	"testing"
	"time"

	"shunt/geometry"
	"shunt/ops/report"
)

// A commit that an earlier start began is followed to its end, and nothing else can be done meanwhile.
func TestFollowCommit(t *testing.T) {
	target := Founding()
	target.Busy = &Run{}
	d := open(t, target)
	quietly(d)
	d.Contains("Applying to stick.raw")
	d.Do(func() {
		target.Busy.Tell(report.Progress{Phase: report.Committing, Stage: "copy", Done: geometry.MiB, Total: 4 * geometry.MiB})
	})
	d.Contains("25 %")
	d.Press("ctrl+c")
	d.Contains("Stop?", "Go on")
	d.Press("enter", "m", "a")
	d.Contains("Applying to stick.raw")
	if d.Quit() || target.Busy.Cancels != 0 || len(target.Runs) != 0 {
		t.Fatalf("quit %v, %d cancels, %d runs", d.Quit(), target.Busy.Cancels, len(target.Runs))
	}
	d.Press("q", "s")
	if target.Busy.Cancels != 1 {
		t.Errorf("%d cancels", target.Busy.Cancels)
	}
	d.Do(func() { target.Busy.End(resultDone) })
	quietly(d)
	d.Contains("Result", "exactly as planned")
	if target.Rescans != 1 {
		t.Errorf("read again %d times", target.Rescans)
	}
	d.Press("enter")
	d.Lacks("Result")
	d.Contains("Partition")
}

// What another process does is named for what it is: an undo is not a commit.
func TestFollowUndo(t *testing.T) {
	for task, want := range map[report.Task][2]string{
		report.Undo: {"Undoing the last apply to stick.raw", "undoing"}, report.RollBack: {"Rolling back stick.raw", "rolling back"},
	} {
		target := Founding()
		target.Busy = &Run{}
		d := open(t, target)
		quietly(d)
		d.Do(func() {
			target.Busy.Tell(report.Progress{Phase: report.Undoing, Task: task, Stage: "copy", Done: geometry.MiB, Total: 4 * geometry.MiB})
		})
		d.Contains(want[0], "copying data back", report.CrashBack)
		d.Lacks("pplying")
		if line, _, _ := strings.Cut(d.Frame(), "\n"); !strings.Contains(line, want[1]) {
			t.Errorf("%q does not say %q", line, want[1])
		}
	}
}

// A report that comes late does not ask what was decided long ago.
func TestFollowIgnoresReport(t *testing.T) {
	target := Founding()
	target.Busy = &Run{}
	d := open(t, target)
	d.Do(func() { target.Busy.Finish(passed()) })
	quietly(d)
	d.Lacks("Yes, apply")
	d.Contains("Applying to stick.raw")
}

var lastEnd = time.Date(2031, 5, 6, 7, 8, 9, 0, time.Local)

// How a commit ended while nobody was there is told when the target is opened.
func TestToldLater(t *testing.T) {
	for name, c := range map[string]struct {
		last report.Last
		says []string
	}{
		"done": {
			report.Last{When: lastEnd, Task: report.Apply, Operations: []string{"Move p2 right by 1024 MiB"}, Result: resultDone},
			[]string{"The last commit of stick.raw ended at", "07:08:09", "exactly as planned", "Move p2 right by 1024 MiB"},
		},
		"interrupted": {
			report.Last{When: lastEnd, Task: report.Apply, Result: resultInterrupted},
			[]string{"interrupted", "input/output error", "No data is lost"},
		},
		"rolled back": {
			report.Last{When: lastEnd, Task: report.Finish, Result: report.Result{Outcome: report.RolledBack}},
			[]string{"The last recovery of stick.raw", "rolled back", "exactly as it was"},
		},
		"rolled back, with a note": {
			report.Last{When: lastEnd, Task: report.Undo, Result: report.Result{Outcome: report.RolledBack, Advice: "Note: something else is lost."}},
			[]string{"The undo of the last apply of stick.raw", "exactly as it was", "Note: something else is lost."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			target := Founding()
			target.Told = &c.last
			d := open(t, target)
			quietly(d)
			d.Contains(c.says...)
			d.Lacks("# shunt plan", "MiB?")
			d.Press("enter")
			d.Lacks("07:08:09")
			d.Contains("Partition")
		})
	}
}
