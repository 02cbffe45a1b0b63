package tui_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

// These tests let things happen by themselves before, between and after the keys of somebody who answers a question. Each
// place is tried, with keys in a row and with pauses in which the editor takes keys again.

// racing is an editor on two targets, of which the first is in view.
type racing struct {
	story
	other *tuitest.Target
	b     *tuitest.Backend
}

func newRacing(t *testing.T, first *tuitest.Target) racing {
	t.Helper()
	s := racing{other: tuitest.Varied()}
	if first.What.Path == s.other.What.Path {
		s.other = tuitest.Founding()
	}
	s.b = &tuitest.Backend{
		Targets: map[string]*tuitest.Target{first.What.Path: first, s.other.What.Path: s.other}, Machine: tuitest.Env(), Files: tuitest.Images(),
	}
	s.story = story{t, tuitest.Start(t, 80, 24, tui.Options{Paths: []string{first.What.Path, s.other.What.Path}}, s.b), first}
	s.d.Blind()
	return s
}

// toRehearsal is a short way to a run that rehearses.
func (s racing) toRehearsal() {
	s.t.Helper()
	s.d.Press("x", "a")
}

// toReport is a short way to the question whether to apply.
func (s racing) toReport() {
	s.t.Helper()
	s.toRehearsal()
	s.d.Do(func() { s.run().Finish(passed()) })
	quietly(s.d)
}

// toCommit is a short way to a run that commits.
func (s racing) toCommit() {
	s.t.Helper()
	s.toReport()
	s.d.Press("y")
}

// deeds is what was done to targets, or begun.
type deeds struct {
	commits, cancels, runs, undos, recoveries int
	closed                                    int
	quit                                      bool
	plans                                     string
}

func (s racing) deeds() deeds {
	var out deeds
	for _, target := range []*tuitest.Target{s.target, s.other} {
		for _, r := range append(slices.Clone(target.Runs), target.Busy) {
			if r != nil {
				out.commits, out.cancels = out.commits+r.Commits, out.cancels+r.Cancels
			}
		}
		out.runs += len(target.Runs)
		out.undos += target.Undos
		out.recoveries += len(target.Recoveries)
	}
	out.closed, out.quit = len(s.b.Closed), s.d.Quit()
	out.plans = strings.Join(tui.Plans(s.d.Model()), "\n")
	return out
}

// happen lets an event happen, which takes no open question away and puts no other in its place.
func (s racing) happen(name string, event func(racing)) {
	s.t.Helper()
	before := tui.Asked(s.d.Model())
	event(s)
	if before != 0 && tui.Asked(s.d.Model()) != before {
		s.t.Errorf("%s: the question is gone, or another:\n%s", name, s.d.Frame())
	}
}

// events is what can happen to a run by itself.
var events = map[string]func(s racing){
	"passes":      func(s racing) { s.d.Do(func() { s.run().Finish(passed()) }) },
	"fails":       func(s racing) { s.d.Do(func() { s.run().Finish(failed()) }) },
	"fails, ends": func(s racing) { s.d.Do(func() { s.run().Finish(failed()); s.run().End(resultUnchanged) }) },
	"ends":        func(s racing) { s.d.Do(func() { s.run().End(resultUnchanged) }) },
	"is done":     func(s racing) { s.d.Do(func() { s.run().End(resultDone) }) },
	"is killed": func(s racing) {
		s.d.Do(func() { s.target.Broken = broken().Broken; s.run().End(silent) })
	},
	"passes, is killed": func(s racing) {
		s.d.Do(func() { s.run().Finish(passed()) })
		s.d.Do(func() { s.run().End(silent) })
	},
	"tells": func(s racing) {
		s.d.Do(func() { s.run().Tell(ops.Progress{Phase: ops.Rehearsing, Step: 6, Steps: 7}) })
	},
	"the window changes": func(s racing) {
		s.d.Do(func() { s.run().Finish(passed()) })
		s.d.Resize(30, 5)
		quietly(s.d)
		s.d.Resize(80, 24)
	},
}

// silent is the end of a worker that was killed.
var silent = ops.Result{Outcome: ops.Interrupted, Err: "the worker process ended without a word (signal: killed)", Silent: true}

