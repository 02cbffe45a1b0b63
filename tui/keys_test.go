package tui_test

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"shunt/tui"
)

// The keys that users and their habits rely on.
var fixedKeys = strings.Fields("up down j k m enter g n d f c v l N t x i z u ctrl+r X R a s o tab ? q")

// The cursor keys, which need two rows to show that they work.
var cursorKeys = strings.Fields("up down j k pgup pgdown space home end")

func TestFixedKeysAreBound(t *testing.T) {
	for _, key := range fixedKeys {
		if !slices.Contains(tui.HelpKeys(), key) {
			t.Errorf("the help has no %q", key)
		}
	}
}

// Every key of the help does something that can be seen, or says why not, whatever is selected.
func TestEveryKeyAnswers(t *testing.T) {
	states := map[string]func() *Driver{
		"partition": func() *Driver { d := open(t, Varied()); d.Press("j"); return d },
		"gap":       func() *Driver { d := open(t, Varied()); d.Press("end"); return d },
		"extended":  func() *Driver { d := open(t, Logicals()); d.Press("j"); return d },
		"blank":     func() *Driver { return open(t, Blank()) },
		"read-only": func() *Driver { return open(t, Damaged()) },
		"pending":   func() *Driver { d := open(t, Founding()); stageFounding(d); d.Press("up"); return d },
		"in queue": func() *Driver {
			d := open(t, Founding())
			stageFounding(d)
			d.Press("end", "up")
			return d
		},
		"refused": func() *Driver {
			return Start(t, 80, 24, tui.Options{Paths: []string{stick}}, &Backend{Refuse: map[string]error{stick: errInUse}})
		},
	}
	for state, begin := range states {
		for _, key := range tui.HelpKeys() {
			if slices.Contains(cursorKeys, key) {
				continue
			}
			d := begin()
			before := d.Frame()
			d.Press(key)
			if !d.Quit() && d.Frame() == before {
				t.Errorf("%s: nothing answers %q:\n%s", state, key, before)
			}
		}
	}
}

func TestCursorKeys(t *testing.T) {
	for keys, want := range map[string]string{
		"": "▸ p1", "j": "▸ p2", "down": "▸ p2", "j k": "▸ p1", "down up": "▸ p1", "k": "▸ p1", "end": "▸ unallocated", "end home": "▸ p1",
		"pgdown": "▸ unallocated", "end pgup": "▸ p1", "space": "▸ unallocated", "j j j j": "▸ unallocated",
	} {
		d := open(t, Varied())
		d.Press(strings.Fields(keys)...)
		d.Contains(want)
	}
}

// The help shows all keys at every size, by scrolling where they do not fit.
func TestHelpShowsEverything(t *testing.T) {
	for _, size := range [][2]int{{60, 20}, {80, 24}, {200, 60}} {
		d := open(t, Founding())
		d.Resize(size[0], size[1])
		d.Press("?")
		all := d.Frame()
		for range 90 {
			d.Press("down")
			all += d.Frame()
		}
		for _, want := range []string{"resize/move", "image size", "clear all", "next target", "make room", "Units of sizes"} {
			if !strings.Contains(all, want) {
				t.Errorf("%v: the help lacks %q", size, want)
			}
		}
	}
}

func TestKeyTable(t *testing.T) {
	table := tui.KeyTable()
	for _, want := range []string{"| `m` | resize/move |", "| `g` | make room |", "| `ctrl+r` | redo |"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

// A small window takes no key but one that leaves without loss.
func TestTooSmallTakesNoKeys(t *testing.T) {
	d := open(t, Founding())
	d.Resize(40, 10)
	d.Press("d", "d", "x")
	d.Resize(80, 24)
	d.Contains("Nothing yet.")
	d.Press("x")
	d.Resize(40, 10)
	d.Press("q", "y", "ctrl+c")
	if d.Quit() {
		t.Fatal("left with an operation pending")
	}
	d.Resize(80, 24)
	d.Press("u")
	d.Resize(40, 10)
	d.Press("q")
	if !d.Quit() {
		t.Fatal("did not leave")
	}
}

func TestMouse(t *testing.T) {
	d := open(t, Founding())
	click := func(x, y int) { d.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	click(5, 9)
	d.Contains("▸ p2")
	click(5, 8)
	d.Contains("▸ p1")
	click(5, 15)
	d.Contains("▸ p1")
	d.Send(tea.MouseWheelMsg{X: 5, Y: 9, Button: tea.MouseWheelDown})
	d.Contains("▸ p2")
	d.Press("home")
	stageFounding(d)
	click(10, 20)
	d.Contains("▸ 2")
	d.Press("home", "up", "home", "m")
	d.Contains("Resize/Move p1")
	// The right handle of the bar, dragged to the left.
	y := slices.IndexFunc(strings.Split(d.Frame(), "\n"), func(line string) bool { return strings.Contains(line, "┣") })
	d.Send(tea.MouseClickMsg{X: 76, Y: y, Button: tea.MouseLeft})
	d.Send(tea.MouseMotionMsg{X: 30, Y: y, Button: tea.MouseLeft})
	d.Send(tea.MouseReleaseMsg{X: 30, Y: y, Button: tea.MouseLeft})
	d.Contains("Shrink p1 by")
}

// A size that is typed outside a field does nothing: the letters of its unit are no commands.
func TestSizeOutsideAField(t *testing.T) {
	d := open(t, Founding())
	for _, text := range []string{"+100MiB", "20GiB", "-1M"} {
		d.Type(text)
		d.Press("enter")
		d.Contains("Sizes are typed in a dialog", "Nothing yet.")
		d.Lacks("Mount and attach", "Convert")
		quietly(d)
	}
	d.Press("m")
	d.Contains("Resize/Move")
}
