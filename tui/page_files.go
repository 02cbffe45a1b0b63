package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// files is the page that lists the files of a partition, to make sure that it is the one that is meant. It only reads.
// The zero files is no page.
type files struct {
	gen    int // of the directory that is wanted, 0 if there is no page
	part   model.PartID
	ref    string
	dirs   []string // exact names from the root on
	list   report.Listing
	err    error
	giveUp context.CancelFunc // ends the question that is asked
	// loading says that the directory has not arrived yet.
	loading bool
	at      int
}

func (f files) open() bool { return f.gen != 0 }

// whyNoFiles is why the files of what the information page is about cannot be listed, "" if they can.
func (m Model) whyNoFiles(d document) string {
	disk := d.queue.Initial()
	if m.reader.part == 0 {
		switch {
		case disk.Table.Kind != model.TableNone:
			return "the files are in the partitions: select one"
		case !disk.Whole.Known():
			return "there is no file system here"
		}
		return ""
	}
	p, ok := disk.Partition(m.reader.part)
	switch {
	case !ok:
		return "it is only pending: nothing of it is on the target yet"
	case p.Role == model.Extended:
		return "an extended partition only holds others"
	case !p.FS.Known():
		return "there is no file system here that shunt knows"
	}
	return ""
}

// openFiles lists the root directory of what the information page is about.
func (m Model) openFiles() (tea.Model, tea.Cmd) {
	d, ok := m.doc()
	if !ok || d.state != docOpen {
		return m, nil
	}
	if why := m.whyNoFiles(d); why != "" {
		return m.say(toneWarn, "No files to list: "+why), nil
	}
	ref := "the disk"
	if p, ok := d.queue.Initial().Partition(m.reader.part); ok {
		ref = p.Ref()
	}
	m.files = files{part: m.reader.part, ref: ref}
	return m.chdir(d, nil)
}

// chdir asks for a directory.
func (m Model) chdir(d document, dirs []string) (tea.Model, tea.Cmd) {
	m.gen++
	before := giveUp(m.files.giveUp)
	ctx, cancel := context.WithCancel(context.Background())
	m.files.giveUp = cancel
	m.files.gen, m.files.dirs, m.files.loading, m.files.err, m.files.at = m.gen, dirs, true, nil, 0
	m.files.list = report.Listing{}
	return m, tea.Batch(before, listFiles(ctx, d.target, m.files.part, strings.Join(dirs, "/"), m.gen))
}

// filesListed takes a directory, if it is still asked for.
func (m Model) filesListed(msg filesMsg) Model {
	if m.files.gen == msg.gen {
		m.files.list, m.files.err, m.files.loading = msg.list, msg.err, false
	}
	return m
}

func (m Model) filesKey(msg tea.KeyPressMsg, _ document) (tea.Model, tea.Cmd) {
	k := m.keys
	d, ok := m.doc()
	last := max(0, len(m.files.list.Entries)-1)
	page := max(1, m.height-6)
	switch {
	case keymap.Match(msg, k.back) || !ok:
		before := giveUp(m.files.giveUp)
		m.files = files{}
		return m, before
	case keymap.Match(msg, k.outside):
		if n := len(m.files.dirs); n > 0 {
			return m.chdir(d, slices.Clone(m.files.dirs[:n-1]))
		}
		return m.say(toneWarn, "This is the top of the file system: esc goes back"), nil
	case keymap.Match(msg, k.inside):
		if m.files.at >= len(m.files.list.Entries) {
			return m, nil
		}
		e := m.files.list.Entries[m.files.at]
		if e.Kind != report.FileDirectory {
			return m.say(toneWarn, "Only directories can be gone into; files are listed, not read"), nil
		}
		return m.chdir(d, append(slices.Clone(m.files.dirs), e.Exact()))
	case keymap.Match(msg, k.up):
		m.files.at = max(0, m.files.at-1)
	case keymap.Match(msg, k.down):
		m.files.at = min(last, m.files.at+1)
	case keymap.Match(msg, k.pageUp):
		m.files.at = max(0, m.files.at-page)
	case keymap.Match(msg, k.pageDown):
		m.files.at = min(last, m.files.at+page)
	case keymap.Match(msg, k.top):
		m.files.at = 0
	case keymap.Match(msg, k.bottom):
		m.files.at = last
	}
	return m, nil
}

