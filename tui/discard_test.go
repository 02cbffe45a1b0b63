package tui_test

import (
	"strings"
	"testing"

	"shunt/model"
)

// asleep is the disk with seven kinds of contents, with a hibernated system in its swap space.
func asleep() *Target {
	t := Varied()
	p, _ := t.Layout.Partition(4)
	p.FS.Kind, p.FS.Trait, p.FS.Dirty = model.SwSuspend, model.Hibernated, "holds a hibernated system"
	t.Layout = t.Layout.With(p)
	return t
}

// Every edit of swap space with a hibernated system asks whether to discard that. Only a yes stages anything.
func TestHibernatedIsAskedAbout(t *testing.T) {
	for _, key := range []string{"m", "d", "f", "l", "w"} {
		d := open(t, asleep())
		d.Press("j", "j", "j", key)
		if frame := d.Frame(); !strings.Contains(frame, "Discard the hibernated system?") || !strings.Contains(frame, "not saved") {
			t.Fatalf("%s asks nothing:\n%s", key, frame)
		}
		d.Press("esc")
		if frame := d.Frame(); !strings.Contains(frame, "Nothing yet") {
			t.Errorf("%s, esc:\n%s", key, frame)
		}
		d.Press(key, "y")
		if frame := d.Frame(); !strings.Contains(frame, "Discard the hibernated system in p4") {
			t.Errorf("%s, y:\n%s", key, frame)
		}
	}
	d := open(t, asleep())
	d.Press("j", "j", "j", "d", "y", "d")
	if frame := d.Frame(); !strings.Contains(frame, "Delete p4") {
		t.Errorf("what was discarded can be deleted:\n%s", frame)
	}
}
