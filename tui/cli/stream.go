package cli

import (
	"io"
	"os"
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/term"

	"shunt/model/safetext"
)

// stream is the only way to one of the standard streams: the linter keeps everything else off them. It writes text only,
// and spells out what should not be sent to a terminal; the only control characters that stay are line ends. Nothing can
// be written past that, since a stream has no other way out and is no file.
type stream struct {
	w    io.Writer
	file *os.File // nil if it is none
}

func newStream(w io.Writer) *stream {
	f, _ := w.(*os.File)
	return &stream{w: w, file: f}
}

// Write implements io.Writer. If the bytes of a character come in two writes, they are spelled out like bytes that are
// none.
func (s *stream) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.w, safetext.Lines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// terminal reports whether the stream leads to a terminal.
func (s *stream) terminal() bool { return s.file != nil && term.IsTerminal(s.file.Fd()) }

// status shows text in the last line of a terminal, instead of what was there; "" clears the line.
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

// helpStream is a stream for the help and the completions of the library. They contain looks, which go to a terminal, and
// tabs, at which shells split.
type helpStream struct{ *stream }

var _ term.File = helpStream{}

// What helpStream lets through: tabs, and on terminals sequences that change nothing but how the text behind them looks.
var (
	tabs  = regexp.MustCompile(`\t`)
	looks = regexp.MustCompile(`\t|\x1b\[[0-9;:]*m`)
)

// Write is stream.Write that lets looks and tabs through.
func (s helpStream) Write(p []byte) (int, error) {
	passing := tabs
	if s.terminal() {
		passing = looks
	}
	var b strings.Builder
	kept := append(passing.FindAllString(string(p), -1), "")
	for i, text := range passing.Split(string(p), -1) {
		b.WriteString(safetext.Lines(text) + kept[i])
	}
	if _, err := io.WriteString(s.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// The library takes the stream for a terminal by these. Close leaves it open: it belongs to the process.
func (s helpStream) Read(p []byte) (int, error) { return s.file.Read(p) }
func (s helpStream) Close() error               { return nil }
func (s helpStream) Fd() uintptr                { return s.file.Fd() }
