package safetext

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Command returns a command line that bash runs as argv and that Printable does not change. Words are quoted where
// necessary. Words with characters that cannot be shown are written as $'…' with escapes. Backquotes are escaped too, so
// that a command can stand between backquotes in a sentence. A program with "=" in its name is quoted, because bash would
// take it for an assignment.
func Command(argv ...string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = Word(word)
		if i == 0 && strings.Contains(word, "=") && words[i] == word {
			words[i] = "'" + word + "'"
		}
	}
	return strings.Join(words, " ")
}

// Word returns one word in the form that Command uses.
func Word(word string) string {
	switch {
	case word != "" && strings.Trim(word, plainInShell) == "":
		return word
	case !strings.Contains(word, "`") && Printable(word) == word:
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(word); {
		r, n := utf8.DecodeRuneInString(word[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(word[i])
		case Visible(r) && r != '`' && !(r == utf8.RuneError && n == 1):
			b.WriteString(word[i : i+n])
		default: // byte by byte: what \u means in a shell depends on its locale
			for _, c := range []byte(word[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		i += n
	}
	b.WriteString("'")
	return b.String()
}

// plainInShell lists the characters that need no quotes anywhere in a word.
const plainInShell = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%^"

// Operand returns path in a form that no program takes for an option.
func Operand(path string) string {
	if strings.HasPrefix(path, "-") {
		return "./" + path
	}
	return path
}
