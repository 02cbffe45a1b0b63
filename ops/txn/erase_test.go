package txn

import (
	"bytes"
	"errors"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// TestCrashErase cuts the power at every operation of plans that wipe. What is wiped is kept nowhere. After a crash the
// transaction can be finished, and rolled back only as long as nothing was wiped: then the disk is as it was, to the byte.
func TestCrashErase(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, lines := range [][]string{
		{"wipe 2"},
		{"wipe 4 random"},
		{"move 4 right 7s", "wipe 2"},
		{"wipe 2", "delete 2", "move 4 left 20s"},
		{"wipe free random"},
		{"delete 2", "wipe free"},
	} {
		all := plans()
		p := all[slices.IndexFunc(all, func(p realPlan) bool { return p.name == "gpt, move right, overlapping" })]
		few := 3 // one of so many points is tried
		p.name, p.lines = "wipe", lines
		if slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "wipe free") }) {
			few, p.sectors = 6, p.sectors+2048 // the last MiB of a disk is not wiped
			p.harm = func(_ testing.TB, _ realPlan, image []byte, rng *rand.Rand) {
				rng.Read(image[84*sec : 90*sec]) // old data between the partitions and behind them
				rng.Read(image[121*sec : 160*sec])
			}
		}
		w := p.world(t, rng)
		w.options = journal.Erases
		is := func(m *Machine, image []byte) bool { return bytes.Equal(m.TargetBytes(), image) }
		clean := w.machine.Clone()
		if err := w.run(clean); err != nil || !is(clean, w.after) || len(clean.Files()) != 0 {
			t.Fatalf("%v: %v, %s, left %v", lines, err, w.state(clean), clean.Files())
		}
		back, refused := 0, 0
		for i, k := range rng.Perm(clean.Ops()) {
			if i > clean.Ops()/few && refused > 0 {
				break // the other points have their turn in other runs
			}
			m := w.machine.Clone()
			m.CutAt(k)
			_ = w.run(m) // the power cut
			for _, policy := range policies(m.Pending(), rng) {
				crashed := m.Crash(policy.Policy)
				finished := crashed.Clone()
				had, err := recoverMachine(finished, Finish)
				if err != nil || had && !is(finished, w.after) || !had && !is(finished, w.before) && !is(finished, w.after) {
					t.Fatalf("%v: cut at %d, %s: %v; the target is %s", lines, k, policy.Name, err, w.state(finished))
				}
				if !had || complete(crashed.Clone()) {
					continue
				}
				rolled := crashed.Clone()
				status, said := Inspect(crashed.Clone().Store())
				_, err = recoverMachine(rolled, RollBack)
				if said != nil || status.Erased != errors.Is(err, ErrErased) {
					t.Fatalf("%v: cut at %d, %s: said to be wiped: %v, %v; rolled back: %v", lines, k, policy.Name, status.Erased, said, err)
				}
				switch {
				case errors.Is(err, ErrErased):
					refused++
					if _, err := recoverMachine(rolled, Finish); err != nil || !is(rolled, w.after) {
						t.Fatalf("%v: cut at %d: after a refused roll back: %v; the target is %s", lines, k, err, w.state(rolled))
					}
				case err != nil || !is(rolled, w.before):
					t.Fatalf("%v: cut at %d, %s: rolled back: %v; the target is %s", lines, k, policy.Name, err, w.state(rolled))
				default:
					back++
				}
			}
		}
		if refused == 0 {
			t.Errorf("%v: no roll back was refused, %d were done", lines, back)
		}
	}
}
