package geometry

import (
	"math/rand/v2"
	"testing"
)

func TestFormatBounds(t *testing.T) {
	for _, c := range []struct {
		b           Bytes
		least, most string
	}{
		{0, "0 B", "0 B"},
		{1023, "1023 B", "1023 B"},
		{1024, "1.00 KiB", "1.00 KiB"},
		{1025, "1.01 KiB", "1.00 KiB"},
		{4095*MiB + 33*512, "4.00 GiB", "3.99 GiB"},
		{4096*MiB + 512, "4.01 GiB", "4.00 GiB"},
		{100*MiB + 1, "101 MiB", "100 MiB"},
		{99*MiB + 1, "99.1 MiB", "99.0 MiB"},
		{TiB, "1.00 TiB", "1.00 TiB"},
	} {
		if least, most := FormatAtLeast(c.b), FormatAtMost(c.b); least != c.least || most != c.most {
			t.Errorf("%d: at least %s, at most %s, want %s and %s", c.b, least, most, c.least, c.most)
		}
	}
}

// TestFormatBoundsRandom reads the texts back: the smallest size must not be below, the largest not above.
func TestFormatBoundsRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 20_000 {
		b := Bytes(rng.Uint64() >> (2 + rng.IntN(60)))
		least, errLeast := ParseSize(FormatAtLeast(b), Sector512)
		most, errMost := ParseSize(FormatAtMost(b), Sector512)
		if errLeast != nil || errMost != nil || least < b && least < maxSize || most > b {
			t.Fatalf("%d: at least %s, at most %s (%v, %v)", b, FormatAtLeast(b), FormatAtMost(b), errLeast, errMost)
		}
	}
}
