package txn

import (
	"context"
	"errors"
	"math/rand"
	"slices"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
)

// replaceWorlds are disks before and after edits that change their size.
func replaceWorlds(t *testing.T, rng *rand.Rand) []*replaceable {
	t.Helper()
	var list []*replaceable
	sizes := []int{9000, 30000, 14000}
	if *statesFlag < thorough {
		sizes = sizes[:1]
	}
	for _, size := range sizes {
		before, after := make([]byte, 20480), make([]byte, size/sec*sec)
		rng.Read(before)
		rng.Read(after)
		list = append(list, newReplaceable(t, before, after))
	}
	return list
}

// settle ends what a crash left, as a session does that opens the image.
func (w *replaceable) settle(m *Machine) (*report.Last, error) {
	store := w.store(m)
	last, err := Settle(w.open(m), store)
	if err != nil {
		return nil, err
	}
	if _, err := Inspect(store); !errors.Is(err, journal.ErrNone) {
		return last, errors.Join(errors.New("something is left to be recovered"), err)
	}
	return last, Sweep(store)
}

func (w *replaceable) undo(m *Machine) error {
	return Undo(context.Background(), w.open(m), w.store(m), noWatch)
}

// complain says what is wrong with a settled machine. undo says that the commit before can be undone.
func (w *replaceable) complain(m *Machine, state string, undo bool) string {
	if got := w.state(m); got != state {
		return "the image was " + state + " and is " + got + " after settling"
	}
	_, err := Undoable(w.store(m))
	if can := err == nil; can != (state == "after" && undo) {
		return "after it was settled, undoable is " + map[bool]string{true: "true", false: "false"}[can]
	}
	names := m.Files()
	if state == "before" && !slices.Equal(names, []string{imageEntry}) {
		return "files are left"
	}
	return ""
}

// crash cuts the power before each operation of do on a machine and settles what is left, with another cut on the way.
func (w *replaceable) crash(t *testing.T, at *Machine, rng *rand.Rand, undo bool, do func(m *Machine) error) (states int) {
	t.Helper()
	clean := at.Clone()
	if err := do(clean); err != nil {
		t.Fatal(err)
	}
	for k := range clean.Ops() + 1 {
		m := at.Clone()
		m.CutAt(k)
		if err := do(m); k < clean.Ops() && !errors.Is(err, ErrPowerCut) {
			t.Fatalf("cut at %d: %v", k, err)
		}
		for _, p := range policies(m.Pending(), rng) {
			states++
			crashed := m.Crash(p.Policy)
			state := w.state(crashed)
			if state != "before" && state != "after" {
				t.Fatalf("cut at %d, %s: %s", k, p.Name, state)
			}
			again := crashed.Clone()
			again.CutAt(rng.Intn(12))
			_, _ = w.settle(again) // it is cut, too
			for i, m := range []*Machine{crashed, again.Crash(Random(rng))} {
				if _, err := w.settle(m); err != nil {
					t.Fatalf("cut at %d, %s, %d: %v", k, p.Name, i, err)
				}
				if text := w.complain(m, state, undo); text != "" {
					t.Fatalf("cut at %d, %s, %d: %s %v", k, p.Name, i, text, m.Files())
				}
			}
		}
	}
	return states
}

// TestCrashReplace cuts the power before every operation of commits in which a new file takes the name of the image, of their
// undo, and of what settles either: at every moment the name leads to the old image or to the new one, whole.
func TestCrashReplace(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	states := 0
	for _, w := range replaceWorlds(t, rng) {
		for _, options := range []journal.Options{0, journal.KeepUndo, journal.KeepUndo | journal.Verify} {
			commit := func(m *Machine) error { return w.run(m, options) }
			states += w.crash(t, w.machine, rng, options.Has(journal.KeepUndo), commit)
			if !options.Has(journal.KeepUndo) {
				continue
			}
			done := w.machine.Clone()
			if err := commit(done); err != nil || w.state(done) != "after" {
				t.Fatalf("%v, %s", err, w.state(done))
			}
			done = done.Crash(All())
			states += w.crash(t, done, rng, true, w.undo)
			if err := w.undo(done); err != nil || w.state(done) != "before" {
				t.Fatalf("undone: %v, %s", err, w.state(done))
			}
			if text := w.complain(done, "before", true); text != "" {
				t.Fatal(text, done.Files())
			}
		}
	}
	t.Logf("%d crash states", states)
}

// TestReplaceElsewhere commits when the image's name leads to another file, which must keep it.
func TestReplaceElsewhere(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	w := replaceWorlds(t, rng)[0]
	w.gone = target.ErrReplaced
	m := w.machine.Clone()
	if err := w.run(m, journal.KeepUndo); !errors.Is(err, target.ErrReplaced) {
		t.Error(err)
	}
	if text := w.complain(m, "before", false); text != "" {
		t.Error(text, m.Files())
	}
}

// TestReplaceAgain replaces an image that was replaced before: with no room for more, only the last commit can be undone, and one old
// image is kept.
func TestReplaceAgain(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	w := replaceWorlds(t, rng)[0]
	m := w.machine.Clone()
	if err := w.run(m, journal.KeepUndo); err != nil {
		t.Fatal(err)
	}
	first := m.entries[imageEntry]
	back := *w
	back.before, back.after = w.after, w.before
	if err := back.run(m, journal.KeepUndo); err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, name := range []string{journal.ImageName, journal.ImageName + ".2"} {
		if inode, ok := m.entries[name]; ok {
			images = append(images, inode)
		}
	}
	if !slices.Equal(images, []string{first}) {
		t.Errorf("kept: %v, want %s", images, first)
	}
	if err := w.undo(m); err != nil || m.entries[imageEntry] != first {
		t.Errorf("undone: %v", err)
	}
}

// TestUndoReplacedChanged writes to the new image after the commit: an undo would lose that.
func TestUndoReplacedChanged(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, w := range replaceWorlds(t, rng) {
		m := w.machine.Clone()
		if err := w.run(m, journal.KeepUndo); err != nil {
			t.Fatal(err)
		}
		m.write(m.entries[imageEntry], []byte("x"), int64(rng.Intn(len(w.after))))
		if err := w.undo(m); !errors.As(err, new(*ChangedError)) {
			t.Errorf("undone after a change: %v", err)
		}
		if w.state(m) == "before" {
			t.Error("the new content is gone")
		}
	}
}
