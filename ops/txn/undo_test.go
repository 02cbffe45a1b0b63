package txn

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

func undoMachine(m *Machine) error {
	return Undo(context.Background(), m.Target(), m.Store(), noWatch)
}

// keeps says what is wrong with what a machine keeps for an undo, "" if it is right: with a transaction that was applied
// and wished so, the undo must be there and lead back; otherwise there must be none.
func (w *world) keeps(m *Machine, applied bool) string {
	_, err := Undoable(m.Store())
	switch {
	case !applied || !w.options.Has(journal.KeepUndo):
		if !errors.Is(err, ErrNoUndo) {
			return fmt.Sprintf("there is something to undo: %v", err)
		}
		return ""
	case err != nil:
		return fmt.Sprintf("there is nothing to undo: %v", err)
	}
	back := m.Clone()
	if err := undoMachine(back); err != nil {
		return fmt.Sprintf("undo: %v", err)
	}
	if got := w.state(back); got != "before" {
		return "after an undo the target is " + got
	}
	return ""
}

// committed is the world's machine after its transaction, which is kept.
func (w *world) committed(tb testing.TB) *Machine {
	tb.Helper()
	w.options |= journal.KeepUndo
	m := w.machine.Clone()
	if err := w.run(m); err != nil {
		tb.Fatal(err)
	}
	return m.Clone()
}

func allScenarios(rng *rand.Rand, random int) []scenario {
	list := scenarios()
	for i := range random {
		list = append(list, randomScenario(fmt.Sprintf("random %d", i), rng))
	}
	return list
}

// allWorlds are the worlds of all scenarios, of random ones, and of all plans on real tables.
func allWorlds(tb testing.TB, rng *rand.Rand, random int) []*world {
	tb.Helper()
	return someWorlds(tb, rng, random, 1)
}

// someWorlds are about that part of all worlds.
func someWorlds(tb testing.TB, rng *rand.Rand, random int, part float64) []*world {
	tb.Helper()
	var worlds []*world
	for _, s := range allScenarios(rng, random) {
		if rng.Float64() < part {
			worlds = append(worlds, newWorld(s, rng))
		}
	}
	for _, p := range plans() {
		if rng.Float64() < part {
			worlds = append(worlds, p.world(tb, rng))
		}
	}
	return worlds
}

// TestCrashUndo cuts the power before every operation of an undo, and again during what follows. The target must be as
// the transaction left it, with the undo still there, or end as it was before.
func TestCrashUndo(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	count := newTally()
	for _, w := range allWorlds(t, rng, 8) {
		s := w.scenario
		part := portion(200000) * w.share()
		w.options = journal.Options(rng.Intn(4))
		kept := w.committed(t)
		clean := kept.Clone()
		if err := undoMachine(clean); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if got, left := w.state(clean), clean.Files(); got != "before" || len(left) > 0 {
			t.Fatalf("%s: after an undo the target is %s, and %v stay behind", s.name, got, left)
		}
		for k := range clean.Ops() {
			if rng.Float64() > part {
				continue
			}
			m := kept.Clone()
			m.CutAt(k)
			if err := undoMachine(m); !errors.Is(err, ErrPowerCut) {
				t.Fatalf("%s: power cut at %d: %v", s.name, k, err)
			}
			for _, policy := range policies(m.Pending(), rng) {
				w.afterUndo(t, m.Crash(policy.Policy), k, 2, rng)
				count.add(pathUndo, policy.Name, s.name)
				if t.Failed() {
					return
				}
			}
		}
	}
	count.log(t)
}

// afterUndo ends what a crash of an undo left, after the power was cut a few times more.
func (w *world) afterUndo(t *testing.T, m *Machine, k, again int, rng *rand.Rand) {
	t.Helper()
	if w.exposed(m) {
		t.Errorf("%s: undo cut at %d: a table is in force that does not fit the data: the target is %s", w.name, k, w.state(m))
		return
	}
	proceed := undoMachine
	status, err := Inspect(m.Store())
	switch {
	case err == nil && !status.RollingBack:
		t.Errorf("%s: undo cut at %d: it can be finished", w.name, k)
		return
	case err == nil:
		proceed = func(m *Machine) error { _, err := recoverMachine(m, Finish); return err }
	case !errors.Is(err, journal.ErrNone):
		t.Errorf("%s: undo cut at %d: %v", w.name, k, err)
		return
	case w.state(m) == "before":
		if _, err := Undoable(m.Store()); !errors.Is(err, ErrNoUndo) {
			t.Errorf("%s: undo cut at %d: it is done and there is something to undo: %v", w.name, k, err)
		}
		return
	}
	if again > 0 {
		tries := m.Clone()
		if err := proceed(tries); err != nil {
			t.Errorf("%s: undo cut at %d: %v; the target is %s", w.name, k, err, w.state(m))
			return
		}
		cut := m.Clone()
		cut.CutAt(rng.Intn(tries.Ops()))
		_ = proceed(cut) // the power cut
		w.afterUndo(t, cut.Crash(Random(rng)), k, again-1, rng)
	}
	err = proceed(m)
	if got := w.state(m); err != nil || got != "before" {
		t.Errorf("%s: undo cut at %d, ended: %v; the target is %s", w.name, k, err, got)
	}
}

