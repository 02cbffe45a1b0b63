package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shunt/geometry"
	"shunt/ops/report"
	"shunt/tui"
)

// openAhead starts an editor that rehearses in the background.
func openAhead(t *testing.T, target *Target) *Driver {
	t.Helper()
	return Start(t, 80, 24, tui.Options{
		Paths: []string{target.What.Path}, Settings: report.Settings{Ahead: report.AheadImages},
	}, One(target))
}

// still lets the time pass after which a rehearsal begins by itself.
func still(d *Driver) { d.Advance(time.Second) }

// A rehearsal begins by itself when the queue is still, says beside the queue how it went, and is what a and R go on with.
func TestAhead(t *testing.T) {
	target := Founding()
	d := openAhead(t, target)
	stageFounding(d)
	if len(target.Runs) != 0 {
		t.Fatal("it began before the queue was still")
	}
	still(d)
	if len(target.Runs) != 1 || target.Ahead != 1 {
		t.Fatalf("%d runs, %d in the background", len(target.Runs), target.Ahead)
	}
	d.Contains("rehearsing…", "3 Grow p1")
	run := last(t, target)
	rehearsed := passed()
	rehearsed.Estimate = 800 * time.Millisecond
	d.Do(func() { run.Finish(rehearsed) })
	d.Contains("✓ rehearsed, 0.8 s to apply", "3 Grow p1")
	if d.Bells() != 0 || strings.Contains(d.View().WindowTitle, "rehears") || d.View().ProgressBar != nil {
		t.Errorf("bells %d, title %q, bar %v", d.Bells(), d.View().WindowTitle, d.View().ProgressBar)
	}
	d.Press("a")
	d.Contains("Apply to stick.raw?")
	if run.Rests || len(target.Runs) != 1 {
		t.Errorf("it rests: %v, %d runs", run.Rests, len(target.Runs))
	}
	d.Press("y")
	if run.Commits != 1 || len(target.Runs) != 1 {
		t.Errorf("%d commits, %d runs", run.Commits, len(target.Runs))
	}
}

// Whoever rehearses while it runs joins it.
func TestAheadJoined(t *testing.T) {
	for _, key := range []string{"R", "a"} {
		target := Founding()
		d := openAhead(t, target)
		stageFounding(d)
		still(d)
		run := last(t, target)
		d.Do(func() { run.Tell(report.Progress{Phase: report.Rehearsing, Step: 4, Steps: 7}) })
		d.Press(key)
		d.Contains("Rehearsing stick.raw", "step 4 of 7")
		if run.Rests || len(target.Runs) != 1 {
			t.Errorf("%s: rests %v, %d runs", key, run.Rests, len(target.Runs))
		}
		d.Do(func() { run.Finish(passed()) })
		quietly(d)
		d.Contains("The rehearsal passed")
	}
}

// The run that is joined may not have started yet.
func TestAheadJoinedEarly(t *testing.T) {
	target := Founding()
	d := openAhead(t, target)
	stageFounding(d)
	d.Do(func() { target.Held = true })
	still(d)
	d.Press("a")
	d.Contains("Rehearsing stick.raw")
	d.Do(func() { target.Held = false })
	if run := last(t, target); run.Rests || len(target.Runs) != 1 || run.Cancels != 0 {
		t.Errorf("rests %v, %d runs, %d cancels", run.Rests, len(target.Runs), run.Cancels)
	}
}

// Every change of the queue ends the rehearsal, and another one begins when the queue is still again.
func TestAheadDropped(t *testing.T) {
	for name, change := range map[string]string{"edit": "x", "undo": "u", "clear": "X y", "order": "end down down K", "close": "ctrl+w y"} {
		for _, when := range []string{"held", "running", "passed"} {
			target := Founding()
			d := openAhead(t, target)
			stageFounding(d)
			if name == "order" {
				d.Press("X", "y", "l", "a", "enter", "j", "l", "b", "enter")
			}
			d.Do(func() { target.Held = when == "held" })
			still(d)
			if when == "passed" {
				d.Do(func() { last(t, target).Finish(passed()) })
			}
			d.Press(strings.Fields(change)...)
			d.Do(func() { target.Held = false })
			first := last(t, target)
			if name != "close" && first.Cancels != 1 || first.Commits != 0 {
				t.Errorf("%s, %s: %d cancels, %d commits\n%s", name, when, first.Cancels, first.Commits, d.Frame())
			}
			d.Lacks("rehearsed,", "rehearsing…")
			d.Do(func() { first.End(report.Result{Outcome: report.Unchanged, Cancelled: true}) })
			still(d)
			want := 2
			if name == "clear" || name == "close" {
				want = 1
			}
			if len(target.Runs) != want {
				t.Errorf("%s, %s: %d runs\n%s", name, when, len(target.Runs), d.Frame())
			}
		}
	}
}

