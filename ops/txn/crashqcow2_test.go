package txn

import (
	"errors"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/target"
)

// imagedPart is which part of the states of a run is tried on qcow2 images too.
const imagedPart = 10

// imagedCrash tries crashes of one world.
type imagedCrash struct {
	*imaged
	t     verdict
	tb    testing.TB // for files
	rng   *rand.Rand
	count *tally
	qemu  int // every so many states qemu-img looks at the image; 0 for never
}

// crashImaged calls do with the worlds of all plans, each on an image of another kind, until there are enough states.
func crashImaged(t *testing.T, share int, do func(c imagedCrash)) {
	t.Helper()
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	count, kinds := newTally(), imageKinds()
	every := max(200, *statesFlag/imagedPart/100)
	if !testneed.Has(t, "qemu-img") {
		every = 0
	}
	for n := 0; count.total < *statesFlag/imagedPart/share; {
		for _, w := range someWorlds(t, rng, 4, min(1, float64(*statesFlag)/100000)) {
			w.options = journal.Options(rng.Intn(4))
			n++
			do(imagedCrash{w.imaged(t, kinds[n%len(kinds)], rng), t, t, rng, count, every})
			if t.Failed() {
				return
			}
		}
	}
	count.log(t)
}

// part is which part of its cut points a world gets.
func (c imagedCrash) part() float64 { return portion(100000) * c.share() }

// look checks one state: the disk must be one of the two, and the format in order.
func (c imagedCrash) look(m *Machine, by path, policy string) (state string, ok bool) {
	c.count.add(by, policy, c.name)
	if state = c.state(m); state != "before" && state != "after" {
		c.t.Errorf("%s (%s): the disk is %s", c.name, by, state)
		return state, false
	}
	if c.qemu > 0 && c.count.total%c.qemu == 0 {
		if complaint := c.sound(c.tb, m); complaint != "" {
			c.t.Errorf("%s (%s): %s", c.name, by, complaint)
			return state, false
		}
	}
	return state, true
}

// TestCrashQcow2 cuts the power before every write and sync of commits to qcow2 images, of what settles them and of what
// gives room back: each time the image is in order and shows the old disk or the new one, before anything is recovered.
func TestCrashQcow2(t *testing.T) {
	crashImaged(t, 2, func(c imagedCrash) {
		clean := c.machine.Clone()
		if err := c.run(clean); err != nil || c.state(clean) != "after" {
			t.Fatalf("%s: %v, the disk is %s", c.name, err, c.state(clean))
		}
		ops := clean.Ops()
		if complaint := c.keeps(clean, true); complaint != "" {
			t.Fatalf("%s: %s", c.name, complaint)
		}
		for k := range ops + 1 {
			if k == ops || c.rng.Float64() <= c.part() {
				c.cutAt(k, k == ops)
			}
		}
	})
}

// cutAt cuts the power before operation k of the commit, or behind the last one.
func (c imagedCrash) cutAt(k int, returned bool) {
	m := c.machine.Clone()
	m.CutAt(k)
	if err := c.run(m); returned && err != nil || !returned && !errors.Is(err, ErrPowerCut) {
		c.t.Errorf("%s: power cut at %d: %v", c.name, k, err)
		return
	}
	by := pathSwitch
	if returned {
		by = pathSwitchReturned
	}
	for _, policy := range policies(m.Pending(), c.rng) {
		crashed := m.Crash(policy.Policy)
		if state, ok := c.look(crashed, by, policy.Name); !ok || !c.settle(crashed, state, returned) {
			return
		}
	}
}

// TestCrashQcow2IsWatched drops each sync of the image's file in turn: the harness must notice.
func TestCrashQcow2IsWatched(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range scenarios() {
		if s.name != "shrink, move, grow" {
			continue
		}
		w := newWorld(s, rng).imaged(t, imageKinds()[0], rng)
		var syncs []int // by number
		all, m := 0, w.machine.Clone()
		m.Trace = func(line string) {
			if strings.HasPrefix(line, "sync ") {
				all++
			}
			if line == "sync "+TargetName {
				syncs = append(syncs, all)
			}
		}
		if err := w.run(m); err != nil || len(syncs) < 2 {
			t.Fatalf("%v, syncs %v", err, syncs)
		}
		for _, n := range syncs[:2] { // those that follow give room back
			d := &doubter{}
			c := imagedCrash{w, d, t, rng, newTally(), 0}
			w.machine.DropNth = n
			for k := 0; k <= m.Ops() && !d.Failed(); k++ {
				c.cutAt(k, k == m.Ops())
			}
			w.machine.DropNth = 0
			if t.Log(d.complaint); !d.Failed() {
				t.Errorf("the harness did not notice that sync %d was dropped", n)
			}
		}
	}
}

// settle ends what a crash of a commit left, in both directions, once with the power cut again. It reports whether all is
// well.
func (c imagedCrash) settle(m *Machine, state string, returned bool) bool {
	if returned && state != "after" {
		c.t.Errorf("%s: the commit had returned, and after the crash the disk is as %s", c.name, state)
		return false
	}
	for _, how := range []Direction{Finish, RollBack} {
		r := m.Clone()
		had, last, err := c.end(r, how)
		want := state
		if had && last == nil && how == Finish {
			want = "after"
		}
		if got := c.state(r); err != nil || got != want {
			c.t.Errorf("%s: ended: %v; the disk is %s, want %s", c.name, err, got, want)
			return false
		}
		if again, _, err := c.end(r, how); again || err != nil {
			c.t.Errorf("%s: ended again: there was work to do: %v", c.name, err)
			return false
		}
		if complaint := c.keeps(r, want == "after"); complaint != "" {
			c.t.Errorf("%s: %s", c.name, complaint)
			return false
		}
		if had && r.Ops() > 0 && !c.again(m.Clone(), how, c.rng.Intn(r.Ops()), state) {
			return false
		}
	}
	return true
}