// TestStopMeansStop answers whether to stop a rehearsal while that ends by itself: nothing is ever applied, whatever key is
// pressed at whatever point of the race, and what is pending stays so.
func TestStopMeansStop(t *testing.T) {
	for _, keys := range []string{
		"q s y", "q y y", "q enter", "q right enter", "ctrl+c ctrl+c ctrl+c", "esc S Y", "l q s", "q click-stop",
	} {
		for _, name := range []string{"passes", "fails, ends", "ends", "is killed", "the window changes"} {
			event := events[name]
			for _, pause := range []time.Duration{0, time.Second} {
				list := strings.Fields(keys)
				for at := range len(list) + 1 {
					s := newRacing(t, tuitest.Founding())
					s.toRehearsal()
					before := s.deeds()
					what := fmt.Sprintf("%s, before key %d the run %s, pauses of %v", keys, at, name, pause)
					for i, key := range append(list, "") {
						if i == at {
							s.happen(what, event)
						}
						s.d.Advance(pause)
						s.pressOrClick(key)
					}
					after := s.deeds()
					if after.commits != 0 || after.runs != before.runs || after.recoveries != 0 || after.undos != 0 || after.plans != before.plans {
						t.Errorf("%s: %+v became %+v\n%s", what, before, after, s.d.Frame())
					}
				}
			}
		}
	}
}

// pressOrClick presses a key, or clicks where the button that stops a rehearsal is.
func (s racing) pressOrClick(key string) {
	switch key {
	case "":
	case "click-stop":
		s.d.Send(tea.MouseClickMsg{X: 25, Y: 12, Button: tea.MouseLeft})
	default:
		s.d.Press(key)
	}
}

// TestStopStops makes sure that the answer is not lost either: what was to be stopped is stopped, also if it waits for an
// answer by then.
func TestStopStops(t *testing.T) {
	for name, want := range map[string]int{"passes": 1, "fails": 1, "tells": 1, "ends": 0, "fails, ends": 0} {
		for _, keys := range []string{"q s", "q right enter", "ctrl+c S", "q click-stop"} {
			s := newRacing(t, tuitest.Founding())
			s.toRehearsal()
			list := strings.Fields(keys)
			s.d.Press(list[0])
			s.d.Contains("Stop the rehearsal?")
			events[name](s)
			for _, key := range list[1:] {
				s.pressOrClick(key)
			}
			if got := s.deeds().cancels; got != want {
				t.Errorf("%s, %s: cancelled %d times\n%s", keys, name, got, s.d.Frame())
			}
			if want == 0 {
				s.d.Contains("there was nothing to stop")
				continue
			}
			s.d.Do(func() { s.run().End(ops.Result{Outcome: ops.Unchanged}) })
			s.d.Contains("was not changed", "1 pending")
		}
	}
}

// TestGoOnGoesOn leaves a rehearsal alone that has ended meanwhile: what it leads to is asked anew, and takes no key that was
// meant for the question before.
func TestGoOnGoesOn(t *testing.T) {
	s := newRacing(t, tuitest.Founding())
	s.toRehearsal()
	s.d.Press("q")
	events["passes"](s)
	quietly(s.d)
	s.d.Press("n", "y", "y", "n")
	s.d.Contains("Apply to stick.raw?")
	if got := s.deeds(); got.commits != 0 || got.cancels != 0 {
		t.Fatalf("%+v", got)
	}
	quietly(s.d)
	s.d.Press("y")
	if s.deeds().commits != 1 {
		t.Error("not applied")
	}
}

// TestTypedNameIsForThisRun types the name of a physical disk while the run that it is for ends.
func TestTypedNameIsForThisRun(t *testing.T) {
	for name, event := range events {
		want := 0
		if name == "tells" || name == "passes" || name == "fails" || name == "the window changes" {
			want = 1
		}
		for at := range len("/dev/sdz") + 1 {
			s := newRacing(t, physical())
			s.toReport()
			s.d.Press("y")
			text := "/dev/sdz"
			s.d.Type(text[:at])
			if s.happen(name, event); name == "the window changes" {
				quietly(s.d)
			}
			s.d.Type(text[at:])
			s.d.Press("enter")
			if got := s.deeds().commits; got != want {
				t.Errorf("%s after %d letters: %d commits\n%s", name, at, got, s.d.Frame())
			}
			if want == 0 {
				s.d.Contains("nothing was applied")
			}
		}
	}
}

