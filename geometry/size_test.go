package geometry

import (
	"flag"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the random tests")

func random(t *testing.T) *rand.Rand {
	t.Helper()
	t.Logf("repeat with -seed=%d", *seed)
	return rand.New(rand.NewPCG(*seed, 0))
}

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		text string
		z    SectorSize
		want Bytes
	}{
		{"0B", Sector512, 0},
		{"0s", Sector4096, 0},
		{"1B", Sector512, 1},
		{"512B", Sector512, 512},
		{"2048s", Sector512, MiB},
		{Sector(2048).Count(), Sector512, MiB},
		{"2048 sectors", Sector512, MiB},
		{Sector(1).Count(), Sector4096, 4096},
		{Sector(999).Count(), Sector512, 999 * 512},
		{"2048s", Sector4096, 8 * MiB},
		{"2048S", Sector512, MiB},
		{"1s", Sector4096, 4096},
		{"1.0s", Sector512, 512},
		{"1K", Sector512, KiB},
		{"1k", Sector512, KiB},
		{"1KiB", Sector512, KiB},
		{"1kib", Sector512, KiB},
		{"100M", Sector512, 100 * MiB},
		{"100m", Sector512, 100 * MiB},
		{"100MiB", Sector512, 100 * MiB},
		{"3G", Sector512, 3 * GiB},
		{"3GiB", Sector512, 3 * GiB},
		{"16T", Sector512, 16 * TiB},
		{"16TiB", Sector512, 16 * TiB},
		{"16tIb", Sector512, 16 * TiB},
		{"1kB", Sector512, 1000},
		{"1KB", Sector512, 1000},
		{"10MB", Sector512, 10_000_000},
		{"1GB", Sector512, 1_000_000_000},
		{"2TB", Sector512, 2_000_000_000_000},
		{"1.5GiB", Sector512, GiB + GiB/2},
		{"1.50GiB", Sector512, GiB + GiB/2},
		{"0.5KiB", Sector512, 512},
		{"00.5K", Sector512, 512},
		{"0.001kB", Sector512, 1},
		{"0.0009765625KiB", Sector512, 1},
		{"1.000B", Sector512, 1},
		{"0.000000000000000000B", Sector512, 0},
		{"0.000000000000909494701772928237915039062500TiB", Sector512, 1},
		{" 1.5 GiB ", Sector512, GiB + GiB/2},
		// What does not come to whole bytes is rounded up.
		{"0.3KiB", Sector512, 308},
		{"1.1GiB", Sector512, 1181116007},
		{"0.0001kB", Sector512, 1},
		{"100\tM", Sector512, 100 * MiB},
		// A typed size must not be rounded: these need more than the 53 bits of a float.
		{"9007199254740993B", Sector512, 9007199254740993},
		{"4194303.999999999999090505298227071762084960937500TiB", Sector512, maxSize - 1},
		// The largest size, in several units.
		{"4194304TiB", Sector512, maxSize},
		{"4611686018427387904B", Sector512, maxSize},
		{"9007199254740992s", Sector512, maxSize},
		{"1125899906842624s", Sector4096, maxSize},
	} {
		got, err := ParseSize(c.text, c.z)
		if err != nil || got != c.want {
			t.Errorf("ParseSize(%q, %d) = %d, %v; want %d", c.text, c.z, got, err, c.want)
		}
	}
}

func TestParseSizeErrors(t *testing.T) {
	const units = "s, B, KiB, MiB, GiB, TiB, kB, MB, GB or TB"
	for _, c := range []struct {
		name, text string
		z          SectorSize
		says       string // part of the error
	}{
		{"nothing", "", Sector512, `size "" has no number`},
		{"spaces", "  ", Sector512, "has no number"},
		{"unit alone", "GiB", Sector512, "has no number"},
		{"no unit", "1024", Sector512, "has no unit: use " + units},
		{"no unit, fraction", "1.5", Sector512, "has no unit"},
		{"unknown unit", "5 XiB", Sector512, `unknown unit "XiB": use ` + units},
		{"petabytes", "1PiB", Sector512, units},
		{"bits or blocks", "5b", Sector512, "use B or s"},
		{"two units", "5GiBGiB", Sector512, "unknown unit"},
		{"odd groups", "20,48 sectors", Sector512, "has a comma"},
		{"groups of bytes", "2,048B", Sector512, "has a comma"},
		{"two sizes", "5GiB 3MiB", Sector512, "unknown unit"},
		{"exponent", "1e3B", Sector512, "unknown unit"},
		{"hexadecimal", "0x10B", Sector512, "unknown unit"},
		{"digits in groups", "1_000B", Sector512, "unknown unit"},
		{"other digits", "٣GiB", Sector512, "has no number"},
		{"comma", "1,5GiB", Sector512, "has a comma"},
		{"point alone", ".GiB", Sector512, "no usable number"},
		{"leading point", ".5GiB", Sector512, "no usable number"},
		{"trailing point", "5.GiB", Sector512, "no usable number"},
		{"two points", "1.5.0GiB", Sector512, "no usable number"},
		{"negative", "-1GiB", Sector512, "has a sign"},
		{"negative zero", "-0B", Sector512, "has a sign"},
		{"signed", "+1GiB", Sector512, "has a sign"},
		{"half a byte", "0.5B", Sector512, "is not a whole number of bytes"},
		{"half a sector", "1.5s", Sector512, "is not a whole number of sectors"},
		{"a byte too large", "4611686018427387905B", Sector512, "is larger than 4194304TiB"},
		{"a fraction too large", "4611686018427387904.1B", Sector512, "is larger than 4194304TiB"},
		{"wraps 64 bits to something small", "16777216.5TiB", Sector512, "is larger than 4194304TiB"},
		{"too many sectors", "9007199254740993s", Sector512, "is larger than 4194304TiB"},
		{"very long", strings.Repeat("9", 1000) + "GiB", Sector512, "has more than 100 digits"},
		{"no sector size", "1s", 0, "counts sectors of 0 bytes"},
		{"odd sector size", "1s", 520, "counts sectors of 520 bytes"},
	} {
		got, err := ParseSize(c.text, c.z)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: ParseSize(%q) = %d, %v; want an error with %q", c.name, c.text, got, err, c.says)
		}
		if got != 0 {
			t.Errorf("%s: ParseSize(%q) returns %d beside its error", c.name, c.text, got)
		}
		if err != nil && len(err.Error()) > 150 {
			t.Errorf("%s: the error is %d bytes long", c.name, len(err.Error()))
		}
	}
}

