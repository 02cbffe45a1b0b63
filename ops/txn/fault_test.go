package txn

import (
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/journal"
)

var errInjected = errors.New("injected")

// failures are the ways in which an operation fails: an error, a full disk, and less than was asked for.
var failures = []error{
	fmt.Errorf("%w: %w", errInjected, unix.EIO), fmt.Errorf("%w: %w", errInjected, unix.ENOSPC),
	fmt.Errorf("%w: %w", errInjected, io.ErrShortWrite), fmt.Errorf("%w: %w", errInjected, io.ErrUnexpectedEOF),
}

// TestFaultEveryOp makes every single operation of a commit fail, once or for good; a long run in every way. The error must
// come out with its cause and, once the commit has begun, the stage and the place; nothing is written to the target after
// it; and the target must be as before, as planned, or recoverable in both directions.
func TestFaultEveryOp(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	count := map[string]int{}
	var worlds []*world
	for _, s := range scenarios() {
		worlds = append(worlds, newWorld(s, rng))
	}
	for _, p := range plans() {
		if p.tools == nil {
			worlds = append(worlds, p.world(t, rng))
		}
	}
	ways := 1
	if *statesFlag >= 100000 {
		ways = len(failures)
	}
	for _, w := range worlds {
		w.options = journal.Options(rng.Intn(4))
		first := rng.Intn(len(failures))
		for way := range ways {
			for i := 0; w.faulty(t, &Fault{At: i, Err: failures[(first+way+i)%len(failures)], Sticky: rng.Intn(2) == 1}, count); i++ {
				if t.Failed() {
					return
				}
			}
		}
	}
	for what, n := range count {
		t.Logf("%6d times %s", n, what)
	}
}

// faulty does a world's commit with a fault and ends it. It reports whether there was an operation to fail.
func (w *world) faulty(t *testing.T, fault *Fault, count map[string]int) bool {
	t.Helper()
	m := w.machine.Clone()
	m.Inject(fault)
	err := w.run(m)
	if fault.Hits == 0 {
		return false
	}
	verb, rest, _ := strings.Cut(fault.What, " ")
	on, _, _ := strings.Cut(rest, " ")
	count[verb+" "+on]++
	if !errors.Is(err, fault.Err) {
		t.Errorf("%s: %q failed and the commit says %v", w.name, fault.What, err)
	}
	if fault.Changes > 0 {
		t.Errorf("%s: after %q had failed the target was written to", w.name, fault.What)
	}
	m.Inject(nil)
	if s, left := Inspect(m.Clone().Store()); left == nil && !s.Complete {
		w.namesPlace(t, err, fault)
	}
	w.endFault(t, m, fault.At)
	return true
}

// namesPlace makes sure that the error of an interrupted commit names, after a write to the target,
// which place it was for.
func (w *world) namesPlace(t *testing.T, err error, fault *Fault) {
	t.Helper()
	place := new(FaultError)
	if !errors.As(err, &place) {
		// The record, or what was kept of the transaction before, and nothing of the target.
		if strings.Contains(fault.What, "target") && !errors.As(err, new(*AfterError)) {
			t.Errorf("%s: %q failed, and the error does not say where: %v", w.name, fault.What, err)
		}
		return
	}
	var off, n int64
	if _, scanned := fmt.Sscanf(fault.What, "write target %d+%d", &off, &n); scanned == nil && (off < place.Off || off+n > place.Off+place.Len) {
		t.Errorf("%s: %q failed, and the error says %v", w.name, fault.What, err)
	}
}

// TestBadSector makes one sector unreadable under everything that is moved, in turn. The error names the sector and the
// partition. Then it is tried again, which fails as before; rolled back with the sector as bad as it was; or finished once
// it can be read.
func TestBadSector(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	tried := 0
	for _, p := range plans() {
		if p.tools != nil {
			continue
		}
		w := p.world(t, rng)
		for _, move := range w.changes.moves {
			for at := move.src / sec; at < (move.src+move.len)/sec; at += 1 + rng.Int63n(3) {
				w.badSector(t, at)
				tried++
			}
		}
	}
	t.Logf("%d bad sectors", tried)
}

func (w *world) badSector(t *testing.T, at int64) {
	t.Helper()
	m := w.machine.Clone()
	m.Bad = map[int64]bool{at: true}
	var in model.Partition
	for _, p := range w.real.before.Partitions() {
		if p.Role != model.Extended && p.Span.Contains(geometry.Sector(at)) {
			in = p
		}
	}
	want := fmt.Sprintf("cannot read sector %s of the target (in %s: sector %s): ", geometry.Grouped(at), in.Ref(), geometry.Grouped(at-int64(in.Span.Start)))
	for range 2 {
		var err error
		if _, left := Inspect(m.Clone().Store()); left != nil {
			err = w.run(m)
		} else {
			_, err = recoverMachine(m, Finish)
		}
		fault := new(FaultError)
		if !errors.As(err, &fault) || !errors.Is(err, unix.EIO) || fault.Off != at*sec || fault.Len != sec || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("%s: sector %d is bad, and the commit says %v; want %s…", w.name, at, err, want)
		}
	}
	back := m.Clone()
	if _, err := recoverMachine(back, RollBack); err != nil || w.state(back) != "before" || !back.Bad[at] {
		t.Fatalf("%s: sector %d is bad, rolled back: %v, the target is %s", w.name, at, err, w.state(back))
	}
	m.Bad = nil
	if _, err := recoverMachine(m, Finish); err != nil || w.state(m) != "after" {
		t.Fatalf("%s: sector %d can be read again, finished: %v, the target is %s", w.name, at, err, w.state(m))
	}
}

// endFault recovers copies of a machine that met a fault in both directions.
func (w *world) endFault(t *testing.T, m *Machine, i int) {
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
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range scenarios() {
		w := newWorld(s, rng)
		ops := w.machine.Clone()
		if err := w.run(ops); err != nil {
			t.Fatal(err)
		}
		half := w.machine.Clone()
		half.CutAt(rng.Intn(ops.Ops()))
		_ = w.run(half)
		half = half.Crash(Random(rng))
		for _, how := range []Direction{Finish, RollBack} {
			for i := 0; ; i++ {
				m := half.Clone()
				fault := &Fault{At: i, Err: errInjected}
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
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
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
			m = m.Crash(All())
			if _, err := Inspect(m.Clone().Store()); err != nil {
				continue
			}
			w.corrupt(t, m)
		}
	}
}

func (w *world) corrupt(t *testing.T, m *Machine) {
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
