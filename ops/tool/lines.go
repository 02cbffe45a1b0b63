package tool

import "strings"

// lines cuts what a tool writes into lines as a reader of a terminal would see them, since tools draw progress with
// carriage returns and backspaces:
//
//	\n          ends a line
//	\r          ends a line that the following text overwrites: it is reported, but not part of the output
//	\b          goes back one character, which the following text overwrites
//	\0 \1 \2    are dropped: by these tools tell a terminal where their bars begin and end
//
// Everything else stays as it is, other sequences too: labels read from a disk may hold anything, and what is shown of it
// passes the rules of package safetext like all other text.
type lines struct {
	// each is called for every line that is not blank; done for every line that nothing can overwrite any more.
	each, done func(line string)

	line    []byte
	at      int  // where the next character goes
	rewound bool // the next character begins the line anew
}

// maxLine is where a line is cut that does not end by itself.
const maxLine = 16 << 10

func (l *lines) write(p []byte) {
	for _, c := range p {
		switch {
		case c == '\n':
			l.end()
		case c == '\r':
			l.rewind()
		case c == '\b':
			l.at = max(0, l.at-1)
		case c > 2:
			l.put(c)
		}
	}
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

// text is the line without trailing blanks.
func (l *lines) text() string { return strings.TrimRight(string(l.line), " \t") }
