// Package safetext has the rules for text that people read: what may be sent to a terminal (Printable), how to write a
// command line that a shell runs as it stands (Command), and how to write JSON that is safe to look at (JSON).
//
// Labels, names of files, the output of tools, the text of a journal and the errors that quote them may hold anything. All
// text is printed or drawn through an exit that applies these rules: the streams of package cli, the screen of package tui,
// and the files that either saves. So text is safe behind its exit, and code before it need not remember anything. Code
// that needs to know how wide a text will be asks Printable first.
package safetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns text as a terminal shows it: bytes that are no UTF-8, control characters, line ends, and characters
// that are invisible or turn the direction of text are written out as \x1b or \u202e. Anything else stays as it is. Two
// different texts can look the same afterwards. Printable of its own result is the same again.
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

// Visible reports whether a terminal shows a character as one and does not obey it. Combining marks count, because names in
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
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// writeVisible writes a character so that it can be seen. raw is its encoding.
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

// Quoted returns text in double quotes, as a plan file reads it. What is not visible is written out.
func Quoted(text string) string {
	return `"` + Printable(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)) + `"`
}
