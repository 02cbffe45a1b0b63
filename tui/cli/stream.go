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

// stream is the only way to write to a standard stream; the linter enforces that. It writes text only and escapes
// everything that should not reach a terminal. Line ends are the only control characters that stay. It does not expose
// the file, so nothing can bypass it.
type stream struct {
	w    io.Writer
	file *os.File // nil if the stream is not a file
}

func newStream(w io.Writer) *stream {
	f, _ := w.(*os.File)
	return &stream{w: w, file: f}
}

// Write implements io.Writer. If the bytes of a character are split between two calls, they are escaped as invalid bytes.
func (s *stream) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.w, safetext.Lines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// terminal reports whether the stream is a terminal.
func (s *stream) terminal() bool { return s.file != nil && term.IsTerminal(s.file.Fd()) }

// status shows text in the last line of a terminal, replacing the previous one; "" clears the line.
func (s *stream) status(text string) {
	_, _ = io.WriteString(s.w, "\r\x1b[K"+safetext.Printable(text)) // a terminal that is gone needs no status
}

// json writes a value as JSON, followed by a line end.
func (s *stream) json(v any, indent string) error {
	b, err := safetext.JSON(v, indent)
	if err != nil {
		return err
	}
	_, err = s.Write(append(b, '\n'))
	return err
}

// dark reports whether the background of the terminal is dark.
func (s *stream) dark() bool { return lipgloss.HasDarkBackground(os.Stdin, s.file) }

// helpStream is the stream for the help and the shell completions of the library. It also passes tabs, which separate
// completions, and on a terminal looks.
type helpStream struct{ *stream }

var _ term.File = helpStream{}

// The sequences that helpStream passes: tabs, and on terminals also sequences that only change the look of text.
var (
	tabs  = regexp.MustCompile(`\t`)
	looks = regexp.MustCompile(`\t|\x1b\[[0-9;:]*m`)
)

// Write is like stream.Write, but passes looks and tabs.
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

// Read and the other methods of *os.File make the library treat the stream as a terminal. Close does nothing, because the
// file belongs to the process.
func (s helpStream) Read(p []byte) (int, error) { return s.file.Read(p) }
func (s helpStream) Close() error               { return nil }
func (s helpStream) Fd() uintptr                { return s.file.Fd() }
