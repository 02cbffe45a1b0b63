package fsys

import "testing"

func TestClusterSet(t *testing.T) {
	rng := randomised(t)
	for _, n := range []int64{1, 63, 64, 65, 511, 512, 513, 5000, pageBits - 1, pageBits, pageBits + 1} {
		for _, density := range []float64{0, 0.01, 0.5, 0.99, 1} {
			s := newClusterSet(n)
			member := make([]bool, n)
			for c := range n {
				if rng.Float64() < density {
					s.add(c)
					member[c] = true
				}
			}
			s.seal()
			count := int64(0)
			for c := range n {
				if s.before(c) != count || s.has(c) != member[c] {
					t.Fatalf("n %d: %d members before %d, want %d", n, s.before(c), c, count)
				}
				if member[c] {
					count++
				}
			}
			if s.before(n) != count || s.has(n) || s.has(-1) {
				t.Fatalf("n %d: %d members, want %d", n, s.before(n), count)
			}
			for _, start := range []int64{0, n / 3, n - 1, n, n + 7} {
				k := int64(0)
				for c := start; c < n+5; c++ {
					if c < n && member[c] {
						continue
					}
					if got := s.gap(start, k); got != c {
						t.Fatalf("n %d: gap %d from %d is %d, want %d", n, k, start, got, c)
					}
					k++
				}
			}
		}
	}
}
