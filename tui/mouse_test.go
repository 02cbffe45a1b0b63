package tui_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui"
)

// A segment of either bar selects its row, in every size; free space too.
func TestMouseInBars(t *testing.T) {
	for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 60}} {
		d := open(t, Varied())
		d.Resize(size[0], size[1])
		for _, bar := range []int{0, 1} {
			for _, ref := range []string{"p3", "p5", "p1"} {
				d.Click(ref, bar)
				d.Contains("▸ " + ref)
			}
			d.Press("home")
		}
	}
	d := open(t, Founding())
	stageFounding(d)
	d.Click("p2", 0)
	d.Contains("▸ p2")
	d.Click("free", 0) // behind p2, in the bar of the disk as it will be
	d.Contains("▸ unallocated")
}

// A second click opens what is selected: a partition as Enter does, free space as n does.
func TestMouseOpens(t *testing.T) {
	d := open(t, Varied())
	d.Click("p3", 2)
	d.Lacks("Resize/Move")
	d.Click("p3", 2)
	d.Contains("Resize/Move p3")
	d.Click("esc cancel", 0)
	d.Lacks("Resize/Move")
	d.Press("end")
	d.Click("▸ unallocated", 0)
	d.Contains("New partition")
}

// The names of keys are buttons, on pages and in dialogs.
func TestMouseOnKeys(t *testing.T) {
	d := open(t, Founding())
	d.Click("? help", 0)
	d.Contains("Keys", "esc back")
	d.Wheel(2)
	before := d.Frame()
	d.Wheel(-2)
	if d.Frame() == before {
		t.Error("the wheel does not scroll the help")
	}
	d.Click("esc back", 0)
	d.Click("m resize/move", 0)
	d.Contains("Resize/Move p1")
	d.Click("New size", 0)
	d.Contains("▸ New size")
	d.Click("cylinder", 0)
	d.Contains("‹cylinder›")
	d.Click("< smallest", 0)
	d.Contains("Shrink p1")
	d.Click("enter resize/move", 0)
	d.Contains("1 pending")
	d.Press("down") // the keys come back in the place of the answer
	d.Click("z image size", 0)
	d.Contains("Image size")
}

// Every question can be answered by a click.
func TestMouseAnswers(t *testing.T) {
	target := Founding()
	d := open(t, target)
	s := story{t, d, target}
	s.toReport()
	d.Click("Yes, apply", 0)
	d.Lacks("Apply to")
	d.Do(func() { s.run().End(report.Result{Outcome: report.Done}) })

	d = open(t, Founding())
	stageFounding(d)
	d.Press("X")
	d.Contains("Clear all?")
	d.ClickAt(1, 1) // beside the window
	d.Contains("Clear all?")
	d.Click("esc keep", 0)
	d.Contains("3 pending")
	d.Press("X")
	d.Click("n Keep", 0)
	d.Contains("3 pending")
	d.Press("X")
	d.Click("y Clear", 0)
	d.Contains("Nothing yet")

	d = open(t, Logicals())
	d.Press("T")
	d.Click("MBR", 1)
	d.Contains("4 primary partitions")
	d.Click("y New table", 0)
	d.Contains("1 pending")

	target = broken()
	d = open(t, target)
	quietly(d)
	d.Click("b Roll back", 0)
	d.Contains("Rolling back")
}

// A dialog of several lines of choices goes to the line that is clicked.
func TestMouseInCreate(t *testing.T) {
	d := open(t, Logicals())
	d.Press("end", "n")
	d.Click("File system", 0)
	d.Contains("▸ File system")
	d.Wheel(1)
	d.Click("Label", 0)
	d.Contains("▸ Label")
	d.Click("Free space preceding", 0)
	d.Contains("▸ Free space preceding")
}

// What does not mean anything does nothing.
func TestMouseElsewhere(t *testing.T) {
	d := open(t, Founding())
	before := d.Frame()
	for y := range 24 {
		d.Send(tea.MouseClickMsg{X: 79, Y: y, Button: tea.MouseMiddle})
		d.Send(tea.MouseMotionMsg{X: 5, Y: y})
		d.Send(tea.MouseWheelMsg{X: 5, Y: y, Button: tea.MouseWheelLeft})
	}
	d.ClickAt(0, 0)
	d.ClickAt(30, 15)
	if d.Frame() != before {
		t.Errorf("the screen has changed:\n%s", d.Frame())
	}
}

// An answer is in the place of the keys: a click on it makes way for them and presses none that could not be seen. The key for help
// stays in view.
func TestMouseOnAnswer(t *testing.T) {
	d := open(t, Founding())
	d.Press("d")
	d.Contains("Pending as operation 1", "1 pending")
	help := strings.Index(strings.Split(d.Frame(), "\n")[23], "? help")
	for x := range help {
		d.Press("u", "d")
		d.ClickAt(x, 23)
		d.Lacks("Pending as")
		d.Contains("? help", "1 pending")
	}
	d.Press("u", "d")
	d.Contains("Pending as")
	d.Click("? help", 0)
	d.Contains("Keys", "esc back")
}

// Clicks that were meant for what was there before do not answer the question of a report, however many there are.
func TestMouseInFlight(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toRehearsal()
	d.Do(func() { last(t, target).Finish(passed()) })
	for range 5 {
		d.Click("Yes, apply", 0)
		d.Advance(300 * time.Millisecond)
	}
	if n := last(t, target).Commits; n != 0 {
		t.Fatalf("clicks in flight committed %d times", n)
	}
	d.Advance(400 * time.Millisecond)
	d.Click("Yes, apply", 0)
	if n := last(t, target).Commits; n != 1 {
		t.Fatalf("committed %d times after a pause", n)
	}
}

// A click on a tab brings its target into view; a message of several lines covers nothing of the page.
func TestTabsAndMessages(t *testing.T) {
	founding, varied := Founding(), Varied()
	b := &Backend{Targets: map[string]*Target{founding.What.Path: founding, varied.What.Path: varied}}
	d := Start(t, 80, 24, tui.Options{Paths: []string{founding.What.Path, varied.What.Path}}, b)
	click := func(x, y int) { d.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	d.Press("x")
	d.Contains("▸stick.raw  server.qcow2", "1 pending")
	click(22, 0)
	d.Contains("stick.raw (1)  ▸server.qcow2", "▸ p1          unformatted")
	click(9, 0)
	d.Contains("▸stick.raw  server.qcow2")
	d.Resize(60, 20)
	d.Press("tab", "end", "m")
	lines := strings.Split(d.Frame(), "\n")
	edge := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "╰") })
	said := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, " ! Select") })
	if said != 18 || edge != 17 {
		t.Errorf("the message of two lines begins in line %d, the border is in line %d:\n%s", said, edge, d.Frame())
	}
}
