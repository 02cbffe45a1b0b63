package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/target"
)

// A tower is a target with several commits, one on another. Each can be undone.
type tower struct {
	name   string
	states [][]byte // of the disk: before the first commit, after it, and so on
	start  *Machine
	commit func(m *Machine, i int) error // leads from state i to the next
	undo   func(m *Machine) error
	end    func(m *Machine, how Direction) error // ends what a crash left
	disk   func(m *Machine) ([]byte, error)
	store  func(m *Machine) journal.Store
	stages bool     // a commit writes to the file before its record
	below  *Machine // with the backing file, or nil
}

var stacked = Limits{Most: 4, Room: 1 << 20}

// rawTower has commits on a raw target: that of the scenario, and small ones on its result.
func rawTower(s scenario, rng *rand.Rand) *tower {
	s.options |= journal.KeepUndo
	w := newWorld(s, rng)
	worlds := []*world{w}
	for i := range 2 {
		n := int64(len(w.after)) / sec
		next := scenario{
			name: s.name, before: n, after: n, tune: small, options: s.options, moves: []segment{{8, 2, 5}}, places: []segment{{13, 0, 2}},
		}
		if i == 1 {
			next.after, next.moves, next.clear = n+4, nil, ranges{{3, 6}}
		}
		w = newWorldOn(next, w.after, rng)
		worlds = append(worlds, w)
	}
	t := &tower{
		name: s.name, states: [][]byte{worlds[0].before}, start: worlds[0].machine.Clone(),
		commit: func(m *Machine, i int) error { return worlds[i].run(m) },
		undo:   undoMachine,
		end: func(m *Machine, how Direction) error {
			_, err := recoverMachine(m, how)
			return errors.Join(err, Sweep(m.Store()))
		},
		disk:  func(m *Machine) ([]byte, error) { return m.TargetBytes(), nil },
		store: func(m *Machine) journal.Store { return m.Store() },
	}
	for _, w := range worlds {
		w.limits = stacked
		t.states = append(t.states, w.after)
	}
	return t
}

// imagedTower has commits on a qcow2 image.
func imagedTower(tb testing.TB, k imageKind, rng *rand.Rand) *tower {
	tb.Helper()
	first := newWorld(scenario{
		name: "grow the image, move, place", before: 40, after: 80, moves: []segment{{56, 20, 16}}, places: []segment{{8, 0, 3}, {30, 3, 5}, {72, 8, 2}},
		tune: small, options: journal.KeepUndo,
	}, rng).imaged(tb, k, rng)
	list := []*imaged{first}
	for range 2 {
		w := *first.world
		w.before = list[len(list)-1].after
		w.after = slices.Clone(w.before)
		copy(w.after[8*sec:], w.before[2*sec:7*sec])
		rng.Read(w.after[13*sec : 14*sec])
		w.pieces = []target.Piece{
			{Len: 8 * sec},
			{Off: 8 * sec, Len: 5 * sec, Kind: target.Move, Src: 2 * sec},
			{Off: 13 * sec, Len: sec, Kind: target.Write},
			{Off: 14 * sec, Len: int64(len(w.after)) - 14*sec},
		}
		list = append(list, &imaged{world: &w, kind: k, below: first.below})
	}
	t := &tower{
		name: first.name, states: [][]byte{first.before}, start: first.machine, stages: true, below: first.below,
		commit: func(m *Machine, i int) error { return list[i].run(m) },
		undo:   first.undo,
		end: func(m *Machine, how Direction) error {
			_, _, err := first.end(m, how)
			return errors.Join(err, Sweep(m.Store()))
		},
		store: func(m *Machine) journal.Store { return m.Store() },
	}
	t.disk = func(m *Machine) ([]byte, error) {
		im, err := first.read(m)
		if err != nil {
			return nil, err
		}
		check, err := im.Walk(context.Background())
		if err == nil && (!check.Clean() || check.Leaks.Count > 0 || check.Beyond.Count > 0) {
			err = fmt.Errorf("the image is not in order: %+v", *check)
		}
		if err != nil {
			return nil, err
		}
		b := make([]byte, im.Size())
		_, err = im.ReadAt(b, 0)
		return b, err
	}
	for _, i := range list {
		i.limits = stacked
		t.states = append(t.states, i.after)
	}
	return t
}

// replacedTower has commits that each give the name of the image to a new file.
func replacedTower(t *testing.T, rng *rand.Rand) *tower {
	t.Helper()
	tw := &tower{name: "replaced"}
	for _, n := range []int{20, 18, 30, 26} {
		b := make([]byte, n*sec)
		rng.Read(b)
		tw.states = append(tw.states, b)
	}
	first := newReplaceable(t, tw.states[0], tw.states[1])
	tw.start = first.machine
	tw.commit = func(m *Machine, i int) error {
		w := *first
		w.before, w.after, w.limits = tw.states[i], tw.states[i+1], stacked
		return w.run(m, journal.KeepUndo)
	}
	tw.undo = first.undo
	tw.end = func(m *Machine, _ Direction) error { _, err := first.settle(m); return err }
	tw.disk = func(m *Machine) ([]byte, error) {
		f := m.files[m.entries[imageEntry]]
		b := make([]byte, f.current.size)
		_, err := m.read(m.entries[imageEntry], b, 0)
		return b, err
	}
	tw.store = func(m *Machine) journal.Store { return first.store(m) }
	return tw
}

