// Package lvmtext reads and edits the text in which LVM describes a volume group. Every physical volume of the group has a
// copy of it.
//
// Invariant: no text makes it panic, or use much more time and memory than the text is long.
package lvmtext

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// Group is the text of a volume group's metadata: nested sections `name { … }` that contain lines `key = value`. It
// is edited in place, so that the rest stays as LVM wrote it.
type Group struct {
	text []byte
	root *section
}

// section is one section of the text.
type section struct {
	name     string
	values   map[string]value
	sections []*section
}

// value is the position of a value in the text.
type value struct{ from, to int }

// mostNames limits the sections and values that are read. A group of some ten thousand volumes has that many.
const mostNames = 200_000

var errText = errors.New("its metadata cannot be understood: use `pvresize`")

// nextWord returns the position of the next word from at on: a string, a list, a brace, an equals sign, a name or a
// number. It skips blanks and comments. The word is empty at the end of the text and at a NUL.
func nextWord(text []byte, at int) (v value, err error) {
	for ; at < len(text) && strings.IndexByte(" \t\r\n#", text[at]) >= 0; at++ {
		if text[at] == '#' {
			comment, _, _ := bytes.Cut(text[at:], []byte{'\n'})
			at = min(at+len(comment), len(text)-1)
		}
	}
	if at == len(text) || text[at] == 0 {
		return value{at, at}, nil
	}
	list, quoted := text[at] == '[', false
	for to := at; to < len(text); to++ {
		switch c := text[to]; {
		case c == '"' && (to == at || text[to-1] != '\\'):
			if quoted = !quoted; !quoted && !list {
				return value{at, to + 1}, nil
			}
		case quoted:
		case list && c == ']':
			return value{at, to + 1}, nil
		case !list && strings.IndexByte(" \t\r\n={}#\x00", c) >= 0:
			return value{at, max(to, at+1)}, nil
		}
	}
	if list || quoted {
		return v, errText
	}
	return value{at, len(text)}, nil
}

// Parse parses the text of a volume group's metadata.
func Parse(text []byte) (Group, error) {
	file := &section{}
	if err := file.parse(text); err != nil {
		return Group{}, err
	}
	for _, s := range file.sections {
		if s.values["seqno"] != (value{}) {
			return Group{text, s}, nil
		}
	}
	return Group{}, errors.New("its metadata does not describe a volume group")
}

// parse parses the text into s, the section that stands for the whole text.
func (s *section) parse(text []byte) error {
	const deepest = 16
	open := []*section{s}
	name, assigned := "", false // name is the word before a brace or equals sign
	for at, names := 0, 0; names <= mostNames; {
		v, err := nextWord(text, at)
		if err != nil {
			return err
		}
		word, top := string(text[v.from:v.to]), open[len(open)-1]
		at = v.to
		switch {
		case assigned && word != "" && !strings.Contains("{}=", word):
			top.values[name] = v
			name, assigned = "", false
		case assigned:
			return errText
		case name != "" && word == "=":
			assigned = true
			if top.values == nil {
				top.values = map[string]value{}
			}
		case name != "" && word == "{" && len(open) <= deepest:
			child := &section{name: name}
			top.sections, open, name = append(top.sections, child), append(open, child), ""
		case name != "":
			return errText
		case word == "":
			if len(open) > 1 {
				return errText
			}
			return nil
		case word == "}" && len(open) > 1:
			open = open[:len(open)-1]
		case strings.ContainsAny(word[:1], "{}=[\""):
			return errText
		default:
			name = word
			names++
		}
	}
	return errText
}

func (g Group) word(s *section, key string) string {
	v := s.values[key]
	return string(g.text[v.from:v.to])
}

func (g Group) number(s *section, key string) (int64, error) {
	n, err := strconv.ParseInt(g.word(s, key), 10, 62)
	if err != nil || n < 0 {
		return 0, errText
	}
	return n, nil
}
