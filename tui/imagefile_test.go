package tui_test

import (
	"testing"

	"shunt/tui"
)

// stagedPlan is the plan of the only target.
func stagedPlan(t *testing.T, d *Driver) string {
	t.Helper()
	list := tui.Plans(d.model)
	if len(list) != 1 {
		t.Fatalf("%d targets are open", len(list))
	}
	return list[0]
}

// What the page of the image file offers becomes the operation that the command line would make.
func TestImageFileStages(t *testing.T) {
	for name, c := range map[string]struct {
		keys []string
		text string
		want string
	}{
		"make":     {[]string{"enter"}, "third", `image snapshot create "third"`},
		"go back":  {[]string{"down", "enter", "down", "enter"}, "", `image snapshot apply "2"`},
		"delete":   {[]string{"down", "down", "enter", "enter"}, "", `image snapshot delete "1"`},
		"sparsify": {[]string{"s", "enter"}, "", "image sparsify"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, Layered())
			quietly(d)
			d.Press("enter", "z", "ctrl+f")
			d.Press(c.keys...)
			if c.text != "" {
				d.Type(c.text)
				d.Press("enter")
			}
			if got, want := stagedPlan(t, d), "over.qcow2: "+c.want+"\n"; got != want {
				t.Errorf("the plan is %q, and not %q:\n%s", got, want, d.Frame())
			}
		})
	}
}

// With bitmaps every dialog of an edit leads to the question about them, and none to a dead end.
func TestBitmapsAreAskedAbout(t *testing.T) {
	for _, key := range []string{"m", "g", "x", "z"} {
		d := open(t, Mapped())
		quietly(d)
		d.Press("enter", key)
		if key == "z" {
			d.Type("+1GiB")
			d.Press("enter")
		}
		d.Contains("Drop the bitmaps?")
		quietly(d)
		d.Press("y")
		if got := stagedPlan(t, d); got != "over.qcow2: image drop-bitmaps\n" {
			t.Errorf("%s: the plan is %q", key, got)
		}
	}
}

// The picker's errands ask too.
func TestErrandAsksAboutBitmaps(t *testing.T) {
	for _, key := range []string{"ctrl+e", "ctrl+s"} {
		d, b := picking(t)
		b.Targets[stick].Layout.Image.Bitmaps = 2
		begin(d, key)
		d.Contains("Drop the bitmaps?")
		d.Press("y")
		if list := tui.Plans(d.model); len(list) != 1 || list[0] != "stick.raw: image drop-bitmaps\n" {
			t.Errorf("%s: the plans are %q", key, list)
		}
	}
}