// at returns which state the disk has.
func (t *tower) at(m *Machine) (int, error) {
	b, err := t.disk(m)
	if err != nil {
		return 0, err
	}
	for i, s := range t.states {
		if bytes.Equal(b, s) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the disk has none of the states, %d bytes", len(b))
}

// unwind undoes everything that can be undone, and says what is wrong on the way. lost allows that undos are refused.
func (t *tower) unwind(m *Machine, lost bool) error {
	m = m.Clone()
	at, err := t.at(m)
	if err != nil {
		return err
	}
	for ; at > 0; at-- {
		list, err := Undoable(t.store(m))
		if err != nil || len(list) != at {
			return fmt.Errorf("in state %d, %d can be undone: %w", at, len(list), err)
		}
		err = t.undo(m)
		if lost && errors.As(err, new(*ChangedError)) {
			now, err := t.at(m)
			if now != at {
				err = fmt.Errorf("refused in state %d, and it is %d now: %w", at, now, err)
			}
			return err
		}
		if err != nil {
			return fmt.Errorf("undo in state %d: %w", at, err)
		}
		if now, err := t.at(m); err != nil || now != at-1 {
			return fmt.Errorf("undone in state %d, the disk has state %d: %w", at, now, err)
		}
	}
	if _, err := Undoable(t.store(m)); !errors.Is(err, ErrNoUndo) {
		return fmt.Errorf("all is undone, and something can be: %w", err)
	}
	if left := slices.DeleteFunc(m.Files(), func(name string) bool { return name == imageEntry }); len(left) > 0 {
		return fmt.Errorf("all is undone, and %v stay", left)
	}
	return nil
}

// built is the machine after n commits.
func (t *tower) built(n int) (*Machine, error) {
	m := t.start.Clone()
	for i := range n {
		if err := t.commit(m, i); err != nil {
			return nil, fmt.Errorf("%s: commit %d: %w", t.name, i, err)
		}
	}
	return m.Clone(), t.unwind(m, false)
}

// crash cuts the power before those operations of do that pick takes, and behind the last one, and again while what is left is
// ended. do leads from state from to state to. crash returns the number of crash states.
func (t *tower) crash(v verdict, m *Machine, from, to int, do func(m *Machine) error, pick func(k int) bool, rng *rand.Rand) (states int) {
	clean := m.Clone()
	if err := do(clean); err != nil {
		v.Errorf("%s: %v", t.name, err)
		return 0
	}
	for k := range clean.Ops() + 1 {
		if k < clean.Ops() && !pick(k) {
			continue
		}
		cut := m.Clone()
		cut.CutAt(k)
		if err := do(cut); k < clean.Ops() && !errors.Is(err, ErrPowerCut) {
			v.Errorf("%s: cut at %d: %v", t.name, k, err)
		}
		for _, p := range policies(cut.Pending(), rng) {
			states++
			crashed := cut.Crash(p.Policy)
			if k == clean.Ops() {
				from = to // it had returned
			}
			lost := t.stages && to > from
			if err := t.recovered(crashed, from, to, lost, rng); err != nil {
				v.Errorf("%s: %d to %d cut at %d, %s: %v", t.name, from, to, k, p.Name, err)
				return states
			}
		}
	}
	return states
}

// recovered ends a crash in both directions, with another crash on the way, and unwinds what is left each time.
func (t *tower) recovered(crashed *Machine, from, to int, lost bool, rng *rand.Rand) error {
	for _, how := range []Direction{Finish, RollBack} {
		r := crashed.Clone()
		if err := t.end(r, how); err != nil {
			return err
		}
		again := crashed.Clone()
		again.CutAt(rng.Intn(r.Ops() + 1))
		_ = t.end(again, how) // the power cut
		again = again.Crash(Random(rng))
		if err := t.end(again, how); err != nil {
			return fmt.Errorf("cut again: %w", err)
		}
		for _, m := range []*Machine{r, again} {
			m.CutAt(-1)
			if at, err := t.at(m); err != nil || at != from && at != to {
				return fmt.Errorf("state %d, %w", at, err)
			}
			if err := t.unwind(m, lost); err != nil {
				return err
			}
		}
	}
	return nil
}

// towers are the three ways of committing, on hosts that keep account of times and on others.
func towers(t *testing.T, rng *rand.Rand, all bool) (list []*tower) {
	t.Helper()
	for _, s := range scenarios() {
		if all || slices.Contains([]string{"swap", "shrink, move, grow", "grow the image, move, place"}, s.name) {
			list = append(list, rawTower(s, rng))
		}
	}
	kinds := imageKinds()
	if !all {
		kinds = []imageKind{kinds[0], kinds[6]}
	}
	for _, k := range kinds {
		if !k.snapshot || testneed.Has(t, "qemu-img") {
			list = append(list, imagedTower(t, k, rng))
		}
	}
	return append(list, replacedTower(t, rng))
}

// TestCrashStack cuts the power before the operations of commits on one another and of undos one after the other. The disk has
// always one of the states, and what can be undone then leads through all earlier ones.
func TestCrashStack(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	part, states, all := portion(800000), 0, *statesFlag >= 100000
	if all {
		part /= 8 // there are more towers
	}
	some := func(int) bool { return rng.Float64() <= part }
	for _, tw := range towers(t, rng, all) {
		for _, times := range []bool{false, true} {
			tw.start.Times = times
			for n := 1; n < len(tw.states); n++ {
				below, err := tw.built(n - 1)
				if err != nil {
					t.Fatal(err)
				}
				states += tw.crash(t, below, n-1, n, func(m *Machine) error { return tw.commit(m, n-1) }, some, rng)
				above, err := tw.built(n)
				if err != nil {
					t.Fatal(err)
				}
				states += tw.crash(t, above, n, n-1, tw.undo, some, rng)
				if t.Failed() {
					return
				}
			}
		}
	}
	t.Logf("%d crash states", states)
}