// It waits while keys are pressed and while a dialog is open, and does not begin where nobody wants it.
func TestAheadWaits(t *testing.T) {
	target := Founding()
	d := openAhead(t, target)
	stageFounding(d)
	for range 5 {
		d.Advance(900 * time.Millisecond)
		d.Press("x", "u")
	}
	d.Press("m")
	d.Advance(time.Minute)
	if target.Ahead != 0 {
		t.Error("it began while a dialog was open")
	}
	d.Press("esc")
	still(d)
	if target.Ahead != 1 {
		t.Error("it did not begin after the dialog")
	}
	for name, c := range map[string]struct {
		target   *Target
		settings report.Settings
		want     int
	}{
		"off":           {Founding(), report.Settings{}, 0},
		"a device":      {device(), report.Settings{Ahead: report.AheadImages}, 0},
		"all":           {device(), report.Settings{Ahead: report.AheadAll}, 1},
		"in use":        {busy(), report.Settings{Ahead: report.AheadImages}, 0},
		"physical disk": {physical(), report.Settings{Ahead: report.AheadImages}, 0},
	} {
		d := Start(t, 80, 24, tui.Options{Paths: []string{c.target.What.Path}, Settings: c.settings}, One(c.target))
		d.Press("j", "x")
		still(d)
		if c.target.Ahead != c.want {
			t.Errorf("%s: %d runs in the background\n%s", name, c.target.Ahead, d.Frame())
		}
	}
}

// What fails in the background is said beside the queue, and shown in full to whoever rehearses. After that, R rehearses anew.
func TestAheadFails(t *testing.T) {
	target := Founding()
	d := openAhead(t, target)
	stageFounding(d)
	still(d)
	run := last(t, target)
	d.Do(func() { run.Finish(failed()); run.End(resultUnchanged) })
	d.Contains("✗ fails: check ext4 in p1: e2fsck found damage", "Pending")
	d.Lacks("The rehearsal failed")
	d.Press("R")
	d.Contains("The rehearsal failed", "UNEXPECTED INCONSISTENCY")
	d.Press("esc", "R")
	if len(target.Runs) != 2 {
		t.Errorf("%d runs", len(target.Runs))
	}

	// What cannot start is said only to whoever starts it.
	target = Founding()
	target.StartErr = errors.New("start the rehearsal: FUSE is not available")
	d = openAhead(t, target)
	stageFounding(d)
	still(d)
	d.Lacks("FUSE")
	d.Press("a")
	d.Contains("FUSE is not available")

	target = Founding()
	d = openAhead(t, target)
	stageFounding(d)
	still(d)
	d.Do(func() { last(t, target).End(report.Result{Outcome: report.Unchanged, Err: "the target changed"}) })
	d.Contains("✗ cannot be rehearsed: the target changed")
	d.Press("a")
	if len(target.Runs) != 2 {
		t.Errorf("%d runs", len(target.Runs))
	}
}

// A report that was left is what a applies later, until the queue changes. It is not kept where that could be in the way.
func TestReportIsKept(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toReport()
	run := last(t, target)
	d.Press("n")
	d.Contains("was not changed", "✓ rehearsed, 2 s to apply")
	if !run.Rests {
		t.Error("it does not rest")
	}
	d.Press("R")
	d.Contains("The rehearsal passed")
	d.Lacks("Apply to stick.raw?")
	d.Press("esc", "a")
	d.Contains("Apply to stick.raw?")
	d.Press("y")
	if run.Commits != 1 || run.Rests || len(target.Runs) != 1 {
		t.Fatalf("%d commits, rests %v, %d runs", run.Commits, run.Rests, len(target.Runs))
	}

	target = Founding()
	d = open(t, target)
	story{t, d, target}.toRehearsal()
	large := passed()
	large.JournalSize = 2 * geometry.GiB
	d.Do(func() { last(t, target).Finish(large) })
	quietly(d)
	d.Press("n")
	if last(t, target).Cancels != 1 {
		t.Error("a journal of 2 GiB was kept")
	}
}

