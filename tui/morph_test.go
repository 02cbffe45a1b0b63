package tui_test

import (
	"strings"
	"testing"
	"time"

	"shunt/tui"
)

// After an edit the lower bar glides to its new picture and comes to rest there; keys work meanwhile, and without
// animation there is nothing in between.
func TestGlide(t *testing.T) {
	start := func(animate bool) *Driver {
		target := Founding()
		d := Start(t, 100, 30, tui.Options{Paths: []string{target.What.Path}, Animate: animate}, One(target))
		d.Press("z")
		d.Type("+2GiB")
		d.Press("enter")
		return d
	}
	still, d := start(false), start(true)
	seen := map[string]bool{}
	for range 20 {
		seen[after(d)] = true
		d.Advance(30 * time.Millisecond)
	}
	if d.Frame() != still.Frame() {
		t.Errorf("it comes to rest at\n%s, want\n%s", d.Frame(), still.Frame())
	}
	if len(seen) < 4 {
		t.Errorf("%d pictures on the way", len(seen))
	}
	d.Press("down", "d")
	d.Advance(30 * time.Millisecond)
	d.Press("u") // in the middle of it
	for range 20 {
		d.Advance(30 * time.Millisecond)
	}
	still.Press("down", "d", "u")
	if d.Frame() != still.Frame() {
		t.Errorf("it comes to rest at\n%s, want\n%s", d.Frame(), still.Frame())
	}
}

// after is the lower bar.
func after(d *Driver) string {
	_, bar, _ := strings.Cut(d.Frame(), "After")
	bar, _, _ = strings.Cut(bar, "╰")
	return bar
}

// The picture of Make room glides when another plan is chosen.
func TestGlideInMakeRoom(t *testing.T) {
	target := Varied()
	d := Start(t, 100, 30, tui.Options{Paths: []string{target.What.Path}, Animate: true}, One(target))
	d.Press("j", "j", "g")
	d.Type("+1GiB")
	d.Advance(time.Second)
	seen := map[string]bool{}
	d.Press("down")
	for range 10 {
		seen[d.Frame()] = true
		d.Advance(30 * time.Millisecond)
	}
	still := open(t, Varied())
	still.Resize(100, 30)
	still.Press("j", "j", "g")
	still.Type("+1GiB")
	still.Press("down")
	if d.Frame() != still.Frame() {
		t.Errorf("it comes to rest at\n%s, want\n%s", d.Frame(), still.Frame())
	}
	if len(seen) < 3 {
		t.Errorf("%d pictures on the way\n%s", len(seen), d.Frame())
	}
	d.Press("enter")
	for range 10 {
		d.Advance(30 * time.Millisecond)
	}
	still.Press("enter")
	if d.Frame() != still.Frame() {
		t.Errorf("it comes to rest at\n%s, want\n%s", d.Frame(), still.Frame())
	}
}
