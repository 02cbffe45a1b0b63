package geometry

import (
	"fmt"
	"slices"
	"strconv"
)

// binaryUnits are the units in which sizes are shown, largest first. Users can also type them.
var binaryUnits = [...]struct {
	bytes Bytes
	name  string
}{
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
