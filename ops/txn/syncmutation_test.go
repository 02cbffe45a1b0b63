package txn

import (
	"math/rand"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// TestHarnessCatchesSyncMutations drops a single sync of a commit, each in turn, and expects the crash harness to notice. A
// short run takes a few of them, drawn by lot.
func TestHarnessCatchesSyncMutations(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range scenarios() {
		if s.name != "cycle of three" && s.name != "shrink, move, grow" {
			continue
		}
		s.options = journal.KeepUndo
		w := newWorld(s, rng)
		syncs := w.syncs(t)
		if *statesFlag < 100000 {
			rng.Shuffle(len(syncs), func(i, j int) { syncs[i], syncs[j] = syncs[j], syncs[i] })
			syncs = syncs[:4]
		}
		for _, sync := range syncs {
			w.machine.DropNth = sync.nth
			complaint := w.complaintNear(sync.op, rng)
			w.machine.DropNth = 0
			if complaint == "" {
				t.Errorf("%s: the harness did not notice that sync %d, %q, was dropped", s.name, sync.nth, sync.what)
			}
		}
		t.Logf("%s: %d dropped syncs noticed", s.name, len(syncs))
	}
}

// oneSync is a sync that a commit cannot do without.
type oneSync struct {
	nth  int // counted from 1
	op   int // the operation that it is, counted from 0
	what string
}

// syncs are the syncs that a world's commit needs: all but those that only save work. The journal's notes of progress are
// such, but for the commit record, where what comes next can be done again anyway; so are that of the empty stage file,
// that of the table's copy in the fence, since readers look at the primary, and the last one of the directory.
func (w *world) syncs(t *testing.T) []oneSync {
	t.Helper()
	var all []oneSync
	m := w.machine.Clone()
	m.Trace = func(line string) {
		if strings.HasPrefix(line, "sync ") {
			all = append(all, oneSync{len(all) + 1, m.Ops() - 1, line})
		}
	}
	if err := w.run(m); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	var needed []oneSync
	for _, s := range all {
		seen[s.what]++
		n := seen[s.what]
		record := seen["sync directory"] == 1 && seen["sync journal"] == 2
		switch {
		case s.what == "sync journal" && !record:
		case s.what == "sync stage" && n == 1:
		case s.what == "sync target" && n == 1:
		case s.what == "sync directory" && n == 3:
		default:
			needed = append(needed, s)
		}
	}
	return needed
}

// complaintNear is what the harness has to say of a world when the power goes soon after an operation, "" if it finds
// nothing wrong.
func (w *world) complaintNear(op int, rng *rand.Rand) string {
	last := w.machine.Clone()
	if err := w.run(last); err != nil {
		return err.Error()
	}
	d := &doubter{}
	for range 4 {
		for k := op + 1; k <= min(op+14, last.Ops()) && !d.Failed(); k++ {
			w.crashAt(d, k, k == last.Ops(), rng, newTally())
		}
	}
	return d.complaint
}
