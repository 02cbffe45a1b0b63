package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

// These tests let things happen by themselves before, between and after the keys of somebody who answers a question. Each
// place is tried, with keys in a row and with pauses in which the editor takes keys again.

// racing is an editor on two targets, of which the first is in view.
type racing struct {
	story
	other *Target
	b     *Backend
}

func newRacing(t *testing.T, first *Target) racing {
	t.Helper()
	s := racing{other: Varied()}
	if first.What.Path == s.other.What.Path {
		s.other = Founding()
	}
	s.b = &Backend{
		Targets: map[string]*Target{first.What.Path: first, s.other.What.Path: s.other}, Machine: tuitest.Env(), Files: Images(),
	}
	s.story = story{t, Start(t, 80, 24, tui.Options{Paths: []string{first.What.Path, s.other.What.Path}}, s.b), first}
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
	for _, target := range []*Target{s.target, s.other} {
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

// happen lets an event happen, which puts no other question in the place of an open one. It takes none away but the one
// whether to stop a run.
func (s racing) happen(name string, event func(racing)) {
	s.t.Helper()
	before, stop := tui.Asked(s.d.Model()), strings.Contains(s.d.Frame(), " Stop")
	event(s)
	if now := tui.Asked(s.d.Model()); before != 0 && now != before && (now != 0 || !stop) {
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
		s.d.Do(func() { s.run().Tell(report.Progress{Phase: report.Rehearsing, Step: 6, Steps: 7}) })
	},
	"the window changes": func(s racing) {
		s.d.Do(func() { s.run().Finish(passed()) })
		s.d.Resize(30, 5)
		quietly(s.d)
		s.d.Resize(80, 24)
	},
}

// silent is the end of a worker that was killed.
var silent = report.Result{Outcome: report.Interrupted, Err: "the worker process ended without a word (signal: killed)", Silent: true}

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
					s := newRacing(t, Founding())
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
		s.d.Send(tea.MouseClickMsg{X: 25, Y: 19, Button: tea.MouseLeft})
	default:
		s.d.Press(key)
	}
}

// TestStopStops makes sure that the answer is not lost either: what was to be stopped is stopped, also if it waits for an
// answer by then.
func TestStopStops(t *testing.T) {
	for name, want := range map[string]int{"passes": 1, "fails": 1, "tells": 1, "ends": 0, "fails, ends": 0} {
		for _, keys := range []string{"q s", "q right enter", "ctrl+c S", "q click-stop"} {
			s := newRacing(t, Founding())
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
				s.d.Lacks("Stop the rehearsal?")
				continue
			}
			s.d.Do(func() { s.run().End(report.Result{Outcome: report.Unchanged}) })
			s.d.Contains("was not changed", "1 pending")
		}
	}
}

// TestGoOnGoesOn leaves a rehearsal alone that has ended meanwhile: what it leads to is asked anew, and takes no key that was
// meant for the question before.
func TestGoOnGoesOn(t *testing.T) {
	s := newRacing(t, Founding())
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
		end  report.Result
		then string
	}{
		"done": {resultDone, "exactly as planned"}, "rolled back": {resultRolledBack, "exactly as it was"},
		"interrupted": {resultInterrupted, "Unfinished transaction"}, "killed": {silent, "Unfinished transaction"},
	} {
		for _, keys := range []string{"q y", "q enter", "ctrl+c ctrl+c", "q s f b y", "q right enter"} {
			for _, pause := range []time.Duration{0, time.Second} {
				s := newRacing(t, Founding())
				s.toCommit()
				list := strings.Fields(keys)
				s.d.Press(list[0])
				s.happen(name, func(s racing) {
					s.d.Do(func() {
						if c.end.Outcome == report.Interrupted {
							s.target.Broken = broken().Broken
						}
						s.run().End(c.end)
					})
				})
				ended := c.end.Outcome != report.Interrupted
				if ended {
					s.d.Lacks("Stop?")
				}
				s.d.Advance(pause)
				if ended && pause > 0 {
					s.d.Contains(c.then)
					continue // a key counts for what is shown now
				}
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

// TestStopOfARehearsalAlone asks whether to stop a rehearsal after which nothing can be applied without another question. It
// closes when the rehearsal is over, and takes no key with it.
func TestStopOfARehearsalAlone(t *testing.T) {
	s := newRacing(t, Founding())
	s.d.Press("x", "R", "q")
	s.d.Contains("Stop the rehearsal?")
	s.d.Do(func() { s.run().Finish(passed()) })
	s.d.Lacks("Stop the rehearsal?")
	s.d.Contains("The rehearsal passed")
	s.d.Press("s", "a", "y", "q")
	s.d.Contains("The rehearsal passed")
	if got := s.deeds(); got.commits != 0 || got.quit {
		t.Errorf("%+v", got)
	}
}
