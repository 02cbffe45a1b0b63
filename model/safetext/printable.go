// Package safetext has the rules for text that people read: what a terminal may be sent of it (Printable), how a command
// line is written so that a shell runs it as it stands (Command), and how JSON is written that is safe to look at (JSON).
// It imports nothing of shunt.
//
// Labels, names of files, the output of tools, the text of a journal and the errors that quote them may hold anything.
// Whoever prints or draws does it through an exit that applies these rules to everything: the streams of package cli, the
// screen of package tui, and the files that either saves. So no text is dangerous before its exit, and nobody before it has
// to remember anything; who needs to know how wide a text will be asks Printable first.
package safetext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is text as a terminal shows it: bytes that are no UTF-8, control characters, line ends, and characters that are
// invisible or turn the direction of text are written out as \x1b or \u202e. Anything else stays as it is. Two different
// texts can look the same afterwards, so it is for eyes only. Printable of its own result is the same again.
func Printable(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		writeVisible(&b, r, text[i:i+n])
		i += n
	}
	return b.String()
}

// Lines is Printable for text of several lines: line ends stay, and tabs become spaces.
func Lines(text string) string {
	if isPlain(text) {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Printable(strings.ReplaceAll(line, "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// Visible reports whether a terminal shows a character as one and obeys it in no way. Combining marks count: names in
// many scripts need them.
func Visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r <= '~'
	}
	return unicode.IsPrint(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) &&
		!unicode.Is(unicode.Variation_Selector, r)
}

// isPlain reports whether text is ASCII that can be printed, as most text is.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

const hexDigits = "0123456789abcdef"

// writeVisible writes a character so that it can be seen; raw is how it is encoded.
func writeVisible(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		writeHex(b, 'x', rune(raw[0]), 2)
	case Visible(r):
		b.WriteString(raw)
	case r < utf8.RuneSelf:
		writeHex(b, 'x', r, 2)
	case r > 0xFFFF:
		writeHex(b, 'U', r, 8)
	default:
		writeHex(b, 'u', r, 4)
	}
}

func writeHex(b *strings.Builder, kind byte, r rune, digits int) {
	b.WriteByte('\\')
	b.WriteByte(kind)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b.WriteByte(hexDigits[r>>shift&0xF])
	}
}

// Quoted is text in double quotes, fit to be shown and as a plan file takes it back: what is not visible is written out.
func Quoted(text string) string {
	return `"` + Printable(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)) + `"`
}
