package tui_test

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"

	"shunt/model"
	"shunt/tui"
)

// picking is an editor with the picker over images, some of which can be opened.
func picking(t *testing.T) (*Driver, *Backend) {
	t.Helper()
	target := Founding()
	b := One(target)
	b.Files = Images()
	return Start(t, 80, 24, tui.Options{Dir: "/images", Home: "/home/me"}, b), b
}

func TestPickByMouse(t *testing.T) {
	d, b := picking(t)
	y := -1
	for i, line := range strings.Split(d.Frame(), "\n") {
		if strings.Contains(line, "/images/stick.raw  ") && y < 0 {
			y = i
		}
	}
	click := func() {
		d.Send(tea.MouseClickMsg{X: 10, Y: y, Button: tea.MouseLeft})
		d.Send(tea.MouseReleaseMsg{X: 10, Y: y, Button: tea.MouseLeft})
	}
	for range 12 {
		d.Send(tea.MouseWheelMsg{X: 10, Y: 9, Button: tea.MouseWheelDown})
	}
	d.Contains("▸ old/", "A directory")
	d.Press("pgup", "pgup", "pgup")
	click()
	d.Contains("▸ /images/stick.raw")
	if len(b.Opened) != 0 {
		t.Fatalf("opened %v", b.Opened)
	}
	click()
	d.Contains("▸ p1")
	if len(b.Opened) != 1 {
		t.Fatalf("opened %v", b.Opened)
	}
}

// What is open already is shown instead of being opened again.
func TestPickWhatIsOpen(t *testing.T) {
	d, b := picking(t)
	d.Type("tick")
	d.Press("enter", "o")
	d.Type("tick")
	d.Press("enter")
	d.Contains("▸ p1")
	d.Lacks("▸stick.raw")
	if len(b.Opened) != 1 {
		t.Errorf("opened %v", b.Opened)
	}
}

// How to begin is told once, and is gone with the first key.
func TestGreeting(t *testing.T) {
	const hint = "Press g to make room, m to resize or move, a to apply; ? lists all keys"
	target := Founding()
	b := One(target)
	b.First = true
	for _, size := range [][2]int{{80, 24}, {60, 20}} {
		b.First = true
		d := Start(t, size[0], size[1], tui.Options{Paths: []string{target.What.Path}}, b)
		d.Contains(hint)
		d.Press("j")
		d.Lacks("to make room")
		d.Press("ctrl+w", "o")
		d.Press("ctrl+u")
		d.Type(target.What.Path)
		d.Press("enter")
		d.Lacks("to make room")
	}
	d := Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}}, b)
	d.Lacks("to make room")
}

// TestErrands enlarges and shrinks an image from the picker: it opens, the root is found, a size is asked for, and the queue
// is rehearsed.
func TestErrands(t *testing.T) {
	for name, play := range map[string]func(d *Driver, target *Target){
		"enlarge": func(d *Driver, _ *Target) { begin(d, "ctrl+e"); d.Type("+2GiB") },
		"enlarge-fstab": func(d *Driver, target *Target) {
			target.Tables = map[model.PartID][]string{1: {"/dev/sda1 / ext4"}}
			begin(d, "ctrl+e")
			d.Type("4GiB")
		},
		"enlarge-doubt": func(d *Driver, target *Target) {
			target.Tables = map[model.PartID][]string{1: {"/dev/sda1 / ext4"}, 2: {"/dev/sda2 / ext4"}}
			begin(d, "ctrl+e")
			d.Press("right", "tab")
			d.Type("4GiB")
		},
		"enlarge-less": func(d *Driver, _ *Target) { begin(d, "ctrl+e"); d.Type("500MiB") },
		"shrink":       func(d *Driver, _ *Target) { begin(d, "ctrl+s") },
		"shrink-wrong": func(d *Driver, _ *Target) { begin(d, "ctrl+s"); d.Type("5q") },
	} {
		t.Run(name, func(t *testing.T) {
			d, b := picking(t)
			play(d, b.Targets[stick])
			golden.RequireEqual(t, d.Frame())
			refused := strings.HasSuffix(name, "-less") || strings.HasSuffix(name, "-wrong")
			d.Press("enter")
			if runs := len(b.Targets[stick].Runs); (runs == 0) != refused {
				t.Errorf("%d runs:\n%s", runs, d.Frame())
			}
		})
	}
}

// begin presses a key of the picker and waits until the dialog that it leads to takes keys.
func begin(d *Driver, key string) {
	d.Press(key)
	d.Advance(time.Second)
}

// TestErrandLetters: with a name begun, e and s are letters, and on a directory too.
func TestErrandLetters(t *testing.T) {
	d, b := picking(t)
	d.Type("tes")
	d.Contains("[tes")
	d.Press("esc")
	if len(b.Opened) != 0 {
		t.Errorf("opened %v", b.Opened)
	}
}

// A name can begin with any letter: none of them is a key while nothing is typed.
func TestPickerTypesLetters(t *testing.T) {
	for _, letter := range []string{"e", "s"} {
		d, b := picking(t)
		d.Press(letter)
		d.Contains("Open target", "Path ["+letter)
		if len(b.Opened) != 0 {
			t.Errorf("%s opened %v", letter, b.Opened)
		}
	}
}
