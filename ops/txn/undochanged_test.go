package txn

import (
	"bytes"
	"errors"
	"math/rand"
	"slices"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// TestCorruptKept flips every byte of what is kept. An undo refuses and writes nothing, or leads back; the target is never
// taken for one with an unfinished transaction.
func TestCorruptKept(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range scenarios() {
		if s.name != "shrink, move, grow" && s.name != "move right by 3 of 12" && s.name != "swap" {
			continue
		}
		w := newWorld(s, rng)
		kept := w.committed(t)
		refused := 0
		for _, name := range []string{journal.JournalName, journal.BeforeName, journal.SealName} {
			for off := int64(0); off < kept.FileSize(name); off += stride(name, off) {
				bad := kept.Clone()
				bad.Flip(name, off)
				if _, err := Inspect(bad.Store()); !errors.Is(err, journal.ErrNone) && !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, journal.ErrVersion) {
					t.Fatalf("%s: byte %d of %s flipped: it counts as unfinished: %v", s.name, off, name, err)
				}
				err := undoMachine(bad)
				switch got := w.state(bad); {
				case err == nil && got == "before":
				case err == nil || got != "after":
					t.Fatalf("%s: byte %d of %s flipped: %v, the target is %s", s.name, off, name, err, got)
				case !errors.Is(err, journal.ErrKeptDamaged) && !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, journal.ErrVersion):
					t.Fatalf("%s: byte %d of %s flipped: %v", s.name, off, name, err)
				default:
					refused++
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s: no flipped byte was noticed", s.name)
		}
	}
}

// hollow reports whether a sector is zero after the commit: nothing was written there, nothing is read from there.
func (w *world) hollow(off int64) bool {
	off -= off % sec
	return bytes.Equal(w.after[off:off+sec], make([]byte, sec))
}

// TestUndoNoticesChanges changes every sector that the undo would read or that belongs to a head, and the size. Each
// change keeps the undo from being done; with the old content back it is done.
func TestUndoNoticesChanges(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range allScenarios(rng, 8) {
		w := newWorld(s, rng)
		w.changes.heads = ranges{{5 * sec, 7 * sec}}
		kept := w.committed(t)
		watched := append(w.content(w.after), spans(w.tables.final)...)
		watched = append(watched, w.changes.heads...)
		for _, r := range newRanges(watched) {
			for off := r.off; off < r.end; off += sec {
				if w.hollow(off) {
					continue
				}
				m := kept.Clone()
				flip(t, m, off+rng.Int63n(sec))
				want := m.TargetBytes()
				changed := new(ChangedError)
				if err := undoMachine(m); !errors.As(err, &changed) || changed.Off > off || !slices.Equal(m.TargetBytes(), want) {
					t.Fatalf("%s: sector %d was changed, and the undo says %v", s.name, off/sec, err)
				}
			}
		}
		m := kept.Clone()
		if err := m.Target().Truncate(int64(len(w.after)) + sec); err != nil {
			t.Fatal(err)
		}
		if err := undoMachine(m); !errors.As(err, new(*ChangedError)) {
			t.Fatalf("%s: the target is longer, and the undo says %v", s.name, err)
		}
		if err := m.Target().Truncate(int64(len(w.after))); err != nil {
			t.Fatal(err)
		}
		if complaint := w.keeps(m, true); complaint != "" {
			t.Fatalf("%s: with everything back in its place: %s", s.name, complaint)
		}
	}
}

func flip(tb testing.TB, m *Machine, off int64) {
	tb.Helper()
	b := make([]byte, 1)
	if _, err := m.Target().ReadAt(b, off); err != nil {
		tb.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := m.Target().WriteAt(b, off); err != nil {
		tb.Fatal(err)
	}
}

// TestSealSamples checks that of much copied data a bounded part is read, where that will do.
func TestSealSamples(t *testing.T) {
	var p journal.Program
	u := journal.Unit{Stage: journal.StageCopy}
	for i := range int64(1000) {
		u.Ops = append(u.Ops, journal.Op{Kind: journal.OpCopy, Off: i << 30, Len: 1<<29 + i*512})
	}
	p.Units = append(p.Units, u)
	for _, c := range []struct {
		samples bool
		least   int64
		most    int64
	}{{true, sampled - sampled/8, sampled}, {false, 1000 << 29, 1001 << 29}} {
		var n int64
		for _, probe := range sealed(p, c.samples) {
			n += probe.Len
			if probe.Off%(1<<30)+probe.Len > 1<<29+1000*512 {
				t.Fatalf("%+v lies outside what was copied", probe)
			}
		}
		if n < c.least || n > c.most {
			t.Errorf("samples %v: %d bytes are read", c.samples, n)
		}
	}
}
