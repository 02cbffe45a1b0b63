package txn

import (
	"errors"
	"math/rand"
	"strings"
	"testing"

	"shunt/ops/internal/testdisk"
	"shunt/ops/journal"
)

var errInjected = errors.New("injected")

// TestFaultEveryOp makes every single operation of a commit fail, once or for good. The error must come out, and the
// target must be as before, as planned, or recoverable in both directions.
func TestFaultEveryOp(t *testing.T) {
	rng := rand.New(rand.NewSource(seed(t)))
	faults := 0
	for _, s := range scenarios() {
		w := newWorld(s, rng)
		for i := 0; ; i++ {
			m := w.machine.Clone()
			fault := &testdisk.Fault{At: i, Err: errInjected, Sticky: i%2 == 1}
			m.Inject(fault)
			err := w.run(m)
			if fault.Hits == 0 {
				break
			}
			faults++
			if !errors.Is(err, errInjected) {
				t.Fatalf("%s: operation %d failed and the commit says %v", s.name, i, err)
			}
			var place *FaultError
			if !errors.As(err, &place) && !strings.Contains(err.Error(), "journal") && w.state(m) != "before" && w.state(m) != "after" {
				t.Fatalf("%s: operation %d: the error does not say where: %v", s.name, i, err)
			}
			m.Inject(nil)
			w.endFault(t, m, i)
		}
	}
	t.Logf("%d faults", faults)
}

// endFault recovers copies of a machine that met a fault in both directions.
func (w *world) endFault(t *testing.T, m *testdisk.Machine, i int) {
	t.Helper()
	_, left := Inspect(m.Clone().Store())
	if errors.Is(left, journal.ErrNone) {
		if got := w.state(m); got != "before" && got != "after" {
			t.Fatalf("%s: after the fault at %d there is no journal and the target is %s", w.name, i, got)
		}
		return
	}
	wasComplete := complete(m)
	for how, want := range map[Direction]string{Finish: "after", RollBack: "before"} {
		r := m.Clone()
		if _, err := recoverMachine(r, how); err != nil {
			t.Fatalf("%s: recovery %d after the fault at %d: %v", w.name, how, i, err)
		}
		if wasComplete {
			want = "after"
		}
		if got := w.state(r); got != want {
			t.Fatalf("%s: recovery %d after the fault at %d: the target is %s", w.name, how, i, got)
		}
	}
}

// TestFaultDuringRecovery makes every operation of a recovery fail, then recovers.
func TestFaultDuringRecovery(t *testing.T) {
	rng := rand.New(rand.NewSource(seed(t)))
	for _, s := range scenarios() {
		w := newWorld(s, rng)
		ops := w.machine.Clone()
		if err := w.run(ops); err != nil {
			t.Fatal(err)
		}
		half := w.machine.Clone()
		half.CutAt(rng.Intn(ops.Ops()))
		_ = w.run(half)
		half = half.Crash(testdisk.Random(rng))
		for _, how := range []Direction{Finish, RollBack} {
			for i := 0; ; i++ {
				m := half.Clone()
				fault := &testdisk.Fault{At: i, Err: errInjected}
				m.Inject(fault)
				_, err := recoverMachine(m, how)
				if fault.Hits == 0 {
					break
				}
				if !errors.Is(err, errInjected) {
					t.Fatalf("%s: operation %d failed and the recovery says %v", s.name, i, err)
				}
				m.Inject(nil)
				if _, err := recoverMachine(m, how); err != nil {
					t.Fatalf("%s: second recovery: %v", s.name, err)
				}
				if got := w.state(m); got != "before" && got != "after" {
					t.Fatalf("%s: after a fault at %d of recovery %d the target is %s", s.name, i, how, got)
				}
			}
		}
	}
}

// TestCorruptEveryByte flips every byte of an unfinished transaction's journal. Whatever is damaged, a recovery either
// refuses and writes nothing, or ends as if nothing had been damaged.
func TestCorruptEveryByte(t *testing.T) {
	rng := rand.New(rand.NewSource(seed(t)))
	for _, s := range scenarios() {
		if s.name != "shrink, move, grow" && s.name != "move right by 3 of 12" && s.name != "swap" {
			continue
		}
		w := newWorld(s, rng)
		clean := w.machine.Clone()
		if err := w.run(clean); err != nil {
			t.Fatal(err)
		}
		for _, part := range []int{3, 5, 7, 9} {
			m := w.machine.Clone()
			m.CutAt(clean.Ops() * part / 10)
			_ = w.run(m)
			m = m.Crash(testdisk.All())
			if _, err := Inspect(m.Clone().Store()); err != nil {
				continue
			}
			w.corrupt(t, m)
		}
	}
}

func (w *world) corrupt(t *testing.T, m *testdisk.Machine) {
	t.Helper()
	refused, flipped := 0, 0
	for _, name := range []string{journal.JournalName, journal.SpillName, journal.BeforeName, journal.StageName} {
		size := m.FileSize(name)
		for off := int64(0); off < size; off += stride(name, off) {
			flipped++
			bad := m.Clone()
			bad.Flip(name, off)
			before := bad.TargetBytes()
			_, err := recoverMachine(bad, Finish)
			if err != nil {
				if !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, journal.ErrVersion) {
					t.Fatalf("%s: byte %d of %s flipped: %v", w.name, off, name, err)
				}
				refused++
				if name != journal.StageName && string(bad.TargetBytes()) != string(before) {
					t.Fatalf("%s: byte %d of %s flipped: refused after writing", w.name, off, name)
				}
				continue
			}
			if got := w.state(bad); got != "after" {
				t.Fatalf("%s: byte %d of %s flipped: not noticed, the target is %s", w.name, off, name, got)
			}
		}
	}
	if refused == 0 {
		t.Errorf("%s: none of %d flipped bytes was noticed", w.name, flipped)
	}
}

// stride goes byte by byte through what carries meaning and in leaps through the padding between the record copies.
func stride(name string, off int64) int64 {
	const record = 160
	if name == journal.JournalName && off < 16384 && off%4096 >= record {
		return 97
	}
	if name != journal.JournalName {
		return 13
	}
	return 1
}
