package ops

import (
	"fmt"
	"strings"
	"unicode"
)

// planWord is one word of a plan line.
type planWord struct {
	text   string // with quotes and escapes resolved
	col    int    // 1-based column of its first character
	after  int    // column behind its last character
	quoted bool   // some of it stood in quotes, so it is text and not a keyword
}

// planWords splits a line into words, without its comment.
func planWords(line string) ([]planWord, error) {
	s := wordScanner{rest: []rune(line)}
	var words []planWord
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
func (s *wordScanner) word() (planWord, error) {
	w := planWord{col: s.at + 1}
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

// quote reads from an opening quote to the closing one and stays on that.
func (s *wordScanner) quote(text *strings.Builder) error {
	opened := s.at
	for s.at++; s.at < len(s.rest); s.at++ {
		switch s.rest[s.at] {
		case '"':
			return nil
		case '\\':
			s.at++
			if s.at == len(s.rest) {
				continue
			}
			if s.rest[s.at] != '"' && s.rest[s.at] != '\\' {
				return &PlanError{Col: s.at, Msg: fmt.Sprintf(`\%c is not an escape: use \" or \\`, s.rest[s.at])}
			}
		}
		text.WriteRune(s.rest[s.at])
	}
	return &PlanError{Col: opened + 1, Msg: `this quote is not closed: end it with "`}
}
