package txn

import (
	"math/rand"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// TestSummarySteps compares the position that Inspect works out from the summary with the units of the walk itself, for
// every position of every plan, forwards and backwards.
func TestSummarySteps(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range scenarios() {
		m, tx := preparedWorld(t, s, rng)
		p := tx.program
		check := func(units []journal.Unit, d journal.Direction, next, from int) {
			t.Helper()
			if err := tx.journal.Advance(d, journal.Running, uint32(next), uint32(from)); err != nil {
				t.Fatal(err)
			}
			status, err := Inspect(m.Store())
			if err != nil {
				t.Fatal(err)
			}
			want := journal.Stage(0)
			if next < len(units) {
				want = units[next].Stage
			}
			if status.Units != len(units) || status.Stage != want.String() || status.Next != next {
				t.Fatalf("%s, direction %d, next %d, from %d: %d units, stage %q; want %d, %q", s.name, d, next, from, status.Units, status.Stage, len(units), want)
			}
		}
		for next := range len(p.Units) + 1 {
			check(p.Units, journal.Forward, next, 0)
		}
		for from := range len(p.Units) + 1 {
			back := undoUnits(p, from)
			check(back, journal.Backward, rng.Intn(len(back)+1), from)
		}
	}
}