// TestStopOfACommit asks whether to stop a commit that ends meanwhile, in each way.
func TestStopOfACommit(t *testing.T) {
	for name, c := range map[string]struct {
		end  ops.Result
		then string
	}{
		"done": {resultDone, "exactly as planned"}, "rolled back": {resultRolledBack, "exactly as it was before"},
		"interrupted": {resultInterrupted, "Unfinished transaction"}, "killed": {silent, "Unfinished transaction"},
	} {
		for _, keys := range []string{"q y", "q enter", "ctrl+c ctrl+c", "q s f b y", "q right enter"} {
			for _, pause := range []time.Duration{0, time.Second} {
				s := newRacing(t, tuitest.Founding())
				s.toCommit()
				list := strings.Fields(keys)
				s.d.Press(list[0])
				s.happen(name, func(s racing) {
					s.d.Do(func() {
						if c.end.Outcome == ops.Interrupted {
							s.target.Broken = broken().Broken
						}
						s.run().End(c.end)
					})
				})
				s.d.Advance(pause)
				s.d.Press(list[1:]...)
				if got := s.deeds(); got.recoveries != 0 || got.undos != 0 || got.runs != 1 || got.cancels != 0 || got.quit {
					t.Errorf("%s, %s, pause %v: %+v\n%s", name, keys, pause, got, s.d.Frame())
				}
				s.d.Press("n")
				quietly(s.d)
				s.d.Contains(c.then)
			}
		}
	}
}

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
			s := newRacing(t, tuitest.Founding())
			s.other.What.Applied = applied
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
	for end, want := range map[ops.Outcome]bool{ops.Done: false, ops.Unchanged: true} {
		s := newRacing(t, tuitest.Founding())
		s.story.toCommit()
		s.d.Do(func() { s.run().End(ops.Result{Outcome: ops.Unchanged, Err: "x"}) })
		quietly(s.d)
		s.d.Press("enter", "home", "c", "a")
		s.d.Do(func() { s.run().Finish(passed()) })
		quietly(s.d)
		s.d.Press("y", "tab", "end", "v")
		s.d.Contains("Paste p1")
		s.happen("the source", func(s racing) { s.d.Do(func() { s.run().End(ops.Result{Outcome: end}) }) })
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
			less.Caps[model.XFS] = ops.Capability{Label: "xfs_admin is not installed: apt install xfsprogs"}
		}
		s := newRacing(t, tuitest.Varied())
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
		s := racing{other: tuitest.Varied()}
		founding := tuitest.Founding()
		s.other.Held = true
		s.other.Told = &tui.Last{When: "2031-05-06 07:08:09", Result: resultDone}
		s.b = &tuitest.Backend{Targets: map[string]*tuitest.Target{stick: founding, s.other.What.Path: s.other}}
		s.story = story{t, tuitest.Start(t, 80, 24, tui.Options{Paths: []string{stick, s.other.What.Path}}, s.b), founding}
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
	for name, made := range map[string]func() *tuitest.Target{
		"unfinished": broken,
		"committing": func() *tuitest.Target { target := tuitest.Founding(); target.Busy = &tuitest.Run{}; return target },
	} {
		target := made()
		target.Held = true
		s := racing{other: tuitest.Varied()}
		s.b = &tuitest.Backend{Targets: map[string]*tuitest.Target{stick: target, s.other.What.Path: s.other}}
		s.story = story{t, tuitest.Start(t, 80, 24, tui.Options{Paths: []string{stick, s.other.What.Path}}, s.b), target}
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
	s := newRacing(t, tuitest.Founding())
	s.d.Press("x", "s", "ctrl+u")
	s.d.Type(path)
	s.d.Press("enter")
	s.d.Contains("Saved ")
	s.d.Press("tab", "j", "j", "x", "x", "s", "ctrl+u")
	s.d.Type(path)
	s.d.Burst("enter", "tab")
	s.d.Contains("Replace file?", "stick.raw (1/2)")
	quietly(s.d)
	s.d.Press("y")
	got, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(got), "check 3") {
		t.Errorf("saved %q, %v", got, err)
	}
}

// TestLeaveIsJudgedAnew answers whether to leave when a commit turned up meanwhile.
func TestLeaveIsJudgedAnew(t *testing.T) {
	s := racing{other: tuitest.Varied()}
	s.other.Held, s.other.Busy = true, &tuitest.Run{}
	founding := tuitest.Founding()
	s.b = &tuitest.Backend{Targets: map[string]*tuitest.Target{stick: founding, s.other.What.Path: s.other}}
	s.story = story{t, tuitest.Start(t, 80, 24, tui.Options{Paths: []string{stick, s.other.What.Path}}, s.b), founding}
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
			s := newRacing(t, tuitest.Founding())
			s.toRehearsal()
			s.d.Press(key)
			if tui.Asked(s.d.Model()) == 0 {
				t.Fatalf("%s opens nothing", key)
			}
			s.happen(name+" under "+key, events[name])
		}
	}
}
