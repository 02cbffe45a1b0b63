package tui_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

// TestQuestionOnAnotherTarget answers questions on one target while the run of another one ends: each does what it does when
// nothing happens.
func TestQuestionOnAnotherTarget(t *testing.T) {
	questions := map[string]string{
		"m": "tab tab left enter", "l": "a b enter", "X": "y", "n": "enter", "T": "enter", "ctrl+w": "y", "t": "r a i d enter", "z": "+ 1 G i B enter",
		"g": "enter", "w": "enter", "f": "enter", "i": "esc x", "S": "esc x", "?": "esc x", "o": "esc x", "M": "esc x", "U": "enter x",
	}
	for open, answer := range questions {
		keys := append([]string{open}, strings.Fields(answer)...)
		played := func(at int, event func(racing)) (racing, deeds) {
			s := newRacing(t, Founding())
			s.other.What.Undos = []report.Applied{*applied}
			s.toRehearsal()
			s.d.Press("tab", "j", "j")
			if open == "X" || open == "ctrl+w" {
				s.d.Press("x")
			}
			for i, key := range append(keys, "") {
				if i == at {
					s.happen(open, event)
				}
				s.pressOrClick(key)
			}
			out := s.deeds()
			out.plans = ""
			for _, plan := range tui.Plans(s.d.Model()) {
				if strings.HasPrefix(plan, "server") {
					out.plans = plan
				}
			}
			return s, out
		}
		_, want := played(-1, nil)
		for _, name := range []string{"passes", "is killed", "is done"} {
			for at := range len(keys) + 1 {
				if s, got := played(at, events[name]); got != want {
					t.Errorf("%s, before key %d the other run %s: %+v, want %+v\n%s", keys, at, name, got, want, s.d.Frame())
				}
			}
		}
	}
}

// TestPasteOfWhatChanged pastes a partition of a target whose commit changes it while somebody chooses where it goes.
func TestPasteOfWhatChanged(t *testing.T) {
	for end, want := range map[report.Outcome]bool{report.Done: false, report.Unchanged: true} {
		s := newRacing(t, Founding())
		s.story.toCommit()
		s.d.Do(func() { s.run().End(report.Result{Outcome: report.Unchanged, Err: "x"}) })
		quietly(s.d)
		s.d.Press("enter", "home", "c", "a")
		s.d.Do(func() { s.run().Finish(passed()) })
		quietly(s.d)
		s.d.Press("y", "tab", "end", "v")
		s.d.Contains("Paste p1")
		s.happen("the source", func(s racing) { s.d.Do(func() { s.run().End(report.Result{Outcome: end}) }) })
		s.d.Press("enter")
		if staged := strings.Contains(tui.Plans(s.d.Model())[1], "copy 1"); staged != want {
			t.Errorf("%s: staged %v\n%s", end, staged, s.d.Frame())
		}
		if !want {
			s.d.Contains("p1 of stick.raw changed meanwhile: nothing was done")
		}
	}
}

// TestReadAgainUnderADialog looks for tools anew while a dialog is filled in: if operations are dropped by that, the answer was
// for another disk than it would be carried out on.
func TestReadAgainUnderADialog(t *testing.T) {
	for name, drop := range map[string]bool{"dropped": true, "kept": false} {
		less := tuitest.Env()
		if drop {
			less.Caps[model.XFS] = ops.Capability{Label: "xfs_admin is not installed: apt install xfsprogs", Missing: []string{"xfsprogs"}}
		}
		s := newRacing(t, Varied())
		s.target.Discovered = &less
		s.d.Press("j", "j", "j", "j", "j", "l")
		s.d.Type("data")
		s.d.Press("enter", "S")
		s.d.Do(func() { s.target.Held = true })
		s.d.Press("r", "esc", "home", "j", "j", "l")
		s.d.Type("sys")
		s.happen(name, func(s racing) { s.d.Do(func() { s.target.Held = false }) })
		s.d.Press("enter")
		if staged := strings.Contains(tui.Plans(s.d.Model())[0], "sys"); staged == drop {
			t.Errorf("%s: staged %v\n%s", name, staged, s.d.Frame())
		}
		if drop {
			s.d.Contains("was read again meanwhile: nothing was done")
		}
	}
}

