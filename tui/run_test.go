package tui_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/styles"
)

// Enter on the report is No: only y, or choosing Yes, commits.
func TestReportDefaultsToNo(t *testing.T) {
	for keys, want := range map[string]struct{ commits, rests int }{
		"enter": {0, 1}, "n": {0, 1}, "esc": {0, 1}, "q": {0, 1}, "ctrl+c": {0, 1}, "y": {1, 0}, "right enter": {1, 0}, "left right enter": {0, 1},
		"tab enter": {1, 0}, "x": {0, 0}, "down": {0, 0}, "a": {0, 0},
	} {
		target := Founding()
		d := open(t, target)
		story{t, d, target}.toReport()
		d.Press(strings.Fields(keys)...)
		if r := last(t, target); r.Commits != want.commits || r.Rests != (want.rests == 1) || r.Cancels != 0 {
			t.Errorf("%q: %d commits, rests %v, %d cancels, want %v", keys, r.Commits, r.Rests, r.Cancels, want)
		}
	}
}

// A page that opens by itself takes no key that was on its way, however many there are.
func TestKeysInFlight(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toRehearsal()
	d.Do(func() { last(t, target).Finish(passed()) })
	for range 10 {
		d.Press("y")
		d.Advance(300 * time.Millisecond)
	}
	if n := last(t, target).Commits; n != 0 {
		t.Fatalf("keys in flight committed %d times", n)
	}
	d.Advance(400 * time.Millisecond)
	d.Press("y")
	if n := last(t, target).Commits; n != 1 {
		t.Fatalf("committed %d times after a pause", n)
	}
	d.Do(func() { last(t, target).End(resultDone) })
	d.Press("enter")
	d.Contains("Result")
	quietly(d)
	d.Press("enter")
	d.Lacks("Result")
}

// While something runs, q and ctrl+c ask; they never leave.
func TestQuitWhileRunning(t *testing.T) {
	for _, key := range []string{"q", "ctrl+c"} {
		target := Founding()
		d := open(t, target)
		story{t, d, target}.toRehearsal()
		d.Press(key)
		d.Contains("Stop the rehearsal?")
		d.Press("enter")
		d.Do(func() { last(t, target).Finish(passed()) })
		quietly(d)
		d.Press("y", key)
		d.Contains("Stop?", "safe point")
		d.Press(key)
		if r := last(t, target); d.Quit() || r.Cancels != 0 {
			t.Fatalf("%s: quit %v, %d cancels", key, d.Quit(), r.Cancels)
		}
		d.Press(key, "s")
		if r := last(t, target); d.Quit() || r.Cancels != 1 {
			t.Fatalf("%s, s: quit %v, %d cancels", key, d.Quit(), r.Cancels)
		}
		d.Contains("Stopping at the next safe point")
		d.Press(key)
		d.Contains("It is stopping")
	}
}

// The queue survives everything but its own success.
func TestQueueAfterRun(t *testing.T) {
	for _, c := range []struct {
		result  report.Result
		pending string
		says    string
	}{
		{resultDone, "", "exactly as planned"},
		{resultRolledBack, "3 pending", "exactly as it was"},
		{resultUnchanged, "3 pending", "Nothing has been written to stick.raw"},
	} {
		target := Founding()
		d := open(t, target)
		story{t, d, target}.toResult(c.result)
		d.Contains(c.says, ops.Capital(c.result.Err), c.result.Advice)
		d.Press("esc")
		if c.pending == "" {
			d.Lacks("pending")
			d.Contains("2.94 GiB", "Nothing yet.")
			continue
		}
		d.Contains(c.pending, "3 Grow p1 by 1024 MiB")
	}
}

// A rehearsal that fails is told by its report, in whichever order report and result arrive.
func TestRehearsalFails(t *testing.T) {
	for _, together := range []string{"report first", "at once"} {
		target := Founding()
		d := open(t, target)
		story{t, d, target}.toRehearsal()
		rehearsed := func() { last(t, target).Finish(failed()) }
		result := func() { last(t, target).End(report.Result{Outcome: report.Unchanged, Err: failed().Err}) }
		if together == "at once" {
			d.Do(func() { rehearsed(); result() })
		} else {
			d.Do(rehearsed)
			d.Do(result)
		}
		quietly(d)
		d.Contains("The rehearsal failed", "UNEXPECTED INCONSISTENCY", "Nothing has been written")
		d.Lacks("Apply to")
		d.Press("y")
		if last(t, target).Commits != 0 {
			t.Errorf("%s: a failed rehearsal was committed", together)
		}
		d.Press("enter")
		d.Contains("Pending", "3 pending")
	}
}

// R shows the report and keeps what was rehearsed afterwards; it offers no commit.
func TestRehearseOnly(t *testing.T) {
	target := Founding()
	d := open(t, target)
	stageFounding(d)
	d.Press("R")
	d.Do(func() { last(t, target).Finish(passed()) })
	quietly(d)
	d.Lacks("Apply to")
	d.Press("y", "enter")
	if r := last(t, target); r.Commits != 0 || !r.Rests {
		t.Fatalf("%d commits, rests %v", r.Commits, r.Rests)
	}
	d.Contains("stick.raw was not changed", "3 pending")
	d.Press("x", "a") // of another queue it is no use
	d.Contains("Rehearsing stick.raw")
}

func TestCannotStart(t *testing.T) {
	target := Founding()
	target.StartErr = errors.New("start the rehearsal: FUSE is not available: load the module fuse")
	d := open(t, target)
	stageFounding(d)
	d.Press("a")
	d.Contains("Cannot begin", "FUSE is not available", "was not changed")
	quietly(d)
	d.Press("enter", "X")
	d.Contains("3 pending", "Clear all?") // the page below was seen as well
}

