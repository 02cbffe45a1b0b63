package txn

import (
	"errors"
	"math/rand"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
)

// TestSettleNote writes to clusters that the undo below needs, after the power was cut in a commit or an undo. The result says
// that the earlier transaction cannot be undone any more. Without the write it says nothing.
func TestSettleNote(t *testing.T) {
	k := imageKinds()[0]
	tw := imagedTower(t, k, rand.New(rand.NewSource(testneed.Seed(t))))
	below, err := tw.built(1)
	if err != nil {
		t.Fatal(err)
	}
	above, err := tw.built(2)
	if err != nil {
		t.Fatal(err)
	}
	o, err := (&sides{store: below.Store()}).applied()
	if err != nil {
		t.Fatal(err)
	}
	needs := o.journal.Summary().Program.Heads[0].Off
	for _, c := range []struct {
		start   *Machine
		do      func(m *Machine) error
		outcome report.Outcome
	}{
		{below, func(m *Machine) error { return tw.commit(m, 1) }, report.Unchanged},
		{above, tw.undo, report.RolledBack},
	} {
		settled := false
		for cut := 0; !settled; cut++ {
			m := c.start.Clone()
			m.CutAt(cut)
			if err := c.do(m); err == nil {
				t.Fatalf("%s: no power cut leaves it to Settle", c.outcome)
			}
			m = m.Crash(All())
			m.CutAt(-1)
			if _, err := Inspect(m.Store()); errors.Is(err, journal.ErrNone) {
				continue
			}
			for _, foreign := range []bool{false, true} {
				m := m.Clone()
				if foreign {
					flip(t, m, needs)
				}
				_, last, err := (&imaged{world: &world{}, kind: k}).end(m, RollBack)
				if whole(err) != nil {
					t.Fatal(err)
				}
				if last == nil || last.Result.Outcome != c.outcome {
					continue // Recover ended it, or it was done
				}
				settled = true
				_, none := Undoable(m.Store())
				if told := strings.Contains(last.Result.Advice, "cannot be undone any more"); told != foreign || told != errors.Is(none, ErrNoUndo) {
					t.Errorf("%s, cut at %d, written to %v: %q; to be undone: %v", c.outcome, cut, foreign, last.Result.Advice, none)
				}
			}
		}
	}
}