// filesNotes is what stands above the entries.
func (m Model) filesNotes() []string {
	st, f, w := m.st, m.files, m.width-4
	var lines []string
	for _, note := range f.list.Notes {
		lines = append(lines, notesIn(widget.Clean(note), w, st.Warn.Render)...)
	}
	switch {
	case f.loading:
		lines = append(lines, st.Muted.Render("Reading"+st.More))
	case f.err != nil:
		lines = append(lines, notesIn(sentence(f.err), w, st.Warn.Render)...)
	case len(f.list.Entries) == 0:
		lines = append(lines, st.Muted.Render("Nothing is in it."))
	}
	return lines
}

// fileLines is the run of entries that is shown, and below how many lines it begins.
func (m Model) fileLines() (from, to, first int) {
	first = len(m.filesNotes())
	from, to = widget.Visible(len(m.files.list.Entries), m.files.at, max(1, m.height-4-first))
	return from, to, first
}

// filesPage is the directory with a line for each entry.
func (m Model) filesPage(document) []string {
	st, f := m.st, m.files
	w := m.width - 4
	path := f.list.Path
	if path == "" {
		path = "/" + safetext.Printable(strings.Join(f.dirs, "/"))
	}
	lines := m.filesNotes()
	from, to, _ := m.fileLines()
	for i := from; i < to; i++ {
		lines = append(lines, m.fileLine(f.list.Entries[i], i == f.at, w))
	}
	frame := widget.Frame{Title: "Files in " + f.ref + ": " + path, Edge: st.Faint, Name: st.Title}
	if n := len(f.list.Entries); n > 0 {
		frame.Corner = fmt.Sprintf("%d of %d", f.at+1, n)
		if f.list.More {
			frame.Corner += " listed, and more"
		}
	}
	if f.list.By != "" {
		frame.Foot = "read by " + f.list.By
	}
	return append([]string{m.title()}, widget.Box(lines, frame, m.width, m.height-2, st)...)
}

// fileLine is the name, the size and the date of an entry.
func (m Model) fileLine(e report.FileEntry, selected bool, width int) string {
	st := m.st
	name, size, date := widget.Clean(e.Name), "", ""
	switch e.Kind {
	case report.FileDirectory:
		name += "/"
	case report.FileSymlink:
		name += " " + st.Right + " " + widget.Clean(e.Target)
	case report.FileRegular:
		if e.Size >= 0 {
			size = geometry.FormatBytes(e.Size)
		}
	case report.FileOther:
		size = "special"
	}
	if !e.Modified.IsZero() {
		date = e.Modified.Format("2006-01-02 15:04")
	}
	tail := " " + widget.Cell(size, 10, widget.Right, "") + "  " + widget.Cell(date, 16, widget.Left, "")
	text := widget.Fit(name, max(1, width-2-widget.Width(tail)), st.More) + tail
	if selected {
		return st.Row.Render(st.Cursor + " " + text)
	}
	look := st.Text
	if e.Kind == report.FileDirectory {
		look = st.Strong
	}
	return look.Render("  " + text)
}

func (m Model) filesBindings(document) (bindings, always []keymap.Binding) {
	k := m.keys
	return []keymap.Binding{k.back.Short("esc"), k.inside.As("open"), k.outside, k.up.Short("↑↓").As("select")}, nil
}

// filesZones are the lines of the entries.
func (m Model) filesZones(document) []*lipgloss.Layer {
	from, to, first := m.fileLines()
	return []*lipgloss.Layer{widget.Zone("files", 0, boxY+first, m.width, to-from)}
}

// filesClick selects the entry in line y of the list, and opens the one that is selected already.
func (m Model) filesClick(_ document, _ lipgloss.LayerHit, _, y int) (tea.Model, tea.Cmd) {
	from, _, _ := m.fileLines()
	if from+y == m.files.at {
		return m.pageKey(keymap.Event("enter"))
	}
	m.files.at = from + y
	return m, nil
}
