package txn

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
)

// oneTower is a raw target with commits of every kind of step.
func oneTower(rng *rand.Rand) *tower {
	list := scenarios()
	return rawTower(list[slices.IndexFunc(list, func(s scenario) bool { return s.name == "shrink, move, grow" })], rng)
}

// TestStackIsWatched drops each sync on which the renewal of a seal depends: the harness must notice.
func TestStackIsWatched(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	tw := oneTower(rng)
	tw.start.Times = true // else the new seal is like the old one
	above, err := tw.built(2)
	if err != nil {
		t.Fatal(err)
	}
	type one struct {
		nth, op int
		what    string
	}
	var needed []one
	all, renewing := 0, false
	m := above.Clone()
	m.Trace = func(line string) {
		if !strings.HasPrefix(line, "sync ") {
			return
		}
		all++
		renewing = renewing || strings.HasPrefix(line, "sync "+journal.ResealName)
		if renewing && len(needed) < 3 { // the seal, its name, and the record that refers to it
			needed = append(needed, one{all, m.Ops() - 1, line})
		}
	}
	if err := tw.undo(m); err != nil || len(needed) != 3 {
		t.Fatalf("%v, syncs %v", err, needed)
	}
	for _, s := range needed {
		d := &doubter{}
		broken := above.Clone()
		broken.DropNth = s.nth
		for range 3 {
			tw.crash(d, broken, 2, 1, tw.undo, func(k int) bool { return k > s.op && k <= s.op+14 }, rng)
		}
		if t.Log(d.complaint); !d.Failed() {
			t.Errorf("the harness did not notice that sync %d, %q, was dropped", s.nth, s.what)
		}
	}
}

// TestFaultStack makes every operation of an undo with others below it fail, once or for good, also because the disk is full. The
// target ends in one of the states, and what can be undone then leads through earlier ones, or is refused.
func TestFaultStack(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, tw := range []*tower{oneTower(rng), imagedTower(t, imageKinds()[0], rng), replacedTower(t, rng)} {
		above, err := tw.built(3)
		if err != nil {
			t.Fatal(err)
		}
		fewer := 0
		for i := 0; ; i++ {
			m := above.Clone()
			fault := &Fault{At: i, Err: failures[i%2], Sticky: rng.Intn(2) == 1}
			m.Inject(fault)
			err := tw.undo(m)
			if fault.Hits == 0 {
				break
			}
			m.Inject(nil)
			if err := tw.end(m, RollBack); err != nil {
				t.Fatalf("%s: operation %d (%s) failed; ended: %v", tw.name, i, fault.What, err)
			}
			if err == nil && tw.unwind(m, false) != nil {
				t.Fatalf("%s: operation %d (%s) failed, the undo reports nothing, and something is lost: %v", tw.name, i, fault.What, tw.unwind(m, false))
			}
			if tw.unwind(m, false) != nil {
				fewer++
			}
			if err := tw.unwindSome(m); err != nil {
				t.Fatalf("%s: operation %d (%s) failed: %v", tw.name, i, fault.What, err)
			}
		}
		t.Logf("%s: after %d faults fewer can be undone", tw.name, fewer)
	}
}

// unwindSome undoes what can be undone, and says what is wrong on the way.
func (t *tower) unwindSome(m *Machine) error {
	at, err := t.at(m)
	for ; err == nil; at-- {
		list, none := Undoable(t.store(m))
		if none != nil {
			return nil
		}
		if len(list) > at {
			return fmt.Errorf("in state %d, %d can be undone", at, len(list))
		}
		want := at - 1
		if err = t.undo(m); errors.As(err, new(*ChangedError)) {
			want = at
		} else if err != nil {
			return err
		}
		now, unread := t.at(m)
		if unread != nil || now != want {
			return fmt.Errorf("in state %d, an undo led to %d: %w", at, now, unread)
		}
		if err != nil {
			return nil // refused
		}
	}
	return err
}

// TestStackForeign writes to a target between two commits, or between two undos: no undo crosses that.
func TestStackForeign(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, times := range []bool{false, true} {
		tw := oneTower(rng)
		tw.start.Times = times
		m, err := tw.built(1)
		if err != nil {
			t.Fatal(err)
		}
		spot := int64(12 * sec) // moved by the first commit, and left alone by the second one
		flip(t, m, spot)
		tw.states[1] = m.TargetBytes()
		list := *tw
		if err := tw.commit(m, 1); err != nil {
			t.Fatal(err)
		}
		if got, err := Undoable(m.Store()); err != nil || len(got) != 1 {
			t.Errorf("times %v: written to between two commits, and %d can be undone, %v", times, len(got), err)
		}
		if err := list.undo(m); err != nil || !slices.Equal(m.TargetBytes(), tw.states[1]) {
			t.Errorf("the second commit is not undone: %v", err)
		}

		tw = oneTower(rng)
		tw.start.Times = times
		if m, err = tw.built(2); err != nil {
			t.Fatal(err)
		}
		if err := tw.undo(m); err != nil {
			t.Fatal(err)
		}
		flip(t, m, spot)
		was := m.TargetBytes()
		if err := tw.undo(m); !errors.As(err, new(*ChangedError)) || !slices.Equal(m.TargetBytes(), was) {
			t.Errorf("times %v: written to between two undos: %v", times, err)
		}
	}
}

