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

// Look is how text is drawn. It is the only way to get a sequence for the terminal into a screen: Render marks each that it
// makes with a number nobody outside of this process can know, and Shown, which every line of a screen goes through at last,
// writes out all that has no mark. So text from a disk that looks like a sequence is seen as what it is, wherever it comes
// from and whether or not anybody thought of it.
type Look struct {
	style lipgloss.Style
	begin string // the marked sequence before the text, "" for the terminal's own look
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

// mark begins each sequence that a Look makes: for a terminal it would be an attribute that does not exist.
var mark = "\x1b[" + secret()

// markedEnd ends the look of a text.
var markedEnd = mark + "m"

func secret() string {
	const least = 1_000_000_000
	n, err := rand.Int(rand.Reader, big.NewInt(9*least))
	if err != nil { // the library ends the process rather than do without random numbers
		return fmt.Sprint(least)
	}
	return fmt.Sprint(n.Int64() + least)
}

// Render is the texts, with a space between them, in this look. What is not visible in them is written out; sequences of
// other looks stay.
func (l Look) Render(texts ...string) string {
	text := marked(strings.Join(texts, " "), func(params string) string { return mark + params + "m" })
	if l.begin == "" {
		return text
	}
	return l.begin + text + markedEnd
}

// Shown is a line of a screen as it goes to the terminal. Its looks become sequences; everything else that the terminal
// would obey, line ends too, is written out.
func Shown(line string) string {
	return marked(line, func(params string) string { return "\x1b[" + strings.TrimPrefix(params, ";") + "m" })
}

// marked puts what look returns in the place of each marked sequence, and makes the text between them visible.
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

// Bold is the look in bold, or not.
func (l Look) Bold(yes bool) Look { return newLook(l.style.Bold(yes)) }

// Reverse is the look with foreground and background swapped, or not.
func (l Look) Reverse(yes bool) Look { return newLook(l.style.Reverse(yes)) }

// Over is the look on the background of another one.
func (l Look) Over(under Look) Look { return newLook(l.style.Background(under.style.GetBackground())) }

// And is the look with what it leaves open taken from another one.
func (l Look) And(rest Look) Look { return newLook(l.style.Inherit(rest.style)) }

// plainLook is the terminal's own.
func plainLook() Look { return newLook(lipgloss.NewStyle()) }

func coloured(c color.Color) Look { return newLook(lipgloss.NewStyle().Foreground(c)) }

func filled(text, under color.Color) Look {
	return newLook(lipgloss.NewStyle().Foreground(text).Background(under).Bold(true))
}
