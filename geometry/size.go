package geometry

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxSize is the largest size that users may type. It leaves room to add to a size without overflow.
const maxSize Bytes = 1 << 62

// maxDigits limits the digits of a number, so that hostile input cannot make the arithmetic slow. Every size up to
// maxSize needs fewer, even with a fraction that amounts to whole bytes.
const maxDigits = 100

// unitHelp lists the units in one short line of a dialog. K, M, G and T are accepted too.
const unitHelp = "use s, B, KiB, MiB, GiB, TiB, kB, MB, GB or TB"

// Faults of a size. Their texts follow the size itself.
var (
	errNoUnit   = errors.New("has no unit: " + unitHelp)
	errNoNumber = errors.New(`has no number: write it as "1.5GiB"`)
	errTooLarge = errors.New("is larger than 4194304TiB")
)

// ParseSize parses a size with a unit ("1.5GiB", "2048s", "512B", "10MB") and returns bytes.
//
// Units are s (sectors of size z), B, K/KiB, M/MiB, G/GiB and T/TiB (binary), kB, MB, GB and TB (decimal). Letter case
// matters only for B, because b could also mean bits or blocks. Spaces may surround the number. A fraction that is not a
// whole number of bytes ("1.1GiB") is rounded up. The arithmetic is exact.
//
// ParseSize rejects a number without a unit, a negative number, more than 2^62 bytes, and a fraction of a byte or sector
// ("0.5B", "1.5s"). The error says what would be accepted.
func ParseSize(text string, z SectorSize) (Bytes, error) {
	b, err := parseSize(text, z)
	if err != nil {
		return 0, fmt.Errorf("size %q %w", clip(text), err)
	}
	return b, nil
}

// ParseDelta parses a size with a sign: "+500MiB", "-1GiB". It accepts the same sizes as ParseSize.
func ParseDelta(text string, z SectorSize) (Bytes, error) {
	signed := strings.TrimSpace(text)
	if !strings.HasPrefix(signed, "+") && !strings.HasPrefix(signed, "-") {
		return 0, fmt.Errorf(`change %q has no sign: write it as "+500MiB" or "-1GiB"`, clip(text))
	}
	b, err := parseSize(signed[1:], z)
	if err != nil {
		return 0, fmt.Errorf("change %q %w", clip(text), err)
	}
	if signed[0] == '-' {
		return -b, nil
	}
	return b, nil
}

// parseSize is like ParseSize, but its errors do not begin with the text.
func parseSize(text string, z SectorSize) (Bytes, error) {
	text = plainSectors(strings.TrimSpace(text))
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		return 0, errors.New("has a sign, which a size cannot have")
	}
	end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(text)
	}
	number, unit := text[:end], strings.TrimSpace(text[end:])
	if number == "" {
		return 0, errNoNumber
	}
	whole, fraction, point := strings.Cut(number, ".")
	switch {
	case len(number) > maxDigits:
		return 0, fmt.Errorf("has more than %d digits", maxDigits)
	case strings.Contains(fraction, "."), whole == "", point && fraction == "":
		return 0, errors.New(`has no usable number: write it as "1.5GiB"`)
	case unit == "":
		return 0, errNoUnit
	case strings.HasPrefix(unit, ","):
		return 0, errors.New("has a comma: write fractions with a point")
	}
	per, err := unitBytes(unit, z)
	if err != nil {
		return 0, err
	}
	fraction = strings.TrimRight(fraction, "0")
	if fraction != "" && strings.EqualFold(unit, "s") {
		return 0, errors.New("is not a whole number of sectors")
	}
	return scale(whole, fraction, per)
}

// plainSectors returns a text like that of Sector.Count in short: "2048s" for "2,048 sectors". Other texts stay as they are.
func plainSectors(text string) string {
	number, unit, _ := strings.Cut(text, " ")
	if unit != "sector" && unit != "sectors" {
		return text
	}
	plain := strings.ReplaceAll(number, ",", "")
	if n, err := strconv.ParseInt(plain, 10, 64); err != nil || number != plain && Grouped(n) != number {
		return text
	}
	return plain + "s"
}

// units maps units in lower case to bytes. It lacks those whose meaning depends on the letter case or on the sector size.
var units = map[string]Bytes{
	"k": KiB, "m": MiB, "g": GiB, "t": TiB,
	"kib": KiB, "mib": MiB, "gib": GiB, "tib": TiB,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
}

// unitBytes returns the number of bytes in a unit.
func unitBytes(unit string, z SectorSize) (Bytes, error) {
	size, ok := units[strings.ToLower(unit)]
	switch {
	case ok:
		return size, nil
	case unit == "B":
		return 1, nil
	case unit == "b":
		return 0, errors.New(`has unit "b", which could be bits, bytes or blocks: use B or s`)
	case strings.ToLower(unit) != "s":
		return 0, fmt.Errorf("has unknown unit %q: %s", clip(unit), unitHelp)
	case !z.Valid():
		return 0, fmt.Errorf("counts sectors of %d bytes, which is not 512 or 4096", int64(z))
	}
	return Bytes(z), nil
}

// scale returns per times the number whole.fraction. Both parts are decimal digits.
func scale(whole, fraction string, per Bytes) (Bytes, error) {
	digits, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return 0, errNoNumber
	}
	tenths := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction))), nil)
	size, rest := digits.Mul(digits, big.NewInt(int64(per))).QuoRem(digits, tenths, new(big.Int))
	if size.Cmp(big.NewInt(int64(maxSize))) > 0 || size.Cmp(big.NewInt(int64(maxSize))) == 0 && rest.Sign() != 0 {
		return 0, errTooLarge
	}
	b := Bytes(size.Int64())
	switch {
	case rest.Sign() == 0:
		return b, nil
	case per == 1:
		return 0, errors.New("is not a whole number of bytes")
	case b == maxSize:
		return 0, errTooLarge
	}
	return b + 1, nil // 1.1GiB must not become less than 1.1GiB
}

// clip shortens a text for an error message.
func clip(text string) string {
	const most = 40
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
