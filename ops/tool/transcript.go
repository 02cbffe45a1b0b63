package tool

import (
	"fmt"
	"io"
	"strings"
)

// keep is how many bytes of the beginning and of the end of an output are kept. A checker can write for hours about a
// damaged file system.
const keep = 256 << 10

// A transcript collects the output of a tool.
type transcript struct {
	views             string            // the beginning of paths that is left out, or ""
	onOutput, onDraft func(line string) // may be nil

	head    strings.Builder
	tail    []string // lines behind head, at most keep bytes of them
	size    int      // bytes in tail
	dropped int      // bytes left out between head and tail
}

// readFrom reads until the end of the output or the reader's deadline.
func (t *transcript) readFrom(r io.Reader) {
	l := lines{each: func(line string) {
		if t.onDraft != nil {
			t.onDraft(t.short(line))
		}
	}, done: t.add}
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		l.write(buf[:n])
		l.show()
		if err != nil {
			l.close()
			return
		}
	}
}

// short leaves views out of a line.
func (t *transcript) short(line string) string {
	if t.views == "" {
		return line
	}
	return strings.ReplaceAll(line, t.views, "")
}

func (t *transcript) add(line string) {
	line = t.short(line)
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

// String returns the output. If a part was left out, a line says so.
func (t *transcript) String() string {
	text := t.head.String()
	if t.dropped > 0 {
		text += fmt.Sprintf("[... %d bytes left out ...]\n", t.dropped)
	}
	return text + strings.Join(t.tail, "")
}
