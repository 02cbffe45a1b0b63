package tui_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"

	"shunt/ops/plan"
)

// film is the frames of a story with the keys that led to each.
type film struct {
	d   *Driver
	out strings.Builder
}

func (f *film) frame(what string) {
	f.out.WriteString("== " + what + "\n" + f.d.Frame())
}

func (f *film) press(keys ...string) {
	f.d.Press(keys...)
	f.frame(strings.Join(keys, " "))
}

func (f *film) typed(text string) {
	f.d.Type(text)
	f.frame("type " + text)
}

// The founding example from the first key to the result, frame by frame: the image grows by 2 GiB, p2 moves
// right by 1024 MiB, p1 grows into the gap.
func TestFoundingExample(t *testing.T) {
	target := Founding()
	f := &film{d: open(t, target)}
	f.frame("opened")
	f.press("z")
	f.typed("+2GiB")
	f.press("enter")
	f.press("j", "m")
	f.typed("+1024MiB")
	f.press("enter")
	f.press("k", "k", "m")
	f.press(">")
	f.press("enter")

	f.press("a")
	f.d.Do(func() { last(t, target).Finish(passed()) })
	quietly(f.d)
	f.frame("the rehearsal passes")
	f.press("y")
	if n := last(t, target).Commits; n != 1 {
		t.Fatalf("committed %d times", n)
	}
	f.d.Do(func() { last(t, target).End(resultDone) })
	quietly(f.d)
	f.frame("the commit ends")
	f.press("enter")
	golden.RequireEqual(t, f.out.String())

	want := "image size 3014MiB\nmove 2 right 1024MiB\n"
	if got := plan.Format(last(t, target).Queue); !strings.HasPrefix(got, want) {
		t.Errorf("the plan is\n%s", got)
	}
	if target.Rescans != 1 {
		t.Errorf("the target was read again %d times", target.Rescans)
	}
}
