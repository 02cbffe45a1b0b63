package dialog_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/internal/tuitest"
	"shunt/tui/keymap"
	"shunt/tui/styles"
)

const mib geometry.Sector = 2048

// press gives a dialog keys, separated by spaces; a word that begins with "=" is typed. It returns the last
// action.
func press(t testing.TB, d dialog.Dialog, keys string) (dialog.Dialog, dialog.Action) {
	t.Helper()
	var action dialog.Action
	for _, word := range strings.Fields(keys) {
		list := []string{word}
		if text, ok := strings.CutPrefix(word, "="); ok && text != "" {
			list = strings.Split(text, "")
		}
		for _, k := range list {
			d, action = d.Update(keymap.Event(k))
		}
	}
	return d, action
}

// text is what a dialog shows.
func text(d dialog.Dialog) string {
	v := d.View(66, 20, styles.New(styles.Dark, styles.Full, styles.ASCII))
	return ansi.Strip(strings.Join(v.Lines, "\n"))
}

// roomy is the founding disk with 2 GiB of free space behind it, as a queue.
func roomy(t *testing.T) ops.Queue {
	t.Helper()
	q, err := queueOf(tuitest.Founding()).Stage(ops.ImageSize{Sectors: 966*mib + 2048*mib})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestResizeKeys(t *testing.T) {
	q := roomy(t)
	const p1, p2 = geometry.Sector(987_970), geometry.Sector(990_335) // their lengths
	for _, c := range []struct {
		name string
		part model.PartID
		keys string
		want ops.MoveResize
	}{
		{"a distance is kept to the sector", 2, "=+1024MiB enter", ops.MoveResize{ID: 2, Shift: 1024 * mib}},
		{"a distance to the left has no room", 2, "=-1MiB enter", ops.MoveResize{}},
		{"a position is put on the grid", 2, "=100MiB enter", ops.MoveResize{ID: 2, Shift: 582*mib - 988_033}},
		{"a position in sectors is not", 2, "=100s enter", ops.MoveResize{ID: 2, Shift: 100}},
		{"the end of a size is put on the grid", 2, "tab =512MiB enter", ops.MoveResize{ID: 2, Len: 994*mib - 988_033}},
		{"a size exactly, by one key", 2, "tab =512MiB = enter", ops.MoveResize{ID: 2, Len: 512 * mib}},
		{"and back to the grid", 2, "tab =512MiB = = enter", ops.MoveResize{ID: 2, Len: 994*mib - 988_033}},
		{"exactly, and then typed again", 2, "tab =512MiB = backspace backspace backspace =MB enter", ops.MoveResize{ID: 2, Len: 1_000_000}},
		{"a size in sectors is exact", 2, "tab =1048576s enter", ops.MoveResize{ID: 2, Len: 512 * mib}},
		{"a position exactly", 2, "=100MiB = enter", ops.MoveResize{ID: 2, Shift: 100 * mib}},
		{"a change is whole steps of the grid", 2, "=+1000MB enter", ops.MoveResize{ID: 2, Shift: 954 * mib}},
		{"a change exactly", 2, "=+1000MB = enter", ops.MoveResize{ID: 2, Shift: 1_953_125}},
		{"a small change is not rounded to none", 2, "tab =-1KiB enter", ops.MoveResize{ID: 2, Len: p2 - mib}},
		{"a size near the end", 2, "tab =2531.4MiB enter", ops.MoveResize{ID: 2, Len: 3014*mib - 988_033}},
		{"no grid", 2, "tab tab tab right right shift+tab shift+tab =512MiB enter", ops.MoveResize{ID: 2, Len: 512 * mib}},
		{"a change of size", 2, "tab =-100MiB enter", ops.MoveResize{ID: 2, Len: p2 - 100*mib}},
		{"the largest by a key", 2, "> enter", ops.MoveResize{ID: 2, Len: 3014*mib - 988_033}},
		{"the largest by a word", 2, "tab =max enter", ops.MoveResize{ID: 2, Len: 3014*mib - 988_033}},
		{"space following", 2, "tab tab =0MiB enter", ops.MoveResize{ID: 2, Shift: 2530*mib - 988_033}},
		{"up and down nudge", 2, "up up up down enter", ops.MoveResize{ID: 2, Shift: 484*mib - 988_033}},
		{"size and then place", 2, "tab =+1MiB shift+tab =+1MiB enter", ops.MoveResize{ID: 2, Shift: mib, Len: p2 + mib}},
		{"escape", 2, "=+1MiB esc", ops.MoveResize{}},
		{"no change", 2, "enter", ops.MoveResize{}},
		{"too far", 2, "=+3000MiB enter", ops.MoveResize{}},
		{"no unit", 2, "tab =512 enter", ops.MoveResize{ID: 2, Len: 994*mib - 988_033}},
		{"nonsense", 2, "tab =lots enter", ops.MoveResize{}},
		{"corrected", 2, "=10q = enter tab shift+tab =+1MiB enter", ops.MoveResize{ID: 2, Shift: mib}},
		{"another grid", 2, "tab tab tab right right shift+tab shift+tab shift+tab up enter", ops.MoveResize{ID: 2, Shift: 1}},
		{"the bar moves the whole", 2, "shift+tab right enter", ops.MoveResize{ID: 2, Shift: 483*mib - 988_033}},
		{"the bar moves the right edge", 2, "shift+tab space space right enter", ops.MoveResize{ID: 2, Len: 967*mib - 988_033}},
		{"first partition is shut in", 1, "=+1MiB enter", ops.MoveResize{}},
		{"first partition shrinks", 1, "tab =-100MiB enter", ops.MoveResize{ID: 1, Len: p1 - 100*mib}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, action := press(t, dialog.NewResize(q, c.part, geometry.AlignMiB), c.keys)
			stage, _ := action.(dialog.Stage)
			got, _ := stage.Op.(ops.MoveResize)
			if got != c.want {
				t.Errorf("got %+v, want %+v\n%s", got, c.want, text(d))
			}
			if c.want == (ops.MoveResize{}) {
				return
			}
			if _, err := q.Stage(stage.Op); err != nil {
				t.Errorf("what the dialog offers is refused: %v", err)
			}
		})
	}
}

