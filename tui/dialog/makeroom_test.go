package dialog_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/guide"
	"shunt/ops/plan"
	"shunt/tui/dialog"
	"shunt/tui/internal/tuitest"
	"shunt/tui/styles"
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
		{"no unit", founding, 1, "=+1024 enter", "image size 1991MiB\nmove 2 right 2098303s\nresize 1 to 3086273s\n"},
		{"no number", founding, 1, "=+ enter", ""},
		{"it has that", founding, 1, "=100MiB enter", ""},
		{"nothing typed", founding, 1, "ctrl+u enter", ""},
		{"escape", founding, 1, "=+1GiB esc", ""},
	} {
		p, _ := c.q.Preview().ByNumber(c.part)
		room, _, err := dialog.NewMakeRoom(c.q, p.ID, geometry.AlignMiB)
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
		if got := plan.Format(q); got != c.want {
			t.Errorf("%s: %q stages\n%swant\n%s\n%s", c.name, c.keys, got, c.want, text(d))
		}
		if all, ok := action.(dialog.StageAll); ok && all.Part != p.ID {
			t.Errorf("%s: partition %d is selected afterwards", c.name, all.Part)
		}
	}
}

func TestRoomRefused(t *testing.T) {
	_, _, err := dialog.NewMakeRoom(queueOf(tuitest.Varied()), 2, geometry.AlignMiB)
	if err == nil || !strings.Contains(err.Error(), "cannot make room for p2: FAT32 cannot be resized here") {
		t.Errorf("error %v", err)
	}
	if _, _, err := dialog.NewMakeRoom(queueOf(tuitest.Varied()), 99, geometry.AlignMiB); err == nil {
		t.Error("room for a partition that is not there")
	}
}

// roomOf is the Make room page for a partition, with its first plans.
func roomOf(t *testing.T, q ops.Queue, id model.PartID) dialog.Dialog {
	t.Helper()
	room, first, err := dialog.NewMakeRoom(q, id, geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	if solve, ok := first.(dialog.Solve); ok {
		d, _ := room.Update(answer(solve))
		return d
	}
	return room
}

// answer is what a dialog gets that asks for plans.
func answer(s dialog.Solve) dialog.Solved {
	plans, no := guide.Plans(s.Queue, s.Wish, s.Align)
	return dialog.Solved{Wish: s.Wish, Plans: plans, No: no}
}

// On a disk with many partitions the page asks for the plans and goes on. Whatever the order in which keys and answers
// come, only what belongs to the field is staged.
func TestRoomSearches(t *testing.T) {
	q := queueOf(tuitest.Many(128))
	solve := func(action dialog.Action) dialog.Solve {
		t.Helper()
		s, ok := action.(dialog.Solve)
		if !ok {
			t.Fatalf("the page wants %T instead of plans", action)
		}
		return s
	}
	room, first, err := dialog.NewMakeRoom(q, 3, geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	most := solve(first)
	if !most.Wish.Most {
		t.Errorf("it begins with %+v", most.Wish)
	}
	d, _ := room.Update(answer(most))

	d, action := press(t, d, "=+1G")
	one := solve(action)
	d, action = press(t, d, "backspace backspace =2G")
	two := solve(action)
	if one.Wish.Size >= two.Wish.Size {
		t.Errorf("%+v is asked for, then %+v", one.Wish, two.Wish)
	}
	if got := text(d); strings.Contains(got, "searching") {
		t.Errorf("it says so before it takes long:\n%s", got)
	}
	if late, _ := d.Update(dialog.Slow{Wish: one.Wish}); strings.Contains(text(late), "searching") {
		t.Errorf("another search was slow:\n%s", text(late))
	}
	d, _ = d.Update(dialog.Slow{Wish: two.Wish})
	if got := text(d); !strings.Contains(got, "searching") {
		t.Errorf("it does not tell that it searches:\n%s", got)
	}

	// Keys for the plans wait; the answer to an older wish is nothing.
	d, action = press(t, d, "down enter")
	if action != nil {
		t.Fatalf("%T before there are plans", action)
	}
	d, action = d.Update(answer(one))
	if action != nil || !strings.Contains(text(d), "searching") {
		t.Fatalf("%T from plans for another wish:\n%s", action, text(d))
	}
	want := answer(two)
	if len(want.Plans) < 2 {
		t.Fatal("there is only one plan")
	}
	_, action = d.Update(want)
	if got := staged(action); !slices.Equal(got, want.Plans[1].Ops) {
		t.Errorf("it stages %v, not the second plan %v", got, want.Plans[1].Ops)
	}

	// Typing on forgets the keys that waited.
	d, action = press(t, d, "backspace =G")
	d, action = d.Update(answer(solve(action)))
	if action != nil {
		t.Errorf("%T after typing on", action)
	}
	if _, action = press(t, d, "enter"); staged(action) == nil {
		t.Errorf("nothing is staged:\n%s", text(d))
	}
}

// What is no wish needs no search, and ends the one that is out.
func TestRoomWrongWhileSearching(t *testing.T) {
	d, action := press(t, roomOf(t, queueOf(tuitest.Many(128)), 3), "=+1G")
	solve, _ := action.(dialog.Solve)
	d, action = press(t, d, "=x")
	if action != nil {
		t.Errorf("it asks for plans: %T", action)
	}
	before := text(d)
	d, _ = d.Update(answer(solve))
	if after := text(d); after != before {
		t.Errorf("the plans for another wish changed\n%s\nto\n%s", before, after)
	}
	if _, action = press(t, d, "enter"); action != nil {
		t.Errorf("%T is wanted", action)
	}
}

// A click chooses a plan and a second one stages it; what is no plan takes no notice.
func TestRoomMouse(t *testing.T) {
	q := queueOf(tuitest.Varied())
	d, _ := press(t, roomOf(t, q, 3), "=+1GiB")
	st := styles.New(styles.Dark, styles.Full, styles.ASCII)
	click := func(item int) dialog.Action {
		t.Helper()
		v := d.View(66, 20, st)
		if len(v.Parts) != len(v.Lines) {
			t.Fatalf("%d lines, %d parts", len(v.Lines), len(v.Parts))
		}
		at := slices.IndexFunc(v.Parts, func(p dialog.Part) bool { return p.Entry == item })
		if at < 0 {
			t.Fatalf("plan %d is not in view:\n%s", item, text(d))
		}
		next, action := d.Update(dialog.Mouse{Event: dialog.Press, X: 5, Part: v.Parts[at], Width: v.Width})
		d = next
		return action
	}
	if action := click(0); action != nil {
		t.Errorf("a click beside the plans wants %T", action)
	}
	if action := click(1); action != nil {
		t.Errorf("the first click on the plan that is chosen wants %T", action)
	}
	if action := click(2); action != nil {
		t.Errorf("the first click on another plan wants %T", action)
	}
	d, _ = press(t, d, "up down")
	if action := click(2); action != nil {
		t.Errorf("a click after keys wants %T", action)
	}
	plans, _ := guide.Plans(q, guide.Wish{Part: 3, Size: 5 << 21}, geometry.AlignMiB)
	if got := staged(click(2)); !slices.Equal(got, plans[1].Ops) {
		t.Errorf("the second click stages %v, not %v", got, plans[1].Ops)
	}
}
