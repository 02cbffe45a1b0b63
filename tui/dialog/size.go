package dialog

import (
	"fmt"
	"strings"

	"shunt/geometry"
)

// sizeText formats a size for a field: exact if it is a whole number of a unit, otherwise to a hundredth of a MiB.
func sizeText(b geometry.Bytes) string {
	switch {
	case b == 0:
		return "0 MiB"
	case b%geometry.GiB == 0:
		return fmt.Sprintf("%d GiB", b/geometry.GiB)
	case b%geometry.MiB == 0:
		return fmt.Sprintf("%d MiB", b/geometry.MiB)
	case b < geometry.MiB && b%geometry.KiB == 0:
		return fmt.Sprintf("%d KiB", b/geometry.KiB)
	case b < geometry.MiB/100:
		return fmt.Sprintf("%d B", b)
	}
	hundredths := b/geometry.MiB*100 + (b%geometry.MiB*100+geometry.MiB/2)/geometry.MiB
	return fmt.Sprintf("%d.%02d MiB", hundredths/100, hundredths%100)
}

// sizeHint says what a size field accepts. Plan files accept the same, but not a number without a unit.
const sizeHint = `Type the new size ("4GiB") or a change ("+2GiB"). A number alone is in MiB.`

// typed is the parsed text of a size field.
type typed struct {
	bytes geometry.Bytes
	// delta is set if bytes is a change with a sign; exact is set for a number of sectors, which is never put on the grid.
	delta, exact bool
}

// bare reports whether a text is a number without a unit. It counts as MiB, as in GParted.
func bare(text string) bool {
	number := strings.TrimLeft(strings.TrimSpace(text), "+-")
	return strings.Trim(number, "0123456789.") == "" && strings.ContainsAny(number, "0123456789")
}

// beside returns the text beside a size field: how a number without a unit was understood, otherwise other.
func beside(text, other string) string {
	if text = strings.TrimSpace(text); bare(text) {
		return "= " + text + " MiB"
	}
	return other
}

// parseTyped parses a size, or a change if the text begins with a sign. "Mi"
// counts as "MiB", so that no error is shown before the last letter is typed.
func parseTyped(text string, z geometry.SectorSize) (typed, error) {
	text = strings.TrimSpace(text)
	if bare(text) {
		text += "MiB"
	}
	if n := len(text); n > 2 && strings.ContainsAny(text[n-2:n-1], "KMGTkmgt") && strings.EqualFold(text[n-1:], "i") {
		text += "B"
	}
	exact := strings.HasSuffix(strings.ToLower(text), "s")
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		b, err := geometry.ParseDelta(text, z)
		return typed{bytes: b, delta: true, exact: exact}, err
	}
	b, err := geometry.ParseSize(text, z)
	return typed{bytes: b, exact: exact}, err
}