// The dialog tells what it would do while one types, and why not.
func TestResizeTells(t *testing.T) {
	q := roomy(t)
	for _, c := range []struct{ keys, want string }{
		{"", "No change yet."},
		{"=+1024MiB", "copies about 25.6 MiB; about 458 MiB of unused space is not copied"},
		{"=+1024MiB", "Move p2 right by 1024 MiB"},
		{"=+1024", "= +1024 MiB"},
		{"=+", "No change yet."},
		{"=+q", "has no number"},
		{"=+1024q", "has unknown unit"},
		{"=+9GiB", "Cannot move p2 right"},
		{"tab =1MiB", "it can shrink by at most"},
		{"tab =3GiB", "it can grow by at most 2048 MiB"},
		{"=+1s", "not on the grid"},
		{"tab =512MiB", "On the grid 511.56 MiB. Press = to keep 512MiB."},
		{"tab =512MiB", "Grow p2 by"},
		{"tab =512MiB =", "1,048,576 sectors"},
	} {
		d, _ := press(t, dialog.NewResize(q, 2, geometry.AlignMiB), c.keys)
		if got := strings.Join(strings.Fields(text(d)), " "); !strings.Contains(got, c.want) {
			t.Errorf("after %q %q is not said:\n%s", c.keys, c.want, text(d))
		}
	}
}

// What cannot be changed is not reached, and the reason is shown.
func TestResizeFixed(t *testing.T) {
	q := queueOf(tuitest.Varied())
	fat := dialog.NewResize(q, 2, geometry.AlignMiB)
	if got := text(fat); !strings.Contains(got, "The size stays: FAT32 cannot be resized here") {
		t.Errorf("no reason is given:\n%s", got)
	}
	d, _ := press(t, fat, "tab =1GiB")
	if got := text(d); strings.Contains(got, "[1GiB") && strings.Contains(got, "New size              [") {
		t.Errorf("the size was reached:\n%s", got)
	}
	d1 := tuitest.Varied()
	p, _ := d1.Partition(1)
	p.FS = model.Filesystem{Trait: model.Unread, Used: -1, Notes: "holds something"} // a boot loader that nobody can tell its new place
	bios := dialog.NewResize(queueOf(d1.With(p)), 1, geometry.AlignMiB)
	if got := text(bios); !strings.Contains(got, "It stays where it is:") {
		t.Errorf("no reason is given:\n%s", got)
	}
}

// However the handles are dragged, what comes out is possible or nothing changed.
func TestResizeDrag(t *testing.T) {
	q := roomy(t)
	const width = 66
	for from := range width {
		for to := range width {
			d := dialog.NewResize(q, 2, geometry.AlignMiB)
			d, _ = d.Update(dialog.Mouse{Event: dialog.Press, Part: dialog.Part{Row: 1}, X: from, Width: width})
			d, _ = d.Update(dialog.Mouse{Event: dialog.Drag, X: to, Width: width})
			d, _ = d.Update(dialog.Mouse{Event: dialog.Release, X: to, Width: width})
			_, action := d.Update(keymap.Event("enter"))
			switch a := action.(type) {
			case dialog.Close:
			case dialog.Stage:
				if _, err := q.Stage(a.Op); err != nil {
					t.Fatalf("dragging from %d to %d gives %+v: %v", from, to, a.Op, err)
				}
			default:
				t.Fatalf("dragging from %d to %d leaves something impossible:\n%s", from, to, text(d))
			}
		}
	}
}

func TestResizeIgnoresOtherMessages(t *testing.T) {
	d := dialog.NewResize(roomy(t), 2, geometry.AlignMiB)
	if _, action := d.Update(tea.FocusMsg{}); action != nil {
		t.Errorf("got %v", action)
	}
}
