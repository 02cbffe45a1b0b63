package geometry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type binaryUnit struct {
	bytes Bytes
	name  string
}

// binaryUnits are the units in which sizes are shown, largest first. Users can also type them.
var binaryUnits = [...]binaryUnit{
	{TiB, "TiB"},
	{GiB, "GiB"},
	{MiB, "MiB"},
	{KiB, "KiB"},
}

// FormatBytes formats b for people, with three significant digits and a binary unit: "1.47 GiB", "483 MiB", "0 B". It
// rounds to the nearest number, halves away from zero. Numbers from 1000 to 1023 have four digits. A number that would
// round to 1024 becomes 1.00 of the next unit. TiB is the largest unit.
func FormatBytes(b Bytes) string {
	number, unit := rounded(b)
	return number + " " + unit
}

// FormatAtLeast is like FormatBytes, for the smallest possible size: it rounds up, so that the size that it shows is possible.
func FormatAtLeast(b Bytes) string { return bounded(b, 1) }

// FormatAtMost is like FormatBytes, for the largest possible size: it rounds down.
func FormatAtMost(b Bytes) string { return bounded(b, 0) }

// FormatChosen is like FormatBytes, for the size that an edit leads to. From 100 MiB on, a rounded number never looks like a rounder
// one that somebody could have typed: 2045 MiB stays "2045 MiB", and 511.56 MiB does not become "512 MiB".
func FormatChosen(b Bytes) string {
	number, unit := rounded(b)
	at := slices.IndexFunc(binaryUnits[:], func(u binaryUnit) bool { return u.name == unit })
	looksExact := !strings.Contains(number, ".") || strings.HasSuffix(number, "0")
	if !looksExact || b < 100*MiB || b%binaryUnits[at].bytes*100%binaryUnits[at].bytes == 0 {
		return number + " " + unit
	}
	if b%MiB == 0 {
		return fmt.Sprintf("%d MiB", b/MiB)
	}
	return fixed(nearest(uint64(b), uint64(MiB), 100), 100, 2) + " MiB"
}

// FormatShort is like FormatBytes, for narrow columns: "1.47G", "483M", "0B". ParseSize reads these as binary units.
func FormatShort(b Bytes) string {
	number, unit := rounded(b)
	return number + unit[:1]
}

// FormatExact formats b without loss, for plan files: in the largest binary unit that divides it ("1536MiB"), else in
// sectors ("2049s") if z divides it, else in bytes ("1000B"). ParseSize reads the text back to b. ParseDelta does too if
// the text has a sign, so a "+" must be put before a positive b. If z is not Valid, sectors are not used.
func FormatExact(b Bytes, z SectorSize) string {
	if b == 0 {
		return "0B"
	}
	for _, u := range binaryUnits {
		if b%u.bytes == 0 {
			return fmt.Sprintf("%d%s", b/u.bytes, u.name)
		}
	}
	if z.Valid() && b%Bytes(z) == 0 {
		return fmt.Sprintf("%ds", b/Bytes(z))
	}
	return fmt.Sprintf("%dB", b)
}

// FormatColumn returns the function that formats the sizes of a column, so that they can be compared at a glance: all in
// one unit, if the largest then has at most four digits before the point and the smallest, zero aside, is at least 0.1.
// Otherwise it is FormatBytes. Numbers have three significant digits, or all before the point, and two behind it at the most.
func FormatColumn(sizes []Bytes) func(Bytes) string {
	var least, most Bytes
	for _, b := range sizes {
		if most = max(most, b); b > 0 && (least == 0 || b < least) {
			least = b
		}
	}
	if least == 0 {
		return FormatBytes
	}
	_, smallest := rounded(least)
	for _, u := range slices.Backward(binaryUnits[:]) {
		switch {
		case u.bytes == KiB && smallest == "B", u.name == smallest:
			smallest = "" // this unit and the larger ones are tried
		}
		if smallest == "" && nearest(uint64(most), uint64(u.bytes), 1) < 10_000 && nearest(uint64(least), uint64(u.bytes), 100) >= 10 {
			return func(b Bytes) string {
				if b <= 0 {
					return fmt.Sprintf("%d %s", b/u.bytes, u.name)
				}
				number, _ := significant(uint64(b), uint64(u.bytes))
				return number + " " + u.name
			}
		}
	}
	return FormatBytes
}

// bounded returns b in the unit of FormatBytes, rounded down, or up if up is 1.
func bounded(b Bytes, up uint64) string {
	number, unit := rounded(b)
	for _, u := range binaryUnits {
		if u.name != unit || b < 0 {
			continue
		}
		size, per := uint64(b), uint64(u.bytes)
		for scale, digits := uint64(100), 2; digits >= 0; scale, digits = scale/10, digits-1 {
			// The text of FormatBytes says how many digits there are, and at most one more unit in the last.
			if _, fraction, _ := strings.Cut(number, "."); len(fraction) != digits {
				continue
			}
			n := size/per*scale + size%per*scale/per
			if size%per*scale%per != 0 {
				n += up
			}
			return fixed(n, scale, digits) + " " + unit
		}
	}
	return number + " " + unit
}

// fixed formats n/scale with that many digits behind the point.
func fixed(n, scale uint64, digits int) string {
	if digits == 0 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("%d.%0*d", n/scale, digits, n%scale)
}

// rounded returns b in a fitting unit, with three significant digits.
func rounded(b Bytes) (number, unit string) {
	sign, size := "", uint64(b)
	if b < 0 {
		// In two's complement this is right even for the smallest number.
		sign, size = "-", -size
	}
	if size < 1024 {
		return sign + strconv.FormatUint(size, 10), "B"
	}
	// Take the smallest unit in which the rounded number stays below 1024.
	for _, u := range slices.Backward(binaryUnits[1:]) {
		if n, fits := significant(size, uint64(u.bytes)); fits {
			return sign + n, u.name
		}
	}
	n, _ := significant(size, uint64(TiB))
	return sign + n, "TiB"
}

// significant returns size/per with three significant digits, or with four before the point. fits reports whether the
// number is below 1024. per is at most a TiB, so nothing overflows.
func significant(size, per uint64) (number string, fits bool) {
	if n := nearest(size, per, 100); n < 1000 {
		return fmt.Sprintf("%d.%02d", n/100, n%100), true
	}
	if n := nearest(size, per, 10); n < 1000 {
		return fmt.Sprintf("%d.%d", n/10, n%10), true
	}
	n := nearest(size, per, 1)
	return strconv.FormatUint(n, 10), n < 1024
}

// nearest returns size*scale/per, rounded to the nearest number, halves up.
func nearest(size, per, scale uint64) uint64 {
	return size/per*scale + (2*scale*(size%per)+per)/(2*per)
}

// Grouped formats a count of sectors or bytes with its digits in groups of three: "6,291,456".
func Grouped[N ~int64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	var out []byte
	for i := range len(text) {
		if left := len(text) - i; i > 0 && left%3 == 0 && text[i-1] != '-' {
			out = append(out, ',')
		}
		out = append(out, text[i])
	}
	return string(out)
}
