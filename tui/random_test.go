package tui_test

import (
	"math/rand"
	"reflect"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/model/testneed"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
	"shunt/tui/styles"
)

// Whatever is pressed, at whatever size, whatever a run does meanwhile: every frame fits its window (the
// driver looks at each), nothing that a target tells reaches the terminal as more than text, nothing that is kept
// between frames is stale, and nothing panics.
func TestRandomKeys(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	layouts := []func() *Target{
		Founding, Varied, Logicals, Blank, Damaged, broken, withFiles, physical,
	}
	keys := append(tui.HelpKeys(), "1", "0", "M", "i", "B", "+", "-", ">", "<", "=", "y", "n", "left", "right", "enter", "enter", "shift+tab", "backspace", "a", "m", "ctrl+t", "/", "~", "o")
	for range 45 / slowdown {
		var targets []*Target
		b := &Backend{Targets: map[string]*Target{}, Machine: tuitest.Env(), Files: Images()}
		for _, part := range []any{&b.Files.Looks, &b.Files.Recents, &b.Files.Nodes} {
			if r.Intn(2) == 0 {
				soil(reflect.ValueOf(part).Elem(), r)
			}
		}
		o := tui.Options{Dir: "/images", Glyphs: []styles.GlyphSet{styles.Unicode, styles.ASCII}[r.Intn(2)]}
		for range 1 + r.Intn(3) {
			target := layouts[r.Intn(len(layouts))]()
			if r.Intn(2) == 0 {
				target = soiled(target, r)
			}
			if b.Targets[target.What.Path] == nil {
				b.Targets[target.What.Path] = target
				o.Paths, targets = append(o.Paths, target.What.Path), append(targets, target)
			}
		}
		d := Start(t, 80, 24, o, b)
		for range 80 {
			if d.Quit() {
				break
			}
			randomStep(r, d, targets[r.Intn(len(targets))], keys)
			if r.Intn(4) == 0 {
				fresh(t, d)
			}
		}
	}
}

// fresh fails the test if the frame holds something from an earlier one that is not true any more.
func fresh(t *testing.T, d *Driver) {
	t.Helper()
	d.catchUp()
	if want := tui.Afresh(d.Model()).View().Content; want != d.Raw() {
		t.Fatalf("the frame holds something stale:\n%s\nand not\n%s", d.Frame(), ansi.Strip(want))
	}
}

// randomStep presses a key or holds one down, changes the window, lets time pass, moves the mouse, or lets a run go on.
func randomStep(r *rand.Rand, d *Driver, target *Target, keys []string) {
	switch n := r.Intn(100); {
	case n < 3:
		d.Resize(50+r.Intn(120), 15+r.Intn(40))
	case n < 8:
		d.Advance(time.Duration(r.Intn(1000)) * time.Millisecond)
	case n < 12:
		d.Send(tea.MouseClickMsg{X: r.Intn(80), Y: r.Intn(24), Button: tea.MouseLeft})
		d.Send(tea.MouseMotionMsg{X: r.Intn(80), Y: r.Intn(24), Button: tea.MouseLeft})
	case n < 13:
		d.Send(tea.MouseWheelMsg{X: r.Intn(80), Y: r.Intn(24), Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[r.Intn(2)]})
	case n < 14:
		d.Send(tea.PasteMsg{Content: "+12MiB\x1b[31m"})
	case n < 24 && len(target.Runs) > 0:
		run := target.Runs[len(target.Runs)-1]
		d.Do(func() { randomEvent(r, run) })
	case n < 40:
		d.Hold(keys[r.Intn(len(keys))])
	default:
		d.Press(keys[r.Intn(len(keys))])
	}
}

func randomEvent(r *rand.Rand, run *Run) {
	switch r.Intn(5) {
	case 0:
		run.Tell(report.Progress{
			Phase: report.Rehearsing, Stage: soiledText("copy", r), Said: soiledText("said", r), Step: r.Intn(9), Steps: r.Intn(9), Done: 5, Total: 10, Elapsed: time.Second,
		})
	case 1:
		run.Finish(passed())
	case 2:
		run.Finish(failed())
	case 3:
		run.Say("a line", soiledText("x", r))
	case 4:
		outcomes := []report.Outcome{report.Done, report.RolledBack, report.Unchanged, report.Interrupted}
		run.End(report.Result{Outcome: outcomes[r.Intn(len(outcomes))], Err: soiledText("something", r), Advice: soiledText("Do it", r)})
	}
}
