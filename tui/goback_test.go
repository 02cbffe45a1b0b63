package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shunt/ops/report"
	"shunt/tui"
)

// kept are commits that can be undone, the newest first.
func kept(n int) (list []report.Applied) {
	for i := n; i > 0; i-- {
		list = append(list, report.Applied{
			When: applied.When.Add(time.Duration(i) * time.Hour), Plan: fmt.Sprint("plan ", i), Operations: []string{fmt.Sprintf("Label ext4 in p1 \"%d\"", i)}, Room: 1024,
		})
	}
	return list
}

// history opens the history of a target.
func history(t *testing.T, width, height int, target *Target) *Driver {
	t.Helper()
	d := Start(t, width, height, tui.Options{Paths: []string{target.What.Path}}, One(target))
	d.Press(":")
	d.Type("history")
	d.Press("enter")
	return d
}

// A commit is chosen in the history, and all down to it are undone one after the other: each is one run, and the next begins when
// the target was read again.
func TestGoBack(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {60, 20}} {
		target := Founding()
		target.What.Undos = kept(3)
		d := history(t, size[0], size[1], target)
		d.Contains("1. ", "3. ", "Press Enter to undo it")
		d.Press("down", "down")
		d.Contains("Press Enter to undo 1 to 3")
		d.Press("enter")
		d.Contains("Undo the last 3 commits?", "What they did is lost", `3. Label ext4 in p1 "1"`, "3.00 KiB", "If it stops on the way")
		d.Press("enter") // the safe answer
		if target.Undos != 0 {
			t.Fatal("the safe answer undid")
		}
		d.Press(":")
		d.Type("history")
		d.Press("enter", "down", "down", "U", "y")
		for i := range 3 {
			if target.Undos != i+1 {
				t.Fatalf("%d undos have begun, want %d", target.Undos, i+1)
			}
			d.Contains(fmt.Sprintf("Undoing %d of 3 commits", i+1))
			d.Do(func() {
				target.What.Undos = kept(2 - i)
				last(t, target).End(report.Result{Outcome: report.RolledBack, LostUnused: i == 0})
			})
			quietly(d)
		}
		d.Contains("The last 3 commits were undone")
		d.Lacks("exactly as it was") // the first one has lost something
		if target.Undos != 3 {
			t.Errorf("%d undos", target.Undos)
		}
	}
}

// A click chooses a commit, with whatever line of it, and a click on the chosen one asks. The right button chooses and lists
// what can be done.
func TestHistoryClicks(t *testing.T) {
	target := Founding()
	target.What.Undos = kept(9) // more than a small window shows
	d := history(t, 60, 20, target)
	d.Click(`in p1 "7"`, 0)
	d.Contains("▸ 3. ")
	d.Press("pgdown")
	d.Click("in p1 \"1\"", 0)
	d.Contains("▸ 9. ", "Press Enter to undo 1 to 9")
	d.Click("9. ", 0)
	d.Contains("Undo the last 9 commits?")
	d.Press("esc")
	if target.Undos != 0 {
		t.Fatalf("%d undos", target.Undos)
	}
	d = history(t, 60, 20, target)
	d.RightClick(`in p1 "8"`)
	d.Press("esc")
	d.Contains("▸ 2. ")
}

// Going back stops where an undo is refused, or what was kept is gone: the page says how many are undone, and what the target is.
func TestGoBackStops(t *testing.T) {
	for _, c := range []struct {
		name  string
		left  int
		end   report.Result
		says  string
		lacks string
		undos int
	}{
		{"refused", 2, report.Result{Outcome: report.Unchanged, Err: "the target was changed since the transaction"}, "was changed since", "U undoes", 2},
		{"stopped", 2, report.Result{}, "U undoes the next one", "no longer fits", 1},
		{"stopped at the last", 0, report.Result{}, "as it was before one of them", "U undoes", 1},
		{"gone", 1, report.Result{}, "no longer fits", "U undoes", 1},
	} {
		target := Founding()
		target.What.Undos = kept(3)
		d := history(t, 80, 24, target)
		d.Press("down", "down", "enter", "y")
		if strings.HasPrefix(c.name, "stopped") {
			d.Press("q")
			quietly(d)
			d.Press("s")
		}
		d.Do(func() {
			target.What.Undos = kept(c.left)
			last(t, target).End(report.Result{Outcome: report.RolledBack})
		})
		quietly(d)
		if c.undos > 1 {
			d.Do(func() { last(t, target).End(c.end) })
			quietly(d)
		}
		d.Contains("Stopped on the way", "1 of 3 commits were undone", "as it was before one of them", c.says)
		d.Lacks(c.lacks)
		if target.Undos != c.undos {
			t.Errorf("%s: %d undos", c.name, target.Undos)
		}
	}
}

// However long the history is, what Enter does is in view, for the commit that is chosen.
func TestHistoryFoot(t *testing.T) {
	target := Founding()
	target.What.Undos = kept(9) // more than a small window shows
	d := history(t, 60, 20, target)
	d.Contains("Press Enter to undo it")
	for i := 2; i <= 9; i++ {
		d.Press("down")
		which := fmt.Sprintf("1 to %d", i)
		if i == 2 {
			which = "1 and 2"
		}
		d.Contains(fmt.Sprintf("▸ %d. ", i), "Press Enter to undo "+which)
	}
	for _, key := range []string{"pgdown", "end", "home"} {
		d.Press(key)
		d.Contains("Press Enter to")
	}
}
