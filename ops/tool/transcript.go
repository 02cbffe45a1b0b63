package tool

import (
	"fmt"
	"io"
	"strings"
)

// keep is how much of the beginning and of the end of an output is kept. A damaged file system can make a checker talk for
// hours; what it was asked and how it ended are at the ends.
const keep = 256 << 10

// transcript collects the output of a tool.
type transcript struct {
	onOutput, onDraft func(line string)

	head    strings.Builder
	tail    []string // lines behind head, at most keep bytes of them
	size    int      // bytes in tail
	dropped int      // bytes left out between head and tail
}

// readFrom reads until the end, or until reading fails, which is when the reader's deadline passes.
func (t *transcript) readFrom(r io.Reader) {
	l := lines{each: t.draft, done: t.add}
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		l.write(buf[:n])
		if text := l.text(); text != "" && !l.rewound {
			t.draft(text)
		}
		if err != nil {
			l.close()
			return
		}
	}
}

func (t *transcript) draft(line string) {
	if t.onDraft != nil {
		t.onDraft(line)
	}
}

func (t *transcript) add(line string) {
	if line != "" && t.onOutput != nil {
		t.onOutput(line)
	}
	line += "\n"
	if len(t.tail) == 0 && t.head.Len()+len(line) <= keep {
		t.head.WriteString(line)
		return
	}
	t.tail = append(t.tail, line)
	t.size += len(line)
	for t.size > keep {
		t.size -= len(t.tail[0])
		t.dropped += len(t.tail[0])
		t.tail = t.tail[1:]
	}
}

// String is the output, with a line that tells what is left out, if anything is.
func (t *transcript) String() string {
	text := t.head.String()
	if t.dropped > 0 {
		text += fmt.Sprintf("[... %d bytes left out ...]\n", t.dropped)
	}
	return text + strings.Join(t.tail, "")
}
