package styles

import (
	"crypto/rand"
	"fmt"
	"image/color"
	"math/big"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/model/safetext"
)

// Look is how text is drawn. A Look is the only way to put a terminal sequence into a screen. Render marks each sequence
// with a number that is known only in this process. Shown, through which every line of a screen passes at the end,
// escapes every sequence without that mark. So a sequence in a label or a file name is shown as text and never reaches
// the terminal.
type Look struct {
	text, under string // parameters of the sequence for the two colours, "" for those of the terminal
	bold        bool
	reverse     bool
	plain       bool   // as the look beneath a line, it is the only one of that line
	sign        string // begins a text in this look, so that its meaning is seen without colour
	begin       string // the marked sequence before the text, "" for the default look of the terminal
}

// made returns the look with its sequence.
func (l Look) made() Look {
	params := ""
	if l.bold {
		params += ";1"
	}
	if l.reverse {
		params += ";7"
	}
	if l.text != "" {
		params += ";" + l.text
	}
	if l.under != "" {
		params += ";" + l.under
	}
	l.begin = ""
	if params != "" {
		l.begin = mark + params + "m"
	}
	return l
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
func (l Look) Bold(yes bool) Look {
	l.bold = yes
	return l.made()
}

// Reverse returns the look with foreground and background swapped, or not.
func (l Look) Reverse(yes bool) Look {
	l.reverse = yes
	return l.made()
}

// Over returns the look on the background of another one.
func (l Look) Over(under Look) Look {
	l.under = under.under
	return l.made()
}

// signed returns the look with a sign.
func (l Look) signed(sign string) Look {
	l.sign = sign
	return l
}

// Sign returns the characters with which a text in this look begins: "! " for warnings and errors, mostly "".
func (l Look) Sign() string { return l.sign }

// Unsigned returns the look without its sign, for texts that stand below a sign.
func (l Look) Unsigned() Look { return l.signed("") }

// Signed returns a text of one line in this look, after its sign.
func (l Look) Signed(text string) string { return l.Render(l.sign + text) }

// Under returns a line with this look beneath all of it: what the looks in the line do not set is as in this one. A look
// that reverses its line replaces the looks in it, which would become backgrounds of many colours.
func (l Look) Under(line string) string {
	if l.begin == "" {
		return line
	}
	if l.plain {
		return l.begin + marked(line, func(string) string { return "" }) + markedEnd
	}
	return l.begin + marked(line, func(params string) string {
		if params == "" {
			return markedEnd + l.begin
		}
		return mark + params + "m"
	}) + markedEnd
}

// colour returns the parameters of a sequence for a colour, as (ansi.Style).ForegroundColor or
// BackgroundColor makes them.
func colour(set func(ansi.Style, ansi.Color) ansi.Style, c color.Color) string {
	if c == nil {
		return ""
	}
	return strings.Join(set(nil, c), ";")
}

func coloured(c color.Color) Look { return Look{text: colour(ansi.Style.ForegroundColor, c)}.made() }

func shaded(under color.Color) Look {
	return Look{under: colour(ansi.Style.BackgroundColor, under)}.made()
}

func filled(text, under color.Color) Look { return coloured(text).Over(shaded(under)).Bold(true) }
