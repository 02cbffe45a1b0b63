package styles

import (
	"crypto/rand"
	"fmt"
	"image/color"
	"math/big"
	"strings"

	"charm.land/lipgloss/v2"

	"shunt/model/safetext"
)

// Look is how text is drawn. A Look is the only way to put a terminal sequence into a screen. Render marks each sequence
// with a number that is known only in this process. Shown, through which every line of a screen passes at the end,
// escapes every sequence without that mark. So a sequence in a label or a file name is shown as text and never reaches
// the terminal.
type Look struct {
	style lipgloss.Style
	begin string // the marked sequence before the text, "" for the default look of the terminal
}

func newLook(style lipgloss.Style) Look {
	const sample = "x"
	before, _, _ := strings.Cut(style.Render(sample), sample)
	params := strings.TrimSuffix(strings.TrimPrefix(before, "\x1b["), "m")
	if params == "" {
		return Look{style: style}
	}
	return Look{style: style, begin: mark + ";" + params + "m"}
}

// mark begins each sequence that a Look makes. A terminal would take it for an unknown attribute.
var mark = "\x1b[" + secret()

// markedEnd ends the look of a text.
var markedEnd = mark + "m"

func secret() string {
	const least = 1_000_000_000
	n, err := rand.Int(rand.Reader, big.NewInt(9*least))
	if err != nil { // cannot happen: the library ends the process without random numbers
		return fmt.Sprint(least)
	}
	return fmt.Sprint(n.Int64() + least)
}

// Render returns the texts in this look, with spaces between them. Invisible characters are escaped; sequences of other
// looks stay.
func (l Look) Render(texts ...string) string {
	text := marked(strings.Join(texts, " "), func(params string) string { return mark + params + "m" })
	if l.begin == "" {
		return text
	}
	return l.begin + text + markedEnd
}

// Shown returns a line of a screen for the terminal. Looks become sequences; all other control characters, line ends too,
// are escaped.
func Shown(line string) string {
	return marked(line, func(params string) string { return "\x1b[" + strings.TrimPrefix(params, ";") + "m" })
}

// marked replaces each marked sequence with the result of look, and escapes invisible characters in the text between
// them.
func marked(text string, look func(params string) string) string {
	if !strings.Contains(text, mark) {
		return safetext.Printable(text)
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, mark)
		b.WriteString(safetext.Printable(before))
		if !found {
			return b.String()
		}
		params, after, ended := strings.Cut(rest, "m")
		if !ended || strings.Trim(params, "0123456789;:") != "" {
			b.WriteString(safetext.Printable(rest))
			return b.String()
		}
		b.WriteString(look(params))
		text = after
	}
}

// Bold returns the look with bold on or off.
func (l Look) Bold(yes bool) Look { return newLook(l.style.Bold(yes)) }

// Reverse returns the look with foreground and background swapped, or not.
func (l Look) Reverse(yes bool) Look { return newLook(l.style.Reverse(yes)) }

// Over returns the look on the background of another one.
func (l Look) Over(under Look) Look { return newLook(l.style.Background(under.style.GetBackground())) }

// And returns the look, with everything that it does not set taken from another one.
func (l Look) And(rest Look) Look { return newLook(l.style.Inherit(rest.style)) }

// plainLook returns the default look of the terminal.
func plainLook() Look { return newLook(lipgloss.NewStyle()) }

func coloured(c color.Color) Look { return newLook(lipgloss.NewStyle().Foreground(c)) }

func filled(text, under color.Color) Look {
	return newLook(lipgloss.NewStyle().Foreground(text).Background(under).Bold(true))
}
