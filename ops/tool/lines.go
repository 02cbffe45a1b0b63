package tool

import "strings"

// lines cuts the output of a tool into lines as a terminal would show them, since tools draw progress bars with carriage
// returns and backspaces:
//
//	\n          ends a line
//	\r          ends a line that the following text overwrites: it is reported, but not part of the output
//	\b          goes back one character, which the following text overwrites
//	\0 \1 \2    are dropped: tools mark the beginning and the end of their bars with them
//
// Everything else stays as it is, including escape sequences, which labels can contain. Package safetext cleans the text
// before it is shown.
type lines struct {
	// each is called for every line that is not blank, even one that is overwritten. done is called for every final line.
	each, done func(line string)

	line    []byte
	at      int  // where the next character goes
	rewound bool // the next character starts the line again
}

// maxLine is the length at which a line is cut, in bytes.
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

// show reports the line so far.
func (l *lines) show() {
	if text := l.text(); text != "" && !l.rewound {
		l.each(text)
	}
}

// rewind goes back to the start of the line. It keeps the text, because a \n may follow.
func (l *lines) rewind() {
	l.show()
	l.rewound, l.at = true, 0
}

func (l *lines) end() {
	l.show()
	l.done(l.text())
	l.line, l.at, l.rewound = l.line[:0], 0, false
}

// close ends the last line if it has no newline.
func (l *lines) close() {
	if l.text() != "" {
		l.end()
	}
}

// text returns the line without trailing blanks.
func (l *lines) text() string { return strings.TrimRight(string(l.line), " \t") }
