package tui_test

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/styles"
)

// The window's title and the terminal's progress bar tell the state, and the bell rings once when something long ends.
func TestSigns(t *testing.T) {
	target := Founding()
	d := open(t, target)
	s := story{t, d, target}
	is := func(title string, state tea.ProgressBarState, value, bells int) {
		t.Helper()
		v := d.View()
		bar := tea.ProgressBar{}
		if v.ProgressBar != nil {
			bar = *v.ProgressBar
		}
		if v.WindowTitle != title || bar.State != state || bar.Value != value || d.Bells() != bells {
			t.Errorf("title %q, bar %v %d, %d bells; want %q, %v %d, %d", v.WindowTitle, bar.State, bar.Value, d.Bells(), title, state, value, bells)
		}
	}
	is("shunt: stick.raw", tea.ProgressBarNone, 0, 0)
	s.toRehearsal()
	is("shunt: stick.raw 46 % rehearsing", tea.ProgressBarDefault, 46, 0)
	// It does not go back when a step runs another tool, and is not over before the journal is written.
	d.Do(func() {
		s.run().Tell(report.Progress{Phase: report.Rehearsing, Step: 4, Steps: 7, Elapsed: 14 * time.Second})
	})
	is("shunt: stick.raw 46 % rehearsing", tea.ProgressBarDefault, 46, 0)
	d.Do(func() {
		s.run().Tell(report.Progress{Phase: report.Rehearsing, Stage: "writing the journal", Step: 8, Steps: 7, Elapsed: 15 * time.Second})
	})
	is("shunt: stick.raw 99 % rehearsing", tea.ProgressBarDefault, 99, 0)
	d.Contains("writing the journal   15 s so far")
	d.Do(func() { s.run().Finish(passed()) })
	is("shunt: stick.raw asks", tea.ProgressBarWarning, 100, 1)
	quietly(d)
	d.Press("y")
	is("shunt: stick.raw applying", tea.ProgressBarIndeterminate, 0, 1)
	d.Do(func() {
		s.run().Tell(report.Progress{Phase: report.Committing, Stage: "copy", Done: 42 * geometry.MiB, Total: 100 * geometry.MiB, Elapsed: 9 * time.Second})
	})
	is("shunt: stick.raw 42 % copying data", tea.ProgressBarDefault, 42, 1)
	d.Do(func() { s.run().Tell(report.Progress{Phase: report.Finished}) })
	d.Do(func() { s.run().End(resultDone) })
	is("shunt: stick.raw done", tea.ProgressBarNone, 0, 2)
	quietly(d)
	d.Press("enter")
	is("shunt: stick.raw", tea.ProgressBarNone, 0, 2)
}

// What was over at once rings no bell, nor what the user stopped; a failure shows until it was seen.
func TestNoBell(t *testing.T) {
	for name, c := range map[string]struct {
		took   time.Duration
		result report.Result
		keys   []string
		bells  int
		state  tea.ProgressBarState
	}{
		"short":       {time.Second, resultDone, nil, 0, tea.ProgressBarNone},
		"long":        {3 * time.Second, resultDone, nil, 1, tea.ProgressBarNone},
		"failed":      {3 * time.Second, resultUnchanged, nil, 1, tea.ProgressBarError},
		"interrupted": {3 * time.Second, resultInterrupted, nil, 1, tea.ProgressBarError},
		"stopped":     {3 * time.Second, resultUnchanged, []string{"q", "s"}, 0, tea.ProgressBarNone},
	} {
		target := Founding()
		d := open(t, target)
		stageFounding(d)
		d.Press("a")
		d.Do(func() {
			last(t, target).Tell(report.Progress{Phase: report.Rehearsing, Step: 1, Steps: 7, Elapsed: c.took})
		})
		d.Press(c.keys...)
		d.Do(func() { last(t, target).End(c.result) })
		state := tea.ProgressBarNone
		if bar := d.View().ProgressBar; bar != nil {
			state = bar.State
		}
		if d.Bells() != c.bells || state != c.state {
			t.Errorf("%s: %d bells, bar %v", name, d.Bells(), state)
		}
	}
}

// A rehearsal that fails rings once, although its report and its result both arrive.
func TestOneBellForFailure(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toRehearsal()
	d.Do(func() { last(t, target).Finish(failed()) })
	d.Do(func() { last(t, target).End(report.Result{Outcome: report.Unchanged, Err: failed().Err}) })
	if d.Bells() != 1 {
		t.Errorf("%d bells", d.Bells())
	}
}

// Where only ASCII can be shown, no key and no cut text is named by the sign of something else, and refusals have a sign.
func TestSignsInASCII(t *testing.T) {
	target := Founding()
	d := Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}, Glyphs: styles.ASCII}, One(target))
	d.Press("N")
	d.Contains("! Cannot name p1")
	d.Press("f")
	d.Contains("up/down choose", "- f2fs", "! All data in this ext4 is lost")
	d.Press("?")
	d.Contains("up ", "down ")
	d.Lacks("^", "v  ")
	d.Press("esc", "esc", "?")
	d.Contains("up k", "down j", "K shift+up", "J shift+down")
	d.Lacks("^", "v j", "~")
}
