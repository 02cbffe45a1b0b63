package txn

import (
	"errors"
	"flag"
	"math/rand"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

var statesFlag = flag.Int("states", 20000/slowdown, "how many crash states to try")

// TestCrashEveryOp cuts the power before every operation of a commit, keeps every kind of subset of what was
// not synced, and recovers: forwards, backwards, and with the power cut again during the recovery. Plans on real tables
// take their turn with moves on disks of a few sectors.
func TestCrashEveryOp(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	count := newTally()
	// A run of a hundred thousand states tries every cut point; a shorter one a part of the points.
	part := portion(100000)
	for count.total < *statesFlag {
		for _, w := range allWorlds(t, rng, 8) {
			w.options = journal.Options(rng.Intn(4))
			crashWorld(t, w, part*w.share(), rng, count)
			if t.Failed() {
				return
			}
		}
	}
	count.log(t)
}

// verdict takes the harness's complaints: a *testing.T, or something that expects complaints.
type verdict interface {
	Errorf(format string, args ...any)
	Failed() bool
}

// crashWorld cuts the power before a part of the operations of a world's commit, and after it.
func crashWorld(t verdict, w *world, part float64, rng *rand.Rand, count *tally) {
	s := w.scenario
	clean := w.machine.Clone()
	if err := w.run(clean); err != nil {
		t.Errorf("%s: commit without a crash: %v", s.name, err)
		return
	}
	if got := w.state(clean); got != "after" {
		t.Errorf("%s: after a commit without a crash the target is %s", s.name, got)
		return
	}
	if complaint := w.lived(clean); complaint != "" {
		t.Errorf("%s: after a commit without a crash %s", s.name, complaint)
		return
	}
	if left := clean.Files(); len(left) > 0 && !s.options.Has(journal.KeepUndo) || len(left) > 3 {
		t.Errorf("%s: a commit left %v behind", s.name, left)
	}
	for k := range clean.Ops() + 1 {
		returned := k == clean.Ops()
		if !returned && rng.Float64() > part {
			continue
		}
		if w.crashAt(t, k, returned, rng, count); t.Failed() {
			return
		}
	}
}

// crashAt cuts the power before operation k of a world's commit, or behind the last one.
func (w *world) crashAt(t verdict, k int, returned bool, rng *rand.Rand, count *tally) {
	m := w.machine.Clone()
	m.CutAt(k)
	if err := w.run(m); returned && err != nil || !returned && !errors.Is(err, ErrPowerCut) {
		t.Errorf("%s: power cut at %d: %v", w.name, k, err)
	}
	for _, policy := range policies(m.Pending(), rng) {
		crashed := m.Crash(policy.Policy)
		if returned && w.state(crashed) != "after" {
			t.Errorf("%s: the commit had returned, and after the crash the target is %s", w.name, w.state(crashed))
		}
		w.afterCrash(t, crashed, cut{k, returned, policy.Name}, rng, count)
		if t.Failed() {
			return
		}
	}
}

// cut is where the power went.
type cut struct {
	at       int  // before this operation
	returned bool // the commit had returned
	policy   string
}

// afterCrash recovers copies of a crashed machine in every way.
func (w *world) afterCrash(t verdict, m *Machine, c cut, rng *rand.Rand, count *tally) {
	k := c.at
	if w.exposed(m) {
		t.Errorf("%s: cut at %d: a table is in force that does not fit the data: the target is %s", w.name, k, w.state(m))
		return
	}
	for _, how := range []Direction{Finish, RollBack} {
		r := m.Clone()
		had, err := recoverMachine(r, how)
		want, by := "after", pathFinish
		if how == RollBack {
			want, by = "before", pathRollBack
		}
		switch {
		case c.returned:
			want, by = "after", pathReturned
		case !had:
			want = "before"
			if w.state(m) == "after" {
				want = "after" // the crash came after the last record
			}
		case complete(m):
			want = "after"
		}
		if got := w.state(r); err != nil || got != want {
			t.Errorf("%s: cut at %d, recovery %d: %v; the target is %s, want %s", w.name, k, how, err, got, want)
			return
		}
		if !w.untouched(m, r) {
			t.Errorf("%s: cut at %d, recovery %d: a partition in use was written to", w.name, k, how)
			return
		}
		if again, err := recoverMachine(r, how); again || err != nil {
			t.Errorf("%s: cut at %d: a second recovery found work to do: %v", w.name, k, err)
		}
		if complaint := w.keeps(r, want == "after"); complaint != "" {
			t.Errorf("%s: cut at %d, recovery %d: %s", w.name, k, how, complaint)
		}
		count.add(by, c.policy, w.name)
		if had && r.Ops() > 0 && !c.returned {
			w.crashAgain(t, m.Clone(), how, rng.Intn(r.Ops()), k, rng)
			count.add(again(how), "random", w.name)
		}
	}
}

// again is the path of a recovery that is cut.
func again(how Direction) path {
	if how == RollBack {
		return pathRollBackAgain
	}
	return pathFinishAgain
}

// crashAgain cuts the power during a recovery, and lets another recovery, in a direction drawn by lot, end it.
func (w *world) crashAgain(t verdict, m *Machine, how Direction, at, k int, rng *rand.Rand) {
	wasComplete := complete(m)
	for range 3 {
		m.CutAt(at)
		_, _ = recoverMachine(m, how)
		m = m.Crash(Random(rng))
		if w.exposed(m) {
			t.Errorf("%s: cut at %d and again during recovery %d: a table is in force that does not fit the data", w.name, k, how)
			return
		}
		at = rng.Intn(at + 1)
	}
	final := Direction(rng.Intn(2))
	if _, err := recoverMachine(m, final); err != nil {
		t.Errorf("%s: cut at %d and again during recovery %d: %v", w.name, k, how, err)
		return
	}
	got := w.state(m)
	if got != "before" && got != "after" || wasComplete && got != "after" {
		t.Errorf("%s: cut at %d and again during recovery %d, then %d: the target is %s", w.name, k, how, final, got)
	}
}

// TestCrashRecovery cuts the power before every operation of recoveries, under every policy, and ends what is left with
// another recovery in each direction.
func TestCrashRecovery(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	count := newTally()
	part := portion(100000)
	for _, s := range allScenarios(rng, 4) {
		w := newWorld(s, rng)
		w.options = journal.Options(rng.Intn(4))
		w.crashRecoveries(t, part, rng, count)
	}
	for _, p := range plans() {
		w := p.world(t, rng)
		w.options = journal.Options(rng.Intn(4))
		w.crashRecoveries(t, part*w.share(), rng, count)
	}
	count.log(t)
}

// crashRecoveries takes a few machines that crashed in a commit and cuts the power during their recoveries.
func (w *world) crashRecoveries(t *testing.T, part float64, rng *rand.Rand, count *tally) {
	t.Helper()
	ops := w.machine.Clone()
	if err := w.run(ops); err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	for range 1 + int(3*part) {
		half := w.machine.Clone()
		half.CutAt(rng.Intn(ops.Ops()))
		_ = w.run(half) // the power cut
		half = half.Crash(Random(rng))
		if _, err := Inspect(half.Clone().Store()); err != nil || complete(half.Clone()) {
			continue // nothing to recover
		}
		for _, how := range []Direction{Finish, RollBack} {
			whole := half.Clone()
			if _, err := recoverMachine(whole, how); err != nil {
				t.Fatalf("%s: recovery %d: %v", w.name, how, err)
			}
			for k := range whole.Ops() {
				if rng.Float64() <= part/4 {
					w.cutRecovery(t, half, how, k, rng, count)
				}
				if t.Failed() {
					return
				}
			}
		}
	}
}

func (w *world) cutRecovery(t *testing.T, half *Machine, how Direction, k int, rng *rand.Rand, count *tally) {
	t.Helper()
	m := half.Clone()
	m.CutAt(k)
	_, _ = recoverMachine(m, how) // the power cut
	for _, policy := range policies(m.Pending(), rng) {
		crashed := m.Crash(policy.Policy)
		if w.exposed(crashed) {
			t.Errorf("%s: recovery %d cut at %d: a table is in force that does not fit the data: %s", w.name, how, k, w.state(crashed))
			return
		}
		for _, final := range []Direction{Finish, RollBack} {
			r := crashed.Clone()
			begun := w.state(r)
			status, inspected := Inspect(r.Clone().Store())
			_, err := recoverMachine(r, final)
			want := map[Direction]string{Finish: "after", RollBack: "before"}[final]
			switch {
			case inspected != nil:
				want = begun // nothing was left to do
			case status.Complete && status.RollingBack, status.RollingBack:
				want = "before"
			case status.Complete:
				want = "after"
			}
			if got := w.state(r); err != nil || got != want || got != "before" && got != "after" {
				t.Errorf("%s: recovery %d cut at %d (%s), ended with %d: %v; the target is %s, want %s", w.name, how, k, policy.Name, final, err, got, want)
				return
			}
			count.add(again(how), policy.Name, w.name)
		}
	}
}