func TestParseDelta(t *testing.T) {
	for _, c := range []struct {
		text string
		want Bytes
		says string
	}{
		{"+500MiB", 500 * MiB, ""},
		{"-1GiB", -GiB, ""},
		{"+1.5G", GiB + GiB/2, ""},
		{" + 100 M ", 100 * MiB, ""},
		{"-2048s", -MiB, ""},
		{"+0B", 0, ""},
		{"-0B", 0, ""},
		{"+4194304TiB", maxSize, ""},
		{"-4194304TiB", -maxSize, ""},
		{"500MiB", 0, `change "500MiB" has no sign`},
		{"", 0, `change "" has no sign`},
		{"+", 0, `change "+" has no number`},
		{"+500", 0, `change "+500" has no unit: use s, B`},
		{"--1GiB", 0, "has a sign"},
		{"+-1GiB", 0, "has a sign"},
		{"-0.3KiB", -308, ""},
		{"-4194305TiB", 0, "is larger than"},
	} {
		got, err := ParseDelta(c.text, Sector512)
		switch {
		case got != c.want:
			t.Errorf("ParseDelta(%q) = %d, %v; want %d", c.text, got, err, c.want)
		case (err == nil) != (c.says == ""), err != nil && !strings.Contains(err.Error(), c.says):
			t.Errorf("ParseDelta(%q) = %v; want an error with %q", c.text, err, c.says)
		}
	}
}

// FuzzParseSize compares with rational arithmetic and sends every accepted size through the formatter and back.
func FuzzParseSize(f *testing.F) {
	for _, text := range []string{
		"1.5GiB", "2048s", "0B", "1.1GiB", "4194304TiB", "4194304.0000TiB", "10MB", " 1 k ", "-1G", "1,5G", "5b", ".5M",
		"4611686018427387903.999999B", "\xff1GiB", "1ſ", "1K",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	per := map[string]int64{
		"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
		"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	}
	f.Fuzz(func(t *testing.T, text string, large bool) {
		z := Sector512
		if large {
			z = Sector4096
		}
		got, err := ParseSize(text, z)
		if err != nil {
			if got != 0 {
				t.Fatalf("ParseSize(%q) returns %d beside its error", text, got)
			}
			return
		}
		if got < 0 || got > maxSize {
			t.Fatalf("ParseSize(%q) = %d is out of range", text, got)
		}
		trimmed := strings.TrimSpace(text)
		number := trimmed[:strings.LastIndexAny(trimmed, "0123456789")+1]
		unit := strings.ToLower(strings.TrimSpace(trimmed[len(number):]))
		factor := per[unit]
		if unit == "s" {
			factor = int64(z)
		}
		exact, ok := new(big.Rat).SetString(number)
		if !ok || factor == 0 {
			t.Fatalf("ParseSize(%q) = %d, but it is not a number and a unit", text, got)
		}
		above := new(big.Rat).Sub(new(big.Rat).SetInt64(int64(got)), exact.Mul(exact, new(big.Rat).SetInt64(factor)))
		if above.Sign() < 0 || above.Cmp(big.NewRat(1, 1)) >= 0 {
			t.Fatalf("ParseSize(%q) = %d, want %s", text, got, exact)
		}
		checkRoundTrip(t, got, z)
	})
}

// checkRoundTrip makes sure that b survives being formatted and parsed.
func checkRoundTrip(t *testing.T, b Bytes, z SectorSize) {
	t.Helper()
	text := FormatExact(b, z)
	if back, err := ParseSize(text, z); err != nil || back != b {
		t.Fatalf("%d is written %q and read as %d, %v", b, text, back, err)
	}
	if back, err := ParseDelta("+"+text, z); err != nil || back != b {
		t.Fatalf("a change of %d is written +%s and read as %d, %v", b, text, back, err)
	}
	if back, err := ParseDelta("-"+text, z); err != nil || back != -b {
		t.Fatalf("a change of %d is written -%s and read as %d, %v", -b, text, back, err)
	}
	if b == 0 {
		return
	}
	if back, err := ParseDelta(FormatExact(-b, z), z); err != nil || back != -b {
		t.Fatalf("%d is written %s and read as %d, %v", -b, FormatExact(-b, z), back, err)
	}
}

func TestFormatExactRoundTripRandom(t *testing.T) {
	r := random(t)
	for range 20000 {
		// Random magnitude and random trailing zeros, so that every unit comes up.
		b := Bytes(r.Int64N(int64(maxSize))) >> r.IntN(62)
		b = b >> r.IntN(45) << r.IntN(45) & (maxSize - 1)
		checkRoundTrip(t, b, Sector512)
		checkRoundTrip(t, b, Sector4096)
	}
}
