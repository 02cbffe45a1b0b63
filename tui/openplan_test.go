package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A plan that was saved is opened again; a plan with an error, or what is no file, stages nothing.
func TestOpenPlan(t *testing.T) {
	dir := t.TempDir()
	good, bad, pipe := filepath.Join(dir, "good.plan"), filepath.Join(dir, "bad.plan"), filepath.Join(dir, "pipe")
	d := open(t, Founding())
	stageFounding(d)
	d.Press("s", "ctrl+u")
	d.Type(good)
	d.Press("enter")
	d.Contains("Saved")
	if err := os.WriteFile(bad, []byte("image grow 2GiB\nmove 9 right 1MiB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}

	d = open(t, Founding())
	load := func(path string) {
		d.Press("p", "ctrl+u")
		d.Type(path)
		d.Press("enter")
	}
	load(bad)
	d.Contains("line 2", "Nothing was staged", "Nothing yet.")
	quietly(d)
	d.Press("enter")
	load(pipe)
	d.Contains("not a regular file")
	quietly(d)
	d.Press("enter")
	load(good)
	d.Contains("3 pending", "3 Grow p1 by 1024 MiB")
}

// One of the answers saves the plan and leaves. ctrl+c twice leaves too.
func TestSaveAndLeave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "later.plan")
	d := open(t, Founding())
	stageFounding(d)
	d.Press("q", "s")
	d.Contains("Save the plan and leave")
	d.Press("ctrl+u")
	d.Type(path)
	d.Press("enter")
	if text, err := os.ReadFile(path); !d.Quit() || err != nil || !strings.Contains(string(text), "image size") {
		t.Errorf("quit %v, the plan is %q, %v", d.Quit(), text, err)
	}

	d = open(t, Founding())
	stageFounding(d)
	d.Press("ctrl+c")
	if d.Quit() {
		t.Error("one ctrl+c left at once")
	}
	d.Press("ctrl+c")
	if !d.Quit() {
		t.Errorf("ctrl+c twice does not leave:\n%s", d.Frame())
	}
}
