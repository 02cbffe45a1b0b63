package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"shunt/tui"
)

// shownAt are the lines of a frame that show the selection: the lower bar, the row of the table, the keys.
func shownAt(d *Driver, bar, row, key string) bool {
	frame := d.Frame()
	last := frame[strings.LastIndex(strings.TrimSuffix(frame, "\n"), "\n")+1:]
	return strings.Contains(frame, "▸"+bar) && strings.Contains(frame, "▸ "+row) && strings.Contains(last, key)
}

// While a key is held down only the table shows where the cursor is. The rest follows when it was let go, or with whatever
// happens before that.
func TestRestOfScreenFollowsCursor(t *testing.T) {
	for name, then := range map[string]func(*Driver){
		"let go":      func(d *Driver) { d.catchUp() },
		"another key": func(d *Driver) { d.Hold("?"); d.Hold("esc") },
		"a click":     func(d *Driver) { d.Send(tea.MouseClickMsg{X: 30, Y: 15, Button: tea.MouseMiddle}) },
		"the end of the list": func(d *Driver) {
			for range 9 {
				d.Hold("k")
			}
			for range 4 {
				d.Hold("j")
			}
			d.catchUp()
		},
		"another size": func(d *Driver) { d.Resize(139, 40) },
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, Varied())
			d.Resize(140, 40)
			for range 4 {
				d.Hold("j")
				if !shownAt(d, "p1", "", "m resize/move") {
					t.Fatalf("the rest follows a key that is held down:\n%s", d.Frame())
				}
			}
			if !shownAt(d, "p1", "unallocated", "m resize/move") {
				t.Fatalf("the table does not follow:\n%s", d.Frame())
			}
			then(d)
			if !shownAt(d, "512M", "unallocated", "n new") {
				t.Fatalf("the rest does not follow:\n%s", d.Frame())
			}
		})
	}
}

// An edit shows all of its result at once, and so does every step on a fast line.
func TestNothingStaysBehind(t *testing.T) {
	d := open(t, Varied())
	d.Resize(140, 40)
	d.Hold("j")
	d.Hold("j")
	d.Hold("d")
	if !shownAt(d, "free 4.00G", "unallocated", "Pending as operation 1") {
		t.Errorf("the rest does not follow an edit:\n%s", d.Frame())
	}
	target := Varied()
	d = Start(t, 140, 40, tui.Options{Paths: []string{target.What.Path}, Animate: true}, One(target))
	for _, row := range [][2]string{{"p2", "l label"}, {"p3", "resize/move"}, {"p4", "resize/move"}} {
		d.Hold("j")
		if !shownAt(d, row[0], row[0], row[1]) {
			t.Errorf("the rest does not follow to %s:\n%s", row[0], d.Frame())
		}
	}
}
