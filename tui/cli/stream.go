package cli

import (
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

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

// content returns a writer for the bytes of files. They go out as they are, but a terminal gets text only, as from
// stream.Write, with tabs. The writer must be closed.
func (s *stream) content() io.WriteCloser {
	if s.terminal() {
		return &shownContent{to: s.w}
	}
	return plainContent{s.w}
}

// handed returns the stream for a program that people start to talk to it.
func (s *stream) handed() io.Writer {
	if s.file != nil {
		return s.file
	}
	return s.w
}

type plainContent struct{ io.Writer }

func (plainContent) Close() error { return nil }

// shownContent keeps the beginning of a character back until the rest of it comes.
type shownContent struct {
	to   io.Writer
	kept []byte
}

func (c *shownContent) Write(p []byte) (int, error) {
	text := append(c.kept, p...)
	end := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if at := len(text) - back; utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				end = at
			}
			break
		}
	}
	c.kept = append([]byte(nil), text[end:]...)
	if err := c.show(string(text[:end])); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *shownContent) Close() error { return c.show(string(c.kept)) }

// show writes text with its tabs.
func (c *shownContent) show(text string) error {
	pieces := strings.Split(text, "\t")
	for i, piece := range pieces {
		pieces[i] = safetext.Lines(piece)
	}
	_, err := io.WriteString(c.to, strings.Join(pieces, "\t"))
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