// TestStackOnOld commits on a transaction that was kept by a version without numbers.
func TestStackOnOld(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	tw := oneTower(rng)
	m, err := tw.built(1)
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(m.Store())
	if err != nil {
		t.Fatal(err)
	}
	j.Place(0, 0)
	if err := j.Keep(j.Record().Seal); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 3; i++ {
		if err := tw.commit(m, i); err != nil {
			t.Fatal(err)
		}
		if err := tw.unwind(m, false); err != nil {
			t.Error(err)
		}
	}
}

// TestStackUnused commits over old content of free blocks: it is saved for earlier undos as far as the limit allows, and where it
// is not, these go.
func TestStackUnused(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, c := range []struct {
		room geometry.Bytes
		want int
	}{{1 << 20, 2}, {64 * sec, 1}} {
		first := newWorld(scenario{name: "first", before: 40, after: 40, moves: []segment{{20, 4, 12}}, tune: small, options: journal.KeepUndo}, rng)
		second := newWorldOn(scenario{name: "second", before: 40, after: 40, moves: []segment{{4, 20, 12}}, tune: small, options: journal.KeepUndo}, first.after, rng)
		second.changes.unused = ranges{{4 * sec, 16 * sec}}
		second.limits = Limits{Most: 4, Room: c.room}
		m := first.machine.Clone()
		if err := errors.Join(first.run(m), second.run(m)); err != nil {
			t.Fatal(err)
		}
		list, err := Undoable(m.Store())
		if err != nil || len(list) != c.want || list[0].LosesUnused == (c.want == 2) {
			t.Fatalf("room %d: %+v, %v", c.room, list, err)
		}
		for range list {
			if err := undoMachine(m); err != nil {
				t.Fatal(err)
			}
		}
		if c.want == 2 && !slices.Equal(m.TargetBytes(), first.before) {
			t.Error("the target is not what it was")
		}
	}
}

// TestLimits checks which transactions stay, and why the others go.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		rooms  []geometry.Bytes // the newest first
		free   int64
		keeps  bool
		limits Limits
		need   int64 // afterwards, with nothing free
		stay   int
		why    string
	}{
		{"all", []geometry.Bytes{1, 2, 3}, -1, true, Limits{4, 6}, 0, 3, ""},
		{"one too many", []geometry.Bytes{1, 2, 3}, -1, true, Limits{3, 6}, 0, 2, "at most 3"},
		{"one byte too many", []geometry.Bytes{1, 2, 3}, -1, true, Limits{4, 5}, 0, 2, "more than"},
		{"the newest is too large", []geometry.Bytes{9, 0, 0}, -1, true, Limits{4, 5}, 0, 0, "more than"},
		{"half of what is free", []geometry.Bytes{1, 2, 3}, 0, true, Limits{4, 6}, 0, 2, "more than"},
		{"just half of what is free", []geometry.Bytes{1, 2, 3}, 6, true, Limits{4, 6}, 0, 3, ""},
		{"none", []geometry.Bytes{1, 2, 3}, -1, true, Limits{}, 0, 0, "at most 1"},
		{"one", []geometry.Bytes{1}, -1, true, Limits{1, 6}, 0, 0, "at most 1"},
		{"no undo", []geometry.Bytes{1, 2}, -1, false, Limits{4, 6}, 0, 0, "nothing is kept"},
		{"the oldest makes room", []geometry.Bytes{1, 2, 3}, -1, true, Limits{4, 6}, 3, 2, noRoom},
		{"two make room", []geometry.Bytes{1, 2, 3}, -1, true, Limits{4, 6}, 4, 1, noRoom},
		{"not enough", []geometry.Bytes{1, 2, 3}, -1, true, Limits{4, 6}, 40, 0, noRoom},
	} {
		k := &stack{free: c.free}
		for _, room := range c.rooms {
			k.stays, k.told = append(k.stays, &slot{}), append(k.told, report.Applied{Room: room})
		}
		k.limit(c.keeps, c.limits)
		if c.need > 0 {
			k.relieve(c.need, 0)
		}
		if len(k.stays) != c.stay || !strings.Contains(k.why, c.why) || (k.why == "") != (c.why == "") {
			t.Errorf("%s: %d stay, %q", c.name, len(k.stays), k.why)
		}
	}
}

// TestForget frees what is kept for older transactions, with the power cut before every operation: the newest can be undone in any
// case, and what is left leads through earlier states.
func TestForget(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, tw := range []*tower{oneTower(rng), replacedTower(t, rng)} {
		above, err := tw.built(3)
		if err != nil {
			t.Fatal(err)
		}
		clean := above.Clone()
		if err := Forget(tw.store(clean), 1); err != nil {
			t.Fatal(err)
		}
		if list, err := Undoable(tw.store(clean)); err != nil || len(list) != 1 {
			t.Fatalf("%d are left, %v", len(list), err)
		}
		for k := range clean.Ops() {
			m := above.Clone()
			m.CutAt(k)
			_ = Forget(tw.store(m), 1) // the power cut
			for _, p := range policies(m.Pending(), rng) {
				crashed := m.Crash(p.Policy)
				if err := Sweep(tw.store(crashed)); err != nil {
					t.Fatal(err)
				}
				list, err := Undoable(tw.store(crashed))
				if err == nil {
					err = tw.unwindSome(crashed)
				}
				if at, unread := tw.at(crashed); err != nil || unread != nil || at != 3-len(list) {
					t.Fatalf("%s: cut at %d, %s: state %d after %d undos: %v, %v", tw.name, k, p.Name, at, len(list), err, unread)
				}
			}
		}
	}
}