// TestQueuedMessage lets what a target tells when it is opened wait for the answer to what is open.
func TestQueuedMessage(t *testing.T) {
	for _, keys := range []string{"esc", "enter"} {
		s := racing{other: Varied()}
		founding := Founding()
		s.other.Held = true
		s.other.Told = &report.Last{When: lastEnd, Task: report.Apply, Result: resultDone}
		s.b = &Backend{Targets: map[string]*Target{stick: founding, s.other.What.Path: s.other}}
		s.story = story{t, Start(t, 80, 24, tui.Options{Paths: []string{stick, s.other.What.Path}}, s.b), founding}
		s.d.Press("l")
		s.happen("told", func(s racing) { s.d.Do(func() { s.other.Held = false }) })
		s.d.Type("x")
		s.d.Press(keys)
		s.d.Contains("While you were away", "07:08:09")
		s.d.Press("enter", "y", "d", "q")
		s.d.Contains("While you were away")
		quietly(s.d)
		s.d.Press("enter")
		s.d.Lacks("While you were away")
		if plans := tui.Plans(s.d.Model()); strings.Contains(plans[0], `label 1 "x"`) != (keys == "enter") {
			t.Errorf("%s: %v", keys, plans)
		}
	}
}

// TestOpenedUnderADialog opens a target that has something to ask while something else is open over another one.
func TestOpenedUnderADialog(t *testing.T) {
	for name, made := range map[string]func() *Target{
		"unfinished": broken,
		"committing": func() *Target { target := Founding(); target.Busy = &Run{}; return target },
	} {
		target := made()
		target.Held = true
		s := racing{other: Varied()}
		s.b = &Backend{Targets: map[string]*Target{stick: target, s.other.What.Path: s.other}}
		s.story = story{t, Start(t, 80, 24, tui.Options{Paths: []string{stick, s.other.What.Path}}, s.b), target}
		s.d.Press("?")
		s.d.Do(func() { target.Held = false })
		s.d.Press("esc", "f", "b", "enter")
		if got := s.deeds(); got.recoveries != 0 || got.cancels != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		quietly(s.d)
		s.d.Contains(map[string]string{"unfinished": "Unfinished transaction", "committing": "Applying to stick.raw"}[name])
	}
}

// TestReplaceIsForThisText asks whether to replace a file while another target came into view: what is written is what was
// to be saved.
func TestReplaceIsForThisText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.plan")
	s := newRacing(t, Founding())
	s.d.Press("x", "s", "ctrl+u")
	s.d.Type(path)
	s.d.Press("enter")
	s.d.Contains("Saved ")
	s.d.Press("tab", "j", "j", "x", "x", "s", "ctrl+u")
	s.d.Type(path)
	s.d.Burst("enter", "tab")
	s.d.Contains("Replace file?", "•stick.raw")
	quietly(s.d)
	s.d.Press("y")
	got, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(got), "check 3") {
		t.Errorf("saved %q, %v", got, err)
	}
}

// TestLeaveIsJudgedAnew answers whether to leave when a commit turned up meanwhile.
func TestLeaveIsJudgedAnew(t *testing.T) {
	s := racing{other: Varied()}
	s.other.Held, s.other.Busy = true, &Run{}
	founding := Founding()
	s.b = &Backend{Targets: map[string]*Target{stick: founding, s.other.What.Path: s.other}}
	s.story = story{t, Start(t, 80, 24, tui.Options{Paths: []string{stick, s.other.What.Path}}, s.b), founding}
	s.d.Press("x", "q")
	s.happen("a commit", func(s racing) { s.d.Do(func() { s.other.Held = false }) })
	s.d.Press("y")
	if s.d.Quit() {
		t.Fatal("left a commit without a word")
	}
	s.d.Contains("Something is being done to server.qcow2")
}

// TestEveryEventKeepsTheQuestion makes sure that the table above has every kind of end.
func TestEveryEventKeepsTheQuestion(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(events)) {
		for _, key := range []string{"q", "o", "ctrl+c"} {
			s := newRacing(t, Founding())
			s.toRehearsal()
			s.d.Press(key)
			if tui.Asked(s.d.Model()) == 0 {
				t.Fatalf("%s opens nothing", key)
			}
			s.happen(name+" under "+key, events[name])
		}
	}
}
