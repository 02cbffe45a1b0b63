package widget

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Width returns the number of cells that a styled line takes. Nearly all text of a screen is made of characters that take
// one cell and join with no other; those are counted here, and the library measures every line with anything else.
func Width(line string) int {
	cells := 0
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c >= ' ' && c <= '~':
			cells, i = cells+1, i+1
		case c == '\x1b':
			n := lookLen(line[i:])
			if n == 0 {
				return ansi.StringWidth(line)
			}
			i += n
		default:
			r, n := utf8.DecodeRuneInString(line[i:])
			if !takesOneCell(r) {
				return ansi.StringWidth(line)
			}
			cells, i = cells+1, i+n
		}
	}
	return cells
}

// lookLen returns the length of the sequence for a look with which text begins, or 0 if it begins with none.
func lookLen(text string) int {
	const introducer = "\x1b["
	if len(text) < len(introducer) || text[:len(introducer)] != introducer {
		return 0
	}
	for i := len(introducer); i < len(text); i++ {
		switch c := text[i]; {
		case c == 'm':
			return i + 1
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return 0
		}
	}
	return 0
}

// takesOneCell reports whether r is known to take one cell whatever stands beside it, if that takes one cell too. For
// other characters, also narrow ones, it may return false.
func takesOneCell(r rune) bool {
	switch {
	case r >= '\u2500' && r <= '\u25fc': // lines, shadings, shapes
		return true
	case r >= '\u00ae' && r <= '\u02ff', r >= '\u00a1' && r <= '\u00ac': // Latin letters and signs
		return true
	case r >= '\u2010' && r <= '\u2027', r >= '\u2030' && r <= '\u205e': // dashes, quotes, dots
		return true
	case r >= '\u2190' && r <= '\u21ff': // arrows
		return true
	}
	return r == '✓' || r == '✗'
}