// The worker may end at any time without having said anything.
func TestRunEndsEarly(t *testing.T) {
	for name, to := range map[string]func(story){
		"rehearsing": story.toRehearsal, "asking": story.toReport, "committing": story.toCommit,
	} {
		target := Founding()
		d := open(t, target)
		to(story{t, d, target})
		d.Press("q")
		d.Do(func() {
			last(t, target).End(report.Result{Outcome: report.Unchanged, Err: "the worker ended without a word"})
		})
		if name == "asking" {
			d.Contains("was not changed")
			continue
		}
		d.Contains("Not done", "The worker ended without a word.")
		quietly(d)
		d.Press("enter")
		d.Contains("3 pending")
	}
}

// A target that cannot be read again after its commit is not shown as if it were known.
func TestRescanFails(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toCommit()
	d.Do(func() {
		target.RescanErr = tried.Errorf("read /images/stick.raw: input/output error")
		last(t, target).End(resultDone)
	})
	quietly(d)
	d.Contains("Done")
	d.Press("enter")
	d.Contains("could not be read again", "input/output error", "What the last run reported still holds")
	d.Press("m", "a", "z")
	d.Lacks("Resize/Move", "Image size", "Rehearsing")
	target.RescanErr = nil
	reopen(d, target)
	d.Contains("Nothing yet") // what was applied is not done again
}

// Progress is the latest snapshot; what comes after the end changes nothing.
func TestProgress(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toCommit()
	for i := range geometry.Bytes(5) {
		d.Do(func() {
			last(t, target).Tell(report.Progress{Phase: report.Committing, Stage: "copy", Done: i * geometry.MiB, Total: 4 * geometry.MiB, Elapsed: time.Duration(i) * time.Second})
		})
	}
	d.Contains("100 %", "4.00 MiB of 4.00 MiB", "0 s left", "open the target again to finish")
	d.Do(func() {
		last(t, target).Tell(report.Progress{Phase: report.Committing, Stage: "done"})
		last(t, target).End(resultDone)
	})
	d.Contains("Result")
	if n := last(t, target).Cancels; n != 0 {
		t.Errorf("cancelled %d times", n)
	}
}

func TestLogIsSaved(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toRehearsal()
	path := filepath.Join(t.TempDir(), "run.log")
	d.Press("l", "s", "ctrl+u")
	d.Type(path)
	d.Press("enter")
	d.Contains("Saved ")
	got, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(got), "e2fsck -f -p p1\n") {
		t.Errorf("saved %q, %v", got, err)
	}
}

// A log is followed as it grows, until the reader goes back in it.
func TestLogFollows(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toRehearsal()
	d.Press("l")
	tell := func(lines ...string) {
		d.Do(func() {
			last(t, target).Say(lines...)
			last(t, target).Tell(report.Progress{Phase: report.Rehearsing, Step: 4, Steps: 7})
		})
	}
	tell(strings.Split(strings.Repeat("line\n", 40)+"the latest\x1b[2J line", "\n")...)
	d.Contains("the latest\\x1b[2J line")
	d.Press("home")
	d.Lacks("the latest")
	tell("the very latest")
	d.Lacks("the very latest")
	d.Press("end")
	tell("the end")
	d.Contains("the end")
}

// What was rehearsed is applied as it is: no second rehearsal begins.
func TestApplyAfterRehearsal(t *testing.T) {
	target := Founding()
	d := open(t, target)
	stageFounding(d)
	d.Press("R")
	rehearsed := last(t, target)
	d.Do(func() { rehearsed.Finish(passed()) })
	quietly(d)
	d.Press("a", "enter") // the answer is No at first
	if rehearsed.Commits != 0 || !rehearsed.Rests {
		t.Errorf("enter: %d commits, rests %v", rehearsed.Commits, rehearsed.Rests)
	}

	d = open(t, target)
	stageFounding(d)
	d.Press("R")
	rehearsed = last(t, target)
	d.Do(func() { rehearsed.Finish(passed()) })
	quietly(d)
	d.Press("a")
	d.Contains("Apply to stick.raw?")
	d.Press("y")
	if last(t, target) != rehearsed || rehearsed.Commits != 1 {
		t.Errorf("the rehearsed run was not committed:\n%s", d.Frame())
	}
}

// The answers and the numbers of the report are whole on the smallest screen, however long the names are.
func TestReportFits(t *testing.T) {
	for _, glyphs := range []styles.GlyphSet{styles.Unicode, styles.ASCII} {
		target := Founding()
		target.What.Path = "/images/home partition of the old laptop, second copy.raw"
		d := Start(t, 60, 20, tui.Options{Paths: []string{target.What.Path}, Glyphs: glyphs}, One(target))
		stageFounding(d)
		d.Press("a")
		d.Do(func() {
			last(t, target).Finish(report.Rehearsal{Filesystems: []report.Filesystem{
				{Ref: "p1", Kind: string(model.XFS), Size: 3 * geometry.GiB, Used: geometry.GiB},
				{Ref: "p10", Kind: string(model.ReiserFS), Size: 1023 * geometry.MiB, Used: 1 * geometry.MiB},
			}})
		})
		quietly(d)
		d.Contains("Apply to home parti", "Not now", "y Yes, apply", "2.00 GiB free", "1022 MiB free")
		d.Click("Yes, apply", 0)
		d.Contains("Applying")
		if r := last(t, target); r.Commits != 1 {
			t.Error("the click did not apply")
		}
	}
}
