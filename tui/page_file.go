package tui

import (
	"bytes"
	"context"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// mostShown is how much of a file its page shows, in bytes.
const mostShown = 64 << 10

// viewed is the file that is shown over the list of files. The zero value is none.
type viewed struct {
	gen    int // generation of the request for its content
	name   string
	entry  report.FileEntry
	data   []byte
	more   bool // data is only the beginning
	err    error
	giveUp context.CancelFunc // cancels the request in progress
	// loading is set until the content has been read.
	loading bool
	hex     bool
	top     int // first line shown
}

func (v viewed) open() bool { return v.gen != 0 }

// openFile starts to read the beginning of a file in the listed directory.
func (m Model) openFile(d document, e report.FileEntry) (Model, tea.Cmd) {
	m.gen++
	ctx, cancel := context.WithCancel(context.Background())
	m.files.shown = viewed{gen: m.gen, name: widget.Clean(e.Name), entry: e, loading: true, giveUp: cancel}
	path := strings.Join(append(m.files.dirs[:len(m.files.dirs):len(m.files.dirs)], e.Exact()), "/")
	return m, readHead(ctx, d.target, m.files.part, path, m.gen)
}

// readHead reads the beginning of a file.
func readHead(ctx context.Context, t Target, part model.PartID, path string, gen int) tea.Cmd {
	return func() tea.Msg {
		data, more, err := t.Head(ctx, part, path, mostShown)
		return result(func(m Model) (Model, tea.Cmd) {
			if v := &m.files.shown; v.gen == gen {
				v.data, v.more, v.err, v.loading = data, more, err, false
				v.hex = !isText(data)
			}
			return m, nil
		})
	}
}

// isText reports whether people can read the data as it is. Its last character may be cut off.
func isText(data []byte) bool {
	for range utf8.UTFMax {
		if r, n := utf8.DecodeLastRune(data); r == utf8.RuneError && n == 1 {
			data = data[:len(data)-1]
		}
	}
	return utf8.Valid(data) && !bytes.ContainsRune(data, 0)
}

func (m Model) fileBindings(document) []binding {
	return append([]binding{
		stopCopyBinding(),
		on("esc", "back", noTarget(Model.closeFile), "esc", "q", "ctrl+c", "backspace", "left").unless(copiesAlready),
		on("e", "copy out", noCommand(Model.askCopyShown), "e").unless(copiesAlready),
		on("h", "text or hex", noCommand(func(m Model, _ document) Model {
			m.files.shown.hex, m.files.shown.top = !m.files.shown.hex, 0
			return m
		}), "h"),
	}, whenMore(travel(Model.scrollFile, "scroll", "page"), Model.fileOverflows)...)
}

// fileOverflows reports whether the file is longer than the page.
func (m Model) fileOverflows(document) bool {
	height := m.height - 4
	return bytes.Count(m.files.shown.data, []byte("\n")) > height || len(m.fileText(m.width-6)) > height
}

func (m Model) closeFile() (Model, tea.Cmd) {
	before := background(m.files.shown.giveUp)
	m.files.shown = viewed{}
	return m, before
}

func (m Model) scrollFile(_ document, s step) Model {
	height := m.height - 4
	m.files.shown.top = s.from(m.files.shown.top, height-1, len(m.fileText(m.width-6))-height)
	return m
}

// filePage draws the beginning of a file, as text or in hexadecimal.
func (m Model) filePage(document) []string {
	v, st := m.files.shown, m.st
	height := m.height - 2
	f := widget.Frame{Title: v.name + " in " + m.files.ref + m.findWords(), Edge: st.Faint, Name: st.Title}
	if v.more {
		f.Foot = "the first " + geometry.FormatBytes(mostShown)
	}
	return widget.Box(widget.Scroll(m.found(m.fileText(m.width-6)), v.top, m.width-4, height-2, st), f, m.width, height, st)
}

// fileText returns the lines of the page.
func (m Model) fileText(width int) []string {
	v, b := m.files.shown, m.block(width)
	b.add(m.copyingLines(b.width)...)
	switch {
	case v.loading:
		b.wrap(m.st.Muted, "Reading"+m.st.More)
	case v.err != nil:
		b.wrap(m.st.Warn, sentence(v.err))
	case len(v.data) == 0:
		b.wrap(m.st.Muted, "The file is empty.")
	case v.hex:
		b.add(hexLines(v.data, width)...)
	default:
		for line := range strings.Lines(string(v.data)) {
			b.wrap(m.st.Text, widget.Clean(strings.TrimRight(line, "\r\n")))
		}
	}
	return b.lines
}

// hexLines returns offset, bytes and characters, as many a line as fit.
func hexLines(data []byte, width int) []string {
	if width < hexWide {
		return report.Hex(data, 8)
	}
	return report.Hex(data, 16)
}
