package image

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"shunt/ops/target"
)

// An aged source has the times that it says.
type aged struct {
	target.Target
	state target.State
}

func (a aged) Size() int64                  { return 40 }
func (a aged) State() (target.State, error) { return a.state, nil }
func (a aged) Identity() (target.Identity, error) {
	return target.Identity{Path: "source", Modified: a.state.Modified}, nil
}

// TestPartOfAnotherTime goes on with a copy only if the times prove that its source is still the same. Otherwise it copies all
// of it again.
func TestPartOfAnotherTime(t *testing.T) {
	now := time.Now().Add(time.Minute) // however slow the machine is
	of := func(modified, changed time.Time) target.State {
		return target.State{Modified: modified.UnixNano(), Changed: changed.UnixNano(), Inode: 1}
	}
	old, second := now.Add(-2*time.Hour).Truncate(time.Second).Add(1), now.Truncate(time.Second)
	for _, c := range []struct {
		name          string
		begun, resume target.State
		copied        bool
	}{
		{"a host that records none", target.State{}, target.State{}, true},
		{"unchanged for long", of(old, old), of(old, old), true},
		{"written just before", of(now, now), of(now, now), false},
		{"whole seconds, in this one", of(second, second), of(second, second), false},
		{"whole seconds, for long", of(old.Add(-1), old.Add(-1)), of(old.Add(-1), old.Add(-1)), true},
		{"its time put back", of(old, old), of(old, now), false},
	} {
		path := filepath.Join(t.TempDir(), "x.part")
		p, err := openPart(path, aged{state: c.begun}, false)
		if err != nil {
			t.Fatal(c.name, err)
		}
		p.mark(0, 30, signDone)
		if err := errors.Join(p.save(), p.close()); err != nil {
			t.Fatal(c.name, err)
		}
		p, err = openPart(path, aged{state: c.resume}, true)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if left := p.open(0, 40); (left[0].off == 30) != c.copied {
			t.Errorf("%s: %v are left to copy", c.name, left)
		}
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPartMarks compares the runs with a list of single signs.
func TestPartMarks(t *testing.T) {
	const size = 40
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		p := part{size: size, runs: []mapRun{{0, size, signOpen}}}
		var want [size]byte
		for i := range want {
			want[i] = signOpen
		}
		for range 30 {
			off := rng.Int64N(size)
			end, sign := off+rng.Int64N(size-off+1), []byte{signOpen, signDone, signBad}[rng.IntN(3)]
			p.mark(off, end, sign)
			for i := off; i < end; i++ {
				want[i] = sign
			}
			at := int64(0)
			for i, r := range p.runs {
				if r.off != at || r.end <= r.off || i > 0 && p.runs[i-1].sign == r.sign {
					t.Fatalf("run %d of %v", i, p.runs)
				}
				for ; at < r.end; at++ {
					if want[at] != r.sign {
						t.Fatalf("%c at %d, want %c", r.sign, at, want[at])
					}
				}
			}
			if at != size {
				t.Fatalf("%v ends at %d", p.runs, at)
			}
		}
	}
}
