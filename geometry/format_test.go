package geometry

import (
	"math"
	"math/big"
	"strings"
	"testing"
)

func TestFormatBytes(t *testing.T) {
	for _, c := range []struct {
		b           Bytes
		full, short string
	}{
		{0, "0 B", "0B"},
		{1, "1 B", "1B"},
		{512, "512 B", "512B"},
		{999, "999 B", "999B"},
		{1000, "1000 B", "1000B"},
		{1023, "1023 B", "1023B"},
		{1024, "1.00 KiB", "1.00K"},
		{1029, "1.00 KiB", "1.00K"},
		{1030, "1.01 KiB", "1.01K"},
		// Two decimals to one.
		{10229, "9.99 KiB", "9.99K"},
		{10234, "9.99 KiB", "9.99K"},
		{10235, "10.0 KiB", "10.0K"},
		{10240, "10.0 KiB", "10.0K"},
		// One decimal to none.
		{102348, "99.9 KiB", "99.9K"},
		{102349, "100 KiB", "100K"},
		{102400, "100 KiB", "100K"},
		// Four digits, and the step to the next unit.
		{1000 * KiB, "1000 KiB", "1000K"},
		{1023*KiB + 511, "1023 KiB", "1023K"},
		{1023*KiB + 512, "1.00 MiB", "1.00M"},
		{MiB - 1, "1.00 MiB", "1.00M"},
		{MiB, "1.00 MiB", "1.00M"},
		{1023*MiB + MiB/2 - 1, "1023 MiB", "1023M"},
		{1023*MiB + MiB/2, "1.00 GiB", "1.00G"},
		{1023*GiB + GiB/2 - 1, "1023 GiB", "1023G"},
		{1023*GiB + GiB/2, "1.00 TiB", "1.00T"},
		// The design's own examples.
		{483 * MiB, "483 MiB", "483M"},
		{966*MiB + 2*GiB, "2.94 GiB", "2.94G"},
		{25*MiB + 600*KiB, "25.6 MiB", "25.6M"},
		{482*MiB + GiB, "1.47 GiB", "1.47G"},
		// TiB is the last unit.
		{1024 * TiB, "1024 TiB", "1024T"},
		{maxSize, "4194304 TiB", "4194304T"},
		{math.MaxInt64, "8388608 TiB", "8388608T"},
		// Negative ones are differences.
		{-1, "-1 B", "-1B"},
		{-500 * MiB, "-500 MiB", "-500M"},
		{-(1023*KiB + 512), "-1.00 MiB", "-1.00M"},
		{math.MinInt64, "-8388608 TiB", "-8388608T"},
	} {
		if got := FormatBytes(c.b); got != c.full {
			t.Errorf("FormatBytes(%d) = %q, want %q", c.b, got, c.full)
		}
		if got := FormatShort(c.b); got != c.short {
			t.Errorf("FormatShort(%d) = %q, want %q", c.b, got, c.short)
		}
	}
}

// Whatever is shown can be typed, is at most half a percent off, has three or four digits and is never 1024 of a unit.
func TestFormatBytesRandom(t *testing.T) {
	r := random(t)
	for range 20000 {
		b := Bytes(r.Int64N(int64(1000*TiB))) >> r.IntN(50)
		text := FormatBytes(b)
		number, unit, _ := strings.Cut(text, " ")
		shown, ok := new(big.Rat).SetString(number)
		if !ok {
			t.Fatalf("FormatBytes(%d) = %q", b, text)
		}
		per, err := unitBytes(unit, Sector512)
		if err != nil {
			t.Fatalf("FormatBytes(%d) = %q: %v", b, text, err)
		}
		digits := len(strings.ReplaceAll(number, ".", ""))
		if unit != "B" && digits != 3 && digits != 4 || shown.Cmp(big.NewRat(1024, 1)) >= 0 {
			t.Fatalf("FormatBytes(%d) = %q", b, text)
		}
		off := shown.Mul(shown, big.NewRat(int64(per), 1))
		off.Sub(off, big.NewRat(int64(b), 1)).Abs(off)
		if off.Mul(off, big.NewRat(200, 1)).Cmp(big.NewRat(int64(b), 1)) > 0 {
			t.Fatalf("FormatBytes(%d) = %q is more than half a percent off", b, text)
		}
		if short := FormatShort(b); short != number+unit[:1] {
			t.Fatalf("FormatShort(%d) = %q, but FormatBytes gives %q", b, short, text)
		}
	}
}

