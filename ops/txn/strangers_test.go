package txn

import (
	"errors"
	"math/rand"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// strangerWorlds are commits to qcow2 images that can be undone.
func strangerWorlds(t *testing.T, rng *rand.Rand) (list []*imaged) {
	t.Helper()
	for _, s := range scenarios() {
		if s.name != "shrink, move, grow" {
			continue
		}
		for _, kind := range imageKinds()[:3] {
			w := newWorld(s, rng)
			w.options = journal.KeepUndo
			list = append(list, w.imaged(t, kind, rng))
		}
	}
	return list
}

// placedByte returns a byte of the image's file that the commit wrote, behind the header.
func placedByte(was, is []byte, rng *rand.Rand) int64 {
	for {
		off := sec + rng.Intn(len(is)-sec)
		if off >= len(was) || was[off] != is[off] {
			return int64(off)
		}
	}
}

// TestSettleUsed has somebody write to a qcow2 image between the write that switches to the new disk, after which the power failed,
// and the next start. No undo may take that away.
func TestSettleUsed(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	tries := 0
	for _, w := range strangerWorlds(t, rng) {
		was := w.machine.TargetBytes()
		for k := 0; ; k++ {
			m := w.machine.Clone()
			m.CutAt(k)
			if w.run(m) == nil {
				break
			}
			for _, p := range policies(m.Pending(), rng) {
				crashed := m.Crash(p.Policy)
				if _, err := Undoable(crashed.Store()); w.state(crashed) != "after" || err == nil {
					continue
				}
				flip(t, crashed, placedByte(was, crashed.TargetBytes(), rng))
				if _, _, err := w.end(crashed, Finish); err != nil {
					continue // what was written has damaged the image
				}
				tries++
				if _, err := Undoable(crashed.Store()); err == nil {
					t.Fatalf("%s: cut at %d, %s: what was written since can be undone", w.name, k, p.Name)
				}
			}
		}
	}
	if tries == 0 {
		t.Error("no image could be used after a crash")
	}
}

// TestUndoQcow2NoticesChanges changes what a commit wrote to a qcow2 image. Its times prove nothing.
func TestUndoQcow2NoticesChanges(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, w := range strangerWorlds(t, rng) {
		was, kept := w.machine.TargetBytes(), w.machine.Clone()
		if err := w.run(kept); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			m := kept.Clone()
			off := placedByte(was, m.TargetBytes(), rng)
			flip(t, m, off)
			if err := w.undo(m); err == nil {
				t.Fatalf("%s: byte %d was changed, and the undo takes it away", w.name, off)
			}
		}
		if err := w.undo(kept); err != nil || w.state(kept) != "before" {
			t.Fatalf("%s: %v", w.name, err)
		}
	}
}

// TestUndoAboveSamples undoes a transaction without times that prove anything, above one with only samples in its seal: nobody
// knows then whether the latter can be undone.
func TestUndoAboveSamples(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	tw := rawTower(scenarios()[0], rng)
	m, err := tw.built(2)
	if err != nil {
		t.Fatal(err)
	}
	s := &sides{store: m.Store()}
	chain, err := s.chain()
	if err != nil || len(chain) != 2 {
		t.Fatal(len(chain), err)
	}
	below := chain[1]
	if err := below.open(); err != nil {
		t.Fatal(err)
	}
	seal, err := journal.ReadSeal(below.store, below.record.Seal)
	if err != nil {
		t.Fatal(err)
	}
	seal.Probes = seal.Probes[1:]
	err = below.journal.Reseal(below.store, seal)
	if s.close(&err); err != nil {
		t.Fatal(err)
	}
	if err := undoMachine(m); !errors.As(err, new(*AfterError)) {
		t.Errorf("the undo says %v, and not that the one below is gone", err)
	}
	if at, err := tw.at(m); err != nil || at != 1 {
		t.Errorf("the undo led to state %d, %v", at, err)
	}
	if _, err := Undoable(m.Store()); !errors.Is(err, ErrNoUndo) {
		t.Errorf("of what was moved only samples were compared, and it can be undone: %v", err)
	}
}
