package worker

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"shunt/ops/journal"
)

// A rehearsal that rests may make its files so long and no longer, however they are written. One that somebody waits for may.
func TestAllowance(t *testing.T) {
	dir, err := journal.OpenDir(journal.Location{Parent: t.TempDir(), Name: "a.shunt"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	for name, c := range map[string]struct {
		rests bool
		want  error
	}{"rests": {true, errTooMuchUnasked}, "asked for": {false, nil}} {
		for _, write := range []func(f journal.File, n int64) error{
			func(f journal.File, n int64) error { _, err := f.WriteAt(make([]byte, n), 0); return err },
			func(f journal.File, n int64) error { _, err := f.WriteAt([]byte{1}, n-1); return err },
			func(f journal.File, n int64) error { return f.(journal.Reserver).Reserve(n) },
		} {
			rests := &atomic.Bool{}
			rests.Store(c.rests)
			a := &allowance{rests: rests}
			a.left.Store(100)
			rooms := Rooms{Dir: dir, unasked: a}
			f, err := rooms.Create("spill")
			if err != nil {
				t.Fatal(err)
			}
			g, err := rooms.Create("before")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(write(f, 60), write(f, 60), write(g, 40)); err != nil || a.exceeded() {
				t.Errorf("%s: 100 bytes: %v", name, err)
			}
			if err := write(g, 41); !errors.Is(err, c.want) || a.exceeded() != c.rests {
				t.Errorf("%s: 101 bytes: %v, exceeded %v", name, err, a.exceeded())
			}
			if info, err := os.Stat(filepath.Join(dir.Path(), "before")); err != nil || c.rests && info.Size() != 40 {
				t.Errorf("%s: the file has %d bytes, %v", name, info.Size(), err)
			}
			_, _ = f.Close(), g.Close()
		}
	}
	if free, err := dir.Free(); err != nil || free <= 0 {
		t.Errorf("free: %d, %v", free, err)
	}
}
