package tool

import (
	"strings"
	"unicode"
)

// lines cuts what a tool writes into lines as a reader of a terminal would see them. Tools draw progress with carriage
// returns and backspaces, and labels read from a disk may hold anything, including sequences that
// would act on the user's terminal; none of it gets through.
//
//	\n       ends a line
//	\r       ends a line that the following text overwrites: it is reported, but not part of the output
//	\b       goes back one character, which the following text overwrites
//	ESC ...  and all other control characters are dropped
type lines struct {
	// each is called for every line that is not blank; done for every line that nothing can overwrite any more.
	each, done func(line string)

	line    []byte
	at      int  // where the next character goes
	rewound bool // the next character begins the line anew
	escape  escapeState
}

type escapeState uint8

const (
	plainText escapeState = iota
	afterEscape
	inSequence // after ESC [, up to a letter
)

// maxLine is where a line is cut that does not end by itself.
const maxLine = 16 << 10

func (l *lines) write(p []byte) {
	for _, c := range p {
		if l.skip(c) {
			continue
		}
		switch {
		case c == '\n':
			l.end()
		case c == '\r':
			l.rewind()
		case c == '\b':
			l.at = max(0, l.at-1)
		case c == '\t' || c >= ' ' && c != 0x7f:
			l.put(c)
		}
	}
}

// skip swallows escape sequences.
func (l *lines) skip(c byte) bool {
	switch l.escape {
	case afterEscape:
		l.escape = plainText
		if c == '[' {
			l.escape = inSequence
		}
		return c >= ' '
	case inSequence:
		if c >= '@' && c <= '~' || c < ' ' {
			l.escape = plainText
		}
		return c >= ' '
	case plainText:
		if c == 0x1b {
			l.escape = afterEscape
			return true
		}
	}
	return false
}

func (l *lines) put(c byte) {
	if l.rewound {
		l.line, l.rewound = l.line[:0], false
	}
	if l.at < len(l.line) {
		l.line[l.at] = c
	} else {
		l.line = append(l.line, c)
	}
	l.at++
	if len(l.line) >= maxLine {
		l.end()
	}
}

// rewind reports the line as far as it got. It is kept, as a line may also end with \r\n.
func (l *lines) rewind() {
	if text := l.text(); text != "" && !l.rewound {
		l.each(text)
	}
	l.rewound, l.at = true, 0
}

func (l *lines) end() {
	text := l.text()
	if text != "" && !l.rewound {
		l.each(text)
	}
	l.done(text)
	l.line, l.at, l.rewound = l.line[:0], 0, false
}

// close ends a last line that has no end of its own.
func (l *lines) close() {
	if l.text() != "" {
		l.end()
	}
}

// text is the line as valid UTF-8 without control characters and trailing blanks.
func (l *lines) text() string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(l.line), "\uFFFD")), " \t")
}
