package tui_test

import (
	"errors"
	"strings"
	"testing"

	"shunt/ops"
	"shunt/ops/report"
)

// Leaving a target in the middle of a commit says that it stays so, and how that is ended later: from its own page and from
// that of another target, for the program and for the target.
func TestLeavingHalfDone(t *testing.T) {
	for _, c := range []struct{ keys, gone string }{{"q", "quit"}, {"tab q", "quit"}, {"ctrl+w", "closed"}} {
		target := broken()
		target.What.Call = ops.Call{Path: "/images/a stick.raw", Flags: []string{"--journal=/var/j"}}
		s := newRacing(t, target)
		quietly(s.d)
		for _, key := range strings.Fields(c.keys) {
			s.d.Press(key)
		}
		s.d.Contains("stick.raw stays half done: do not mount or boot it.", "`shunt recover --journal=/var/j '/images/a stick.raw'`")
		s.d.Press("enter")
		if s.d.Quit() || len(s.b.Closed) > 0 {
			t.Fatalf("%s: the safe answer left", c.keys)
		}
		for _, key := range strings.Fields(c.keys)[strings.Count(c.keys, " "):] {
			s.d.Press(key, "y")
		}
		if s.d.Quit() != (c.gone == "quit") || len(s.b.Closed) > 0 != (c.gone == "closed") {
			t.Errorf("%s, y: %+v", c.keys, s.deeds())
		}
	}
}

// So does leaving right after the end of a commit that was interrupted, whether its target can be read again or not.
func TestLeavingAfterInterruption(t *testing.T) {
	for name, rescan := range map[string]error{"read": nil, "lost": errors.New("input/output error")} {
		s := newRacing(t, Founding())
		s.toCommit()
		s.d.Do(func() {
			s.target.RescanErr = rescan
			s.run().End(resultInterrupted)
		})
		quietly(s.d)
		s.d.Press("enter")
		quietly(s.d)
		s.d.Press("q")
		if s.d.Quit() {
			t.Errorf("%s: left without a word", name)
		}
		s.d.Contains("stays half done")
	}
}

// What M mounted, and nobody unmounted since, is named when the program or its target is left.
func TestLeavingMounts(t *testing.T) {
	target := device()
	target.What.Call = ops.Call{Path: "/dev/loop7"}
	d := open(t, target)
	d.Press("M", "enter")
	d.Contains("mounted read-only at /run/shunt/p1")
	for _, key := range []string{"q", "ctrl+w"} {
		d.Press(key)
		d.Contains("p1 of loop7 stays mounted at /run/shunt/p1.", "`shunt unmount /dev/loop7 1` later")
		d.Press("enter")
	}
	d.Press("M", "enter")
	d.Contains("Unmounted from")
	d.Press("q")
	if !d.Quit() {
		t.Error("nothing is mounted, but it asks")
	}
	d = open(t, busy())
	d.Press("q")
	if !d.Quit() {
		t.Error("asks about what others mounted")
	}
}

// A worker that is killed cannot tell what it led to; the target can.
func TestKilledWorker(t *testing.T) {
	applied := func(s racing) { s.target.What.Undos = []report.Applied{*applied} }
	for name, c := range map[string]struct {
		found   func(s racing) // by the next reading
		says    string
		pending bool
		lacks   string
	}{
		"in the commit":  {func(s racing) { s.target.Broken = broken().Broken }, "Unfinished transaction", true, "Open the target again"},
		"before it":      {func(racing) {}, "Not done", true, "may be half changed"},
		"after it":       {applied, "stick.raw is exactly as planned", false, "may be between"},
		"told in a file": {func(s racing) { s.target.Told = &report.Last{Task: report.Apply, Result: resultRolledBack} }, "exactly as it was", true, "may be between"},
	} {
		s := newRacing(t, Founding())
		s.story.toCommit()
		s.d.Do(func() { c.found(s); s.run().End(silent) })
		quietly(s.d)
		s.d.Contains(c.says)
		s.d.Lacks(c.lacks)
		if c.says == "Unfinished transaction" {
			s.d.Contains("signal: killed", "unfinished")
			s.d.Lacks("3 pending")
			continue
		}
		s.d.Press("enter")
		if got := strings.Contains(s.d.Frame(), "3 pending"); got != c.pending {
			t.Errorf("%s: pending %v\n%s", name, got, s.d.Frame())
		}
	}
	// What only checks leaves nothing to tell before from after by.
	s := newRacing(t, Founding())
	s.toCommit()
	s.d.Do(func() { s.run().End(silent) })
	quietly(s.d)
	s.d.Contains("stick.raw has no unfinished transaction: it is exactly as planned or exactly as it was")
	s.d.Press("enter", "u", "q")
	if !s.d.Quit() {
		t.Error("a whole target is not left")
	}
}

// The title tells what becomes of the operations, of this target and of others.
func TestTitleTellsTheState(t *testing.T) {
	s := newRacing(t, Founding())
	s.toRehearsal()
	s.d.Contains("1 pending")
	s.d.Press("q", "s", "tab")
	s.d.Contains("stick.raw stopping")
	s.d.Do(func() { s.run().End(report.Result{Outcome: report.Unchanged}) })
	s.d.Press("tab")
	s.d.Press("a")
	s.d.Do(func() { s.run().Finish(passed()) })
	quietly(s.d)
	s.d.Press("y")
	s.d.Contains("applying 1")
	s.d.Do(func() { s.target.Held = true; s.run().End(resultDone) })
	s.d.Lacks("applying", "pending")
	s.d.Do(func() { s.target.Held = false })
	s.d.Lacks("pending")

	s = newRacing(t, broken())
	quietly(s.d)
	s.d.Contains("unfinished")
	if got := s.d.View().WindowTitle; got != "shunt: stick.raw unfinished" {
		t.Errorf("title %q", got)
	}
	s.d.Press("tab")
	s.d.Contains("stick.raw is unfinished")
	s.d.Press("tab")
	quietly(s.d)
	s.d.Press("b", "tab")
	s.d.Contains("stick.raw rolling back")
}
