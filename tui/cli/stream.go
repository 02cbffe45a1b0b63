package cli

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/term"

	"shunt/model/safetext"
)

// stream is the way to one of the standard streams, and the only one: the linter keeps everything else off them. All that is
// written is text, and what of it no reader should be sent to a terminal is written out; of control characters only line
// ends stay. Nothing can be written past that, since a stream has no other way out and is no file.
type stream struct {
	w    io.Writer
	file *os.File // nil if it is none
}

func newStream(w io.Writer) *stream {
	f, _ := w.(*os.File)
	return &stream{w: w, file: f}
}

// Write implements io.Writer. A character whose bytes come in two writes is written out like bytes that are no character.
func (s *stream) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.w, safetext.Lines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// terminal reports whether the stream leads to a terminal.
func (s *stream) terminal() bool { return s.file != nil && term.IsTerminal(s.file.Fd()) }

// status shows text in the last line of a terminal, in place of what stood there; "" clears the line.
func (s *stream) status(text string) {
	_, _ = io.WriteString(s.w, "\r\x1b[K"+safetext.Printable(text)) // a terminal that is gone needs no status
}

// json writes a value as JSON with a line end.
func (s *stream) json(v any, indent string) error {
	b, err := safetext.JSON(v, indent)
	if err != nil {
		return err
	}
	_, err = s.Write(append(b, '\n'))
	return err
}

// dark asks the terminal whether its background is dark.
func (s *stream) dark() bool { return lipgloss.HasDarkBackground(os.Stdin, s.file) }

// helpStream is a stream for the help and the completions of the library: they bring looks, which a terminal gets, and tabs,
// which shells split at.
type helpStream struct{ *stream }

var _ term.File = helpStream{}

// look is a sequence that changes nothing but how the text behind it looks.
var look = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// Write is stream.Write that lets looks and tabs through.
func (s helpStream) Write(p []byte) (int, error) {
	var b strings.Builder
	text := func(part []byte) {
		for i, cell := range bytes.Split(part, []byte("\t")) {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(safetext.Lines(string(cell)))
		}
	}
	at := 0
	if s.terminal() {
		for _, found := range look.FindAllIndex(p, -1) {
			text(p[at:found[0]])
			b.Write(p[found[0]:found[1]])
			at = found[1]
		}
	}
	text(p[at:])
	if _, err := io.WriteString(s.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Read, Close and Fd make the stream a terminal for those who ask whether it is one, and for what else they ask it.
func (s helpStream) Read(p []byte) (int, error) {
	if s.file == nil {
		return 0, io.EOF
	}
	return s.file.Read(p)
}

// Close leaves the stream open: it belongs to the process.
func (s helpStream) Close() error { return nil }

// Fd is the descriptor of the stream's file, or one that is none.
func (s helpStream) Fd() uintptr {
	if s.file == nil {
		return ^uintptr(0)
	}
	return s.file.Fd()
}
