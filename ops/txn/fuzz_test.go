package txn

import (
	"math/rand"
	"runtime"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// FuzzRecover recovers, both ways, and undoes with programs that are not what a commit wrote, under checksums that are
// right. Whatever they say, nothing panics and nothing takes much memory. What becomes of the target is not looked at:
// who can write such a journal can write to the target.
func FuzzRecover(f *testing.F) {
	rng := rand.New(rand.NewSource(1))
	for _, s := range scenarios() {
		_, tx := preparedWorld(f, s, rng)
		f.Add(tx.program.Encode(), byte(0), uint32(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, how byte, next uint32) {
		program, err := journal.DecodeProgram(body)
		if err != nil || len(body) > 1<<16 {
			return
		}
		hostile(t, program, how, next)
	})
}

// hostile makes a machine with a journal of that program and recovers it.
func hostile(t *testing.T, program journal.Program, how byte, next uint32) {
	t.Helper()
	m := New(make([]byte, 64*sec))
	for _, name := range []string{journal.SpillName, journal.BeforeName, journal.StageName} {
		file, err := m.Store().Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(make([]byte, 32*sec), 0); err != nil {
			t.Fatal(err)
		}
	}
	j, err := journal.Create(m.Store(), program)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Advance(journal.Direction(how>>1&1), journal.Running, next, next>>1); err != nil {
		t.Fatal(err)
	}
	if how&4 != 0 {
		mark, err := journal.WriteSeal(m.Store(), journal.Seal{Probes: program.Probes})
		if err == nil {
			err = j.Keep(mark)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = recoverMachine(m, Direction(how&1))
	_ = undoMachine(m)
	_, _ = Undoable(m.Store())
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d MiB allocated", n>>20)
	}
}

// TestHostilePrograms puts large numbers everywhere into programs that a commit wrote.
func TestHostilePrograms(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range scenarios()[20:] {
		_, tx := preparedWorld(t, s, rng)
		p := tx.program
		for range 60 {
			q, err := journal.DecodeProgram(p.Encode())
			if err != nil {
				t.Fatal(err)
			}
			large := []int64{0, 1, sec, 1 << 20, 1 << 31, 1 << 33, 1 << 45, 1 << 60}[rng.Intn(8)]
			lists := [][]journal.Op{q.RestoreData, q.RestoreTable, q.Refence}
			for _, u := range q.Units {
				lists = append(lists, u.Ops)
			}
			switch list := lists[rng.Intn(len(lists))]; rng.Intn(6) {
			case 0:
				q.StageLen = large
			case 1:
				q.SizeAfter = large
			case 2:
				q.Probes = append(q.Probes, journal.Probe{Off: 0, Len: large})
			default:
				if len(list) > 0 {
					op := &list[rng.Intn(len(list))]
					*[]*int64{&op.Off, &op.Len, &op.Src}[rng.Intn(3)] = large
					op.Kind = journal.OpKind(1 + rng.Intn(int(journal.OpReserve)))
				}
			}
			hostile(t, q, byte(rng.Intn(8)), uint32(rng.Intn(len(q.Units)+2)))
		}
	}
}
