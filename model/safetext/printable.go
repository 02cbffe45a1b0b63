// Package safetext makes text safe for people to read: Printable returns what may be sent to a terminal, Command writes a
// command line for a shell, and JSON writes JSON.
//
// Labels, file names, the output of tools, a journal's text and the errors that quote them may hold anything. All text
// leaves the program through an exit that applies these rules: the streams of package cli, the screen of package tui, and
// the files that both save. Other code does not have to think about it, unless it needs the width of a text: then it
// calls Printable first.
package safetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns text in a form that a terminal shows and does not obey. It escapes bytes that are not UTF-8, control
// characters, line ends, and characters that are invisible or change the direction of text, as \x1b or \u202e. Everything
// else stays the same. Different texts may give the same result. Calling Printable on its result changes nothing.
func Printable(text string) string {
	at := firstInvisible(text)
	if at == len(text) {
		return text
	}
	var b strings.Builder
	b.WriteString(text[:at])
	for i := at; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		writeVisible(&b, r, text[i:i+n])
		i += n
	}
	return b.String()
}

// firstInvisible returns the index of the first character that must be escaped, or the length of the text.
func firstInvisible(text string) int {
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c <= '~' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 || !Visible(r) {
			return i
		}
		i += n
	}
	return len(text)
}

// Lines is like Printable for text of several lines: it keeps line ends and replaces tabs by spaces.
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

// The blocks of Unicode with lines, shadings and geometric shapes.
const firstDrawing, lastDrawing = '\u2500', '\u25ff'

// Visible reports whether a terminal shows r as a character and does not obey it. That includes combining marks, because
// names in many scripts need them.
func Visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r <= '~'
	}
	if r >= firstDrawing && r <= lastDrawing {
		return true // the tables of Unicode say the same, but take much of the time of a frame
	}
	return unicode.IsPrint(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) &&
		!unicode.Is(unicode.Variation_Selector, r)
}

// isPlain reports whether text is printable ASCII, as most text is.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// writeVisible writes a character in visible form. raw is its encoding.
func writeVisible(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case Visible(r):
		b.WriteString(raw)
	case r < utf8.RuneSelf:
		fmt.Fprintf(b, `\x%02x`, r)
	case r > 0xFFFF:
		fmt.Fprintf(b, `\U%08x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// Quoted returns text in double quotes, as plan files have it. Characters that are not visible are escaped.
func Quoted(text string) string {
	return `"` + Printable(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)) + `"`
}