// TestKeepingIsWatched makes syncs lie on which an undo depends: the harness must notice.
func TestKeepingIsWatched(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, name := range []string{journal.SealName, journal.BeforeName, "directory"} {
		noticed := ""
		for _, s := range scenarios() {
			s.options = journal.KeepUndo
			w := newWorld(s, rng)
			w.machine.DropSync = func(of string) bool { return of == name }
			if noticed = w.complaint(rng); noticed != "" {
				t.Log(noticed)
				break
			}
		}
		if noticed == "" {
			t.Errorf("nobody noticed that %s is never synced", name)
		}
	}
}

// TestCrashReplacesUndo commits a second transaction over one that is kept and cuts the power before every operation.
// There must always be the undo of what is on the target, whole, or none.
func TestCrashReplacesUndo(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	part := portion(200000)
	count := newTally()
	for i, s := range allScenarios(rng, 4) {
		first := newWorld(s, rng)
		kept := first.committed(t)
		n := int64(len(first.after)) / sec
		second := newWorldOn(scenario{
			name: s.name + ", then another", before: n, after: n, tune: small, options: journal.Options(i % 4),
			moves: []segment{{8, 2, 5}}, places: []segment{{13, 0, 2}},
		}, first.after, rng)
		clean := kept.Clone()
		if err := second.run(clean); err != nil {
			t.Fatal(err)
		}
		if complaint := second.keeps(clean, true); complaint != "" {
			t.Fatalf("%s: %s", second.name, complaint)
		}
		for k := range clean.Ops() {
			if rng.Float64() > part {
				continue
			}
			m := kept.Clone()
			m.CutAt(k)
			_ = second.run(m) // the power cut
			for _, policy := range policies(m.Pending(), rng) {
				count.add(pathReplace, policy.Name, s.name)
				if complaint := replaced(first, second, m.Crash(policy.Policy), Direction(rng.Intn(2))); complaint != "" {
					t.Fatalf("%s: cut at %d: %s", second.name, k, complaint)
				}
			}
		}
	}
	count.log(t)
}

// replaced recovers a crash of the second transaction and says what is wrong then.
func replaced(first, second *world, m *Machine, how Direction) string {
	had, err := recoverMachine(m, how)
	if err != nil {
		return err.Error()
	}
	if err := Sweep(m.Store()); err != nil {
		return err.Error()
	}
	switch got := second.state(m); {
	case got == "after":
		return second.keeps(m, true)
	case got != "before":
		return "the target is " + got
	case had:
		return second.keeps(m, false)
	}
	return first.keeps(m, true)
}

// TestFaultUndo makes every operation of an undo fail. The error must come out, and the target be as the transaction left
// it and undoable, or recoverable, or as it was.
func TestFaultUndo(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	faults := 0
	for _, s := range scenarios() {
		w := newWorld(s, rng)
		kept := w.committed(t)
		for i := 0; ; i++ {
			m := kept.Clone()
			fault := &Fault{At: i, Err: errInjected, Sticky: i%2 == 1}
			m.Inject(fault)
			err := undoMachine(m)
			if fault.Hits == 0 {
				break
			}
			faults++
			if !errors.Is(err, errInjected) {
				t.Fatalf("%s: operation %d failed and the undo says %v", s.name, i, err)
			}
			m.Inject(nil)
			w.afterUndo(t, m, i, 0, rng)
		}
	}
	t.Logf("%d faults", faults)
}

// TestFaultKeeping makes every operation fail of a commit that is verified and kept.
func TestFaultKeeping(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range scenarios() {
		s.options = journal.KeepUndo | journal.Verify
		w := newWorld(s, rng)
		for i := 0; ; i++ {
			m := w.machine.Clone()
			fault := &Fault{At: i, Err: errInjected, Sticky: i%2 == 1}
			m.Inject(fault)
			err := w.run(m)
			if fault.Hits == 0 {
				break
			}
			if !errors.Is(err, errInjected) {
				t.Fatalf("%s: operation %d failed and the commit says %v", s.name, i, err)
			}
			m.Inject(nil)
			if got := w.state(m); errors.As(err, new(*AfterError)) && got != "after" {
				t.Fatalf("%s: operation %d: %v, but the target is %s", s.name, i, err, got)
			}
			w.endFault(t, m, i)
		}
	}
}
