package plan

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is one word of a line.
type word struct {
	text   string // after removing quotes and replacing escapes
	col    int    // 1-based column of its first character
	after  int    // column behind its last character
	quoted bool   // some of it stood in quotes, so it is text and not a keyword
}

// split splits a line into words and drops its comment.
func split(line string) ([]word, error) {
	if !utf8.ValidString(line) {
		col := 1
		for r, n := utf8.DecodeRuneInString(line); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRuneInString(line) {
			line = line[n:]
			col++
		}
		return nil, &Error{Col: col, Msg: fmt.Sprintf(`byte %02x is no UTF-8: write it as "\x%02x", in quotes`, line[0], line[0])}
	}
	s := wordScanner{rest: []rune(line)}
	return s.words()
}

// splitComment does the same, and also returns the comment.
func splitComment(line string) (words []word, comment string, err error) {
	if !utf8.ValidString(line) {
		words, err = split(line)
		return words, "", err
	}
	s := wordScanner{rest: []rune(line)}
	words, err = s.words()
	return words, strings.TrimSpace(strings.TrimPrefix(string(s.rest[s.at:]), "#")), err
}

// words returns all words up to the comment.
func (s *wordScanner) words() (words []word, err error) {
	for {
		for s.at < len(s.rest) && unicode.IsSpace(s.rest[s.at]) {
			s.at++
		}
		if s.at == len(s.rest) || s.rest[s.at] == '#' {
			return words, nil
		}
		w, err := s.word()
		if err != nil {
			return nil, err
		}
		words = append(words, w)
	}
}

type wordScanner struct {
	rest []rune
	at   int
}

// word reads up to the next blank outside quotes.
func (s *wordScanner) word() (word, error) {
	w := word{col: s.at + 1}
	var text strings.Builder
	for ; s.at < len(s.rest) && !unicode.IsSpace(s.rest[s.at]); s.at++ {
		if s.rest[s.at] != '"' {
			text.WriteRune(s.rest[s.at])
			continue
		}
		w.quoted = true
		if err := s.quote(&text); err != nil {
			return w, err
		}
	}
	w.text, w.after = text.String(), s.at+1
	return w, nil
}

// quote reads from an opening quote to the closing one, and stops there.
func (s *wordScanner) quote(text *strings.Builder) error {
	opened := s.at
	for s.at++; s.at < len(s.rest); s.at++ {
		switch s.rest[s.at] {
		case '"':
			return nil
		case '\\':
			if err := s.escape(text); err != nil {
				return err
			}
			continue
		}
		text.WriteRune(s.rest[s.at])
	}
	return &Error{Col: opened + 1, Msg: `this quote is not closed: end it with "`}
}

// escaped maps the letters of escapes to the number of digits behind them.
var escaped = map[rune]int{'x': 2, 'u': 4, 'U': 8}

// escape reads an escape from its backslash to its end, and stops there. A backslash at the end of the line leaves the
// quote open.
func (s *wordScanner) escape(text *strings.Builder) error {
	begun := s.at + 1
	s.at++
	if s.at == len(s.rest) {
		return nil
	}
	kind := s.rest[s.at]
	if kind == '"' || kind == '\\' {
		text.WriteRune(kind)
		return nil
	}
	digits := escaped[kind]
	if digits == 0 || s.at+digits >= len(s.rest) {
		return &Error{Col: begun, Msg: fmt.Sprintf(`\%c is not an escape: use \" or \\, \xff for a byte, \u202e or \U0001f4be for a character`, kind)}
	}
	number := string(s.rest[s.at+1 : s.at+1+digits])
	n, err := strconv.ParseUint(number, 16, 32)
	if err != nil || kind != 'x' && !utf8.ValidRune(rune(n)) {
		return &Error{Col: begun, Msg: fmt.Sprintf(`\%c%s is not an escape: there is no such character`, kind, number)}
	}
	s.at += digits
	if kind == 'x' {
		text.WriteByte(byte(n))
	} else {
		text.WriteRune(rune(n))
	}
	return nil
}