// A larger size that only the tool knew becomes that of the queue when somebody looks at the report, not before.
func TestAheadReplanned(t *testing.T) {
	target := Founding()
	d := openAhead(t, target)
	stageFounding(d)
	still(d)
	again, err := last(t, target).Queue.Remove(2)
	if err != nil {
		t.Fatal(err)
	}
	d.Do(func() {
		last(t, target).Again = again
		result := passed()
		result.Replanned = []report.Replanned{{Ref: "p1", Asked: 392 * geometry.MiB, Took: 664 * geometry.MiB}}
		last(t, target).Finish(result)
	})
	d.Contains("3 pending", "rehearsed")
	d.Press("a")
	d.Contains("its own tool finds no room", "2 pending")
	d.Press("n", "a")
	d.Contains("Apply to stick.raw?")
	if len(target.Runs) != 1 {
		t.Errorf("%d runs", len(target.Runs))
	}
}

// The choice is reached from the palette and kept.
func TestAheadSetting(t *testing.T) {
	target := Founding()
	backend := One(target)
	d := Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}}, backend)
	stageFounding(d)
	still(d)
	turn := func() {
		d.Press(":")
		d.Type("rehearse in the")
		d.Press("enter")
	}
	turn()
	d.Contains("Rehearsing in the background: image files")
	still(d)
	if target.Ahead != 1 {
		t.Errorf("%d runs", target.Ahead)
	}
	turn()
	turn()
	d.Contains("Rehearsing in the background: off")
	if n := last(t, target).Cancels; n != 1 {
		t.Errorf("%d cancels", n)
	}
	if len(backend.Kept) != 3 || backend.Kept[0].Ahead != report.AheadImages || backend.Kept[2].Ahead != report.AheadOff {
		t.Errorf("kept %v", backend.Kept)
	}
}

// Whatever happens in the background while somebody answers a question commits nothing and answers nothing.
func TestAheadRaces(t *testing.T) {
	questions := map[string]string{"m": "+ 1 M enter", "X": "y", "l": "a b enter", "q": "n", "a": "n", "R": "esc", "z": "+ 1 G enter", "?": "esc"}
	happenings := map[string]func(*Run){
		"passes": func(r *Run) { r.Finish(passed()) },
		"fails":  func(r *Run) { r.Finish(failed()); r.End(resultUnchanged) },
		"yields": func(r *Run) { r.End(report.Result{Outcome: report.Unchanged, Cancelled: true}) },
		"dies":   func(r *Run) { r.End(silent) },
	}
	for open, answer := range questions {
		for name, happens := range happenings {
			keys := append([]string{open}, strings.Fields(answer)...)
			for at := range len(keys) + 1 {
				target := Founding()
				d := openAhead(t, target)
				d.Blind()
				d.Press("x")
				still(d)
				run := last(t, target)
				for i, key := range append(keys, "") {
					if i == at {
						asked := tui.Asked(d.Model())
						d.Do(func() { happens(run) })
						// The question whether to stop (R, esc) closes with the rehearsal.
						if now := tui.Asked(d.Model()); asked != 0 && now != asked && (now != 0 || open != "R") {
							t.Errorf("%s, %s at %d: the question is gone", open, name, at)
						}
					}
					if key != "" {
						d.Press(key)
					}
				}
				for _, r := range target.Runs {
					if r.Commits != 0 {
						t.Errorf("%s, %s at %d: committed", open, name, at)
					}
				}
				if d.Quit() {
					t.Errorf("%s, %s at %d: left", open, name, at)
				}
			}
		}
	}
}

// Keys cost as many bytes with the mark as without: nothing of it changes while the cursor moves.
func TestAheadMarkStays(t *testing.T) {
	target := Founding()
	d := openAhead(t, target)
	stageFounding(d)
	still(d)
	line := func() string {
		for l := range strings.Lines(d.Frame()) {
			if at := strings.Index(l, "rehearsing"); at >= 0 {
				return strings.TrimRight(l[at:], "─╮\n")
			}
		}
		return ""
	}
	before := line()
	for i := range 5 {
		d.Do(func() {
			last(t, target).Tell(report.Progress{Phase: report.Rehearsing, Step: i, Steps: 7, Elapsed: time.Duration(i) * time.Second})
		})
		d.Press("down")
	}
	if line() != before {
		t.Errorf("%q became %q", before, line())
	}
}
