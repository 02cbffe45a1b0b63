package image

import (
	"math/rand/v2"
	"testing"
)

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