func TestFormatExact(t *testing.T) {
	for _, c := range []struct {
		b    Bytes
		z    SectorSize
		want string
	}{
		{0, Sector512, "0B"},
		{1, Sector512, "1B"},
		{511, Sector512, "511B"},
		{512, Sector512, "1s"},
		{512, Sector4096, "512B"},
		{513, Sector512, "513B"},
		{1000, Sector512, "1000B"},
		{KiB, Sector512, "1KiB"},
		{4096, Sector4096, "4KiB"},
		{63 * 512, Sector512, "63s"},
		{2049 * 512, Sector512, "2049s"},
		{2049 * 512, Sector4096, "1049088B"},
		{2049 * 512, 0, "1049088B"},
		{MiB, Sector512, "1MiB"},
		{1536 * MiB, Sector512, "1536MiB"},
		{GiB, Sector512, "1GiB"},
		{3 * TiB, Sector512, "3TiB"},
		{3*TiB + 512, Sector512, "6442450945s"},
		{maxSize, Sector512, "4194304TiB"},
		{-512, Sector512, "-1s"},
		{-GiB, Sector512, "-1GiB"},
		{math.MinInt64, Sector512, "-8388608TiB"},
	} {
		if got := FormatExact(c.b, c.z); got != c.want {
			t.Errorf("FormatExact(%d, %d) = %q, want %q", c.b, c.z, got, c.want)
		}
	}
}

// Sizes of a column have one unit where that can be read, and whatever their unit, the numbers of FormatBytes otherwise.
func TestFormatColumn(t *testing.T) {
	for _, c := range []struct {
		sizes []Bytes
		want  string
	}{
		{nil, ""},
		{[]Bytes{0}, "0 B"},
		{[]Bytes{482 * MiB, 1506 * MiB, GiB, 0}, "482 MiB, 1506 MiB, 1024 MiB, 0 MiB"},
		{[]Bytes{MiB, 9999 * MiB}, "1.00 MiB, 9999 MiB"},
		{[]Bytes{MiB, 10_000 * MiB}, "1.00 MiB, 9.77 GiB"},
		{[]Bytes{512 * KiB, 4 * GiB}, "0.50 MiB, 4096 MiB"},
		{[]Bytes{64 * KiB, 4 * GiB}, "64.0 KiB, 4.00 GiB"},
		{[]Bytes{100 * GiB, 2 * TiB}, "100 GiB, 2048 GiB"},
		{[]Bytes{512, 2 * KiB}, "0.50 KiB, 2.00 KiB"},
		{[]Bytes{512}, "0.50 KiB"},
		{[]Bytes{-1, 3 * TiB}, "-1 B, 3.00 TiB"},
		{[]Bytes{math.MaxInt64}, "8388608 TiB"},
	} {
		format := FormatColumn(c.sizes)
		var got []string
		for _, b := range c.sizes {
			if b < 0 {
				got = append(got, FormatBytes(b))
				continue
			}
			got = append(got, format(b))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%v: got %q, want %q", c.sizes, text, c.want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[Sector]string{0: "0", 999: "999", 1000: "1,000", 6_291_456: "6,291,456", -999: "-999", -1000: "-1,000", 1 << 40: "1,099,511,627,776"} {
		if got := Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %q, want %q", int64(n), got, want)
		}
	}
}

// A size that an edit leads to never looks like a rounder one.
func TestFormatChosen(t *testing.T) {
	for b, want := range map[Bytes]string{
		0: "0 B", 512: "512 B", 2 * MiB: "2.00 MiB", 26*MiB + 900*KiB: "26.9 MiB", 100 * MiB: "100 MiB", 483 * MiB: "483 MiB",
		511*MiB + 573*KiB: "511.56 MiB", 1023*MiB + 573*KiB: "1023.56 MiB", GiB - 1: "1024.00 MiB", GiB: "1.00 GiB", GiB + 512: "1024.00 MiB",
		1506*MiB + 400*KiB: "1.47 GiB", 2045 * MiB: "2045 MiB", 2557 * MiB: "2557 MiB", 2560 * MiB: "2.50 GiB", 16 * GiB: "16.0 GiB",
		16383 * MiB: "16383 MiB", 16454 * MiB: "16.1 GiB", 200*GiB - MiB: "204799 MiB", 2 * TiB: "2.00 TiB", 2*TiB - MiB: "2097151 MiB",
		-GiB: "-1.00 GiB",
	} {
		if got := FormatChosen(b); got != want {
			t.Errorf("%d bytes: got %q, want %q", b, got, want)
		}
	}
}
