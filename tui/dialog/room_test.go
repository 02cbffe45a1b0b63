package dialog_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/internal/tuitest"
)

func TestRoomKeys(t *testing.T) {
	founding, varied := queueOf(tuitest.Founding()), queueOf(tuitest.Varied())
	for _, c := range []struct {
		name string
		q    ops.Queue
		part int
		keys string
		want string // the plan lines, "" if nothing is staged
	}{
		{"a change", founding, 1, "=+1GiB enter", "image size 1991MiB\nmove 2 right 2098303s\nresize 1 to 3086273s\n"},
		{"a size", founding, 2, "=1GiB enter", "image size 1507MiB\nresize 2 to 2098303s\n"},
		{"as much as possible", varied, 5, "enter", "move 7 right 2045MiB\nmove 6 right 2045MiB\nmove 5 left 512MiB and resize to 6653MiB\n"},
		{"typed and taken back", varied, 5, "=+1GiB > enter", "move 7 right 2045MiB\nmove 6 right 2045MiB\nmove 5 left 512MiB and resize to 6653MiB\n"},
		{"the second plan", varied, 3, "=+1GiB down enter", "move 4 right 512MiB\nmove 2 right 14336MiB\nmove 3 left 512MiB and resize to 5GiB\n"},
		{"beyond the last plan", varied, 3, "=+1GiB down down down down down up enter", "move 4 right 512MiB\nmove 2 right 14336MiB\nmove 3 left 512MiB and resize to 5GiB\n"},
		{"no unit", founding, 1, "=+1 enter", ""},
		{"it has that", founding, 1, "=100MiB enter", ""},
		{"nothing typed", founding, 1, "ctrl+u enter", ""},
		{"escape", founding, 1, "=+1GiB esc", ""},
	} {
		p, _ := c.q.Preview().ByNumber(c.part)
		room, err := dialog.NewRoom(c.q, p.ID, geometry.AlignMiB)
		if err != nil {
			t.Fatal(err)
		}
		d, action := press(t, room, c.keys)
		q := c.q
		for _, op := range staged(action) {
			next, err := q.Stage(op)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			q = next
		}
		if got := ops.FormatPlan(q); got != c.want {
			t.Errorf("%s: %q stages\n%swant\n%s\n%s", c.name, c.keys, got, c.want, text(d))
		}
		if all, ok := action.(dialog.StageAll); ok && all.Part != p.ID {
			t.Errorf("%s: partition %d is selected afterwards", c.name, all.Part)
		}
	}
}

func TestRoomRefused(t *testing.T) {
	_, err := dialog.NewRoom(queueOf(tuitest.Varied()), 2, geometry.AlignMiB)
	if err == nil || !strings.Contains(err.Error(), "cannot make room for p2: FAT32 cannot be resized here") {
		t.Errorf("error %v", err)
	}
	if _, err := dialog.NewRoom(queueOf(tuitest.Varied()), 99, geometry.AlignMiB); err == nil {
		t.Error("room for a partition that is not there")
	}
}

// BenchmarkRoom128 is a key in the field on a disk with 128 partitions.
func BenchmarkRoom128(b *testing.B) {
	q := queueOf(tuitest.Many(128))
	room, err := dialog.NewRoom(q, 3, geometry.AlignMiB)
	if err != nil {
		b.Fatal(err)
	}
	d, _ := room.Update(tuitest.Key("+"))
	for b.Loop() {
		next, _ := d.Update(tuitest.Key("1"))
		next.Update(tuitest.Key("G"))
	}
}