// again cuts the power while the transaction is ended, and ends it then.
func (c imagedCrash) again(m *Machine, how Direction, at int, state string) bool {
	m.CutAt(at)
	_, _, _ = c.end(m, how) // the power cut
	m = m.Crash(Random(c.rng))
	if got, ok := c.look(m, pathSettleAgain, "random"); !ok || got != state {
		c.t.Errorf("%s: cut again: the disk was as %s and is %s", c.name, state, got)
		return false
	}
	if _, _, err := c.end(m, how); err != nil || c.state(m) != state {
		c.t.Errorf("%s: cut again, then ended: %v; the disk is %s, want %s", c.name, err, c.state(m), state)
		return false
	}
	return true
}

// keeps says what is wrong with what a machine keeps for an undo, "" if it is right.
func (i *imaged) keeps(m *Machine, applied bool) string {
	_, err := Undoable(m.Store())
	if !applied || !i.options.Has(journal.KeepUndo) {
		if !errors.Is(err, ErrNoUndo) {
			return "there is something to undo: " + describe(err)
		}
		return ""
	}
	back := m.Clone()
	if err := errors.Join(err, i.undo(back)); err != nil {
		return "undo: " + err.Error()
	}
	if got := i.state(back); got != "before" {
		return "after an undo the disk is " + got
	}
	return ""
}

func describe(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// committed is the machine after the world's transaction, which is kept.
func (c imagedCrash) committed() *Machine {
	c.options |= journal.KeepUndo
	m := c.machine.Clone()
	if err := c.run(m); err != nil {
		c.tb.Fatalf("%s: %v", c.name, err)
	}
	return m.Clone()
}

// TestCrashQcow2Undo cuts the power before every write and sync of an undo, and of what gives the room back that it needed.
func TestCrashQcow2Undo(t *testing.T) {
	crashImaged(t, 4, func(c imagedCrash) {
		kept := c.committed()
		clean := kept.Clone()
		if err := c.undo(clean); err != nil || c.state(clean) != "before" || len(clean.Files()) > 0 {
			t.Fatalf("%s: undo: %v; the disk is %s, %v stay", c.name, err, c.state(clean), clean.Files())
		}
		for k := range clean.Ops() {
			if c.rng.Float64() > c.part() {
				continue
			}
			m := kept.Clone()
			m.CutAt(k)
			if err := c.undo(m); !errors.Is(err, ErrPowerCut) {
				t.Fatalf("%s: power cut at %d: %v", c.name, k, err)
			}
			for _, policy := range policies(m.Pending(), c.rng) {
				crashed := m.Crash(policy.Policy)
				if _, ok := c.look(crashed, pathSwitchUndo, policy.Name); !ok {
					return
				}
				had, _, err := c.end(crashed, RollBack)
				got := c.state(crashed)
				if err == nil && got == "after" && !had { // it had not begun
					err = c.undo(crashed)
					got = c.state(crashed)
				}
				if err != nil || got != "before" {
					t.Fatalf("%s: undo cut at %d, then ended: %v; the disk is %s", c.name, k, err, got)
				}
			}
		}
	})
}

// TestCrashQcow2Replaces commits a second transaction over one that is kept: there is always the undo of what the disk
// shows, or none.
func TestCrashQcow2Replaces(t *testing.T) {
	crashImaged(t, 4, func(c imagedCrash) {
		first := *c.imaged
		c.machine = c.committed()
		second := *c.world
		n := int64(len(c.after))
		second.before = make([]byte, n)
		if im, err := c.read(c.machine); err != nil {
			t.Fatal(err)
		} else if _, err := im.ReadAt(second.before, 0); err != nil { // blocks that a file system holds free read as anything
			t.Fatal(err)
		}
		second.after = slices.Clone(second.before)
		copy(second.after[8*sec:], second.before[2*sec:7*sec])
		c.rng.Read(second.after[13*sec : 14*sec])
		second.pieces = []target.Piece{
			{Len: 8 * sec},
			{Off: 8 * sec, Len: 5 * sec, Kind: target.Move, Src: 2 * sec},
			{Off: 13 * sec, Len: sec, Kind: target.Write},
			{Off: 14 * sec, Len: n - 14*sec},
		}
		c.imaged = &imaged{world: &second, kind: c.kind, below: c.below}
		clean := c.machine.Clone()
		if err := c.run(clean); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for k := range clean.Ops() {
			if c.rng.Float64() > c.part() {
				continue
			}
			m := c.machine.Clone()
			m.CutAt(k)
			_ = c.run(m) // the power cut
			for _, policy := range policies(m.Pending(), c.rng) {
				crashed := m.Crash(policy.Policy)
				if _, ok := c.look(crashed, pathSwitchReplace, policy.Name); !ok {
					return
				}
				if complaint := c.replaced(&first, crashed); complaint != "" {
					t.Fatalf("%s: cut at %d: %s", c.name, k, complaint)
				}
			}
		}
	})
}

// replaced ends a crash of the second transaction and says what is wrong then.
func (c imagedCrash) replaced(first *imaged, m *Machine) string {
	had, _, err := c.end(m, Finish)
	if err != nil {
		return err.Error()
	}
	if err := Sweep(m.Store()); err != nil {
		return err.Error()
	}
	switch got := c.state(m); {
	case got == "after":
		return c.keeps(m, true)
	case got != "before":
		return "the disk is " + got
	}
	if _, err := Undoable(m.Store()); had || errors.Is(err, ErrNoUndo) {
		return c.keeps(m, false)
	}
	return first.keeps(m, true) // nothing was written yet
}
