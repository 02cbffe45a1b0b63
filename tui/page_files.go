package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// files is the page that lists the files of a partition, so that a user can identify it. It only reads. The zero value is
// no page.
type files struct {
	gen    int // generation of the request for the directory, 0 if there is no page
	part   model.PartID
	ref    string
	dirs   []string // the path of the directory, as exact names
	list   report.Listing
	err    error
	giveUp context.CancelFunc // cancels the request in progress
	// loading is set until the directory has been read.
	loading bool
	at      int
	shown   viewed // the file that lies over the list
}

func (f files) open() bool { return f.gen != 0 }

// noFiles returns why the files of the partition on the information page cannot be listed, or "" if they can.
func noFiles(m Model, d document) model.Reason {
	if no := notOpen(m, d); !no.OK() {
		return no
	}
	disk := d.queue.Initial()
	p, there := disk.Partition(m.reader.part)
	why := ""
	switch {
	case m.reader.part == 0 && disk.Table.Kind != model.TableNone:
		why = "the files are in the partitions: select one"
	case m.reader.part == 0 && !disk.Whole.Known():
		why = "there is no file system here"
	case m.reader.part == 0:
		why = string(d.facts.NoMount[0])
	case !there:
		why = "it is only pending: nothing of it is on the target yet"
	case p.Role == model.Extended:
		why = "an extended partition only holds others"
	case !p.FS.Known():
		why = "there is no file system here that shunt knows"
	default:
		why = string(d.facts.NoMount[p.ID])
	}
	if why == "" {
		return ""
	}
	return model.Because("No files to list: %s", why)
}

// openFiles opens the page with the root directory of the partition on the information page.
func (m Model) openFiles(d document) (Model, tea.Cmd) {
	ref := "the disk"
	if p, ok := d.queue.Initial().Partition(m.reader.part); ok {
		ref = p.Ref()
	}
	m.files = files{part: m.reader.part, ref: ref}
	return m.chdir(d, nil)
}

// chdir starts to read a directory.
func (m Model) chdir(d document, dirs []string) (Model, tea.Cmd) {
	m.gen++
	before := background(m.files.giveUp)
	ctx, cancel := context.WithCancel(context.Background())
	m.files.giveUp = cancel
	m.files.gen, m.files.dirs, m.files.loading, m.files.err, m.files.at = m.gen, dirs, true, nil, 0
	m.files.list = report.Listing{}
	return m, tea.Batch(before, listFiles(ctx, d.target, m.files.part, strings.Join(dirs, "/"), m.gen))
}

// listed applies a directory that was read, if it is still wanted.
func (m Model) listed(gen int, list report.Listing, err error) Model {
	if m.files.gen == gen {
		m.files.list, m.files.err, m.files.loading = list, err, false
	}
	return m
}

func (m Model) filesBindings(document) []binding {
	atTop := func(m Model, _ document) model.Reason {
		if len(m.files.dirs) == 0 {
			return "This is the top of the file system: press esc to go back"
		}
		return ""
	}
	return append([]binding{
		stopCopyBinding(),
		on("esc", "back", noTarget(Model.closeFiles), "esc", "q", "ctrl+c").unless(copiesAlready),
		on("enter", "open", Model.enterDir, "enter", "right").unless(notOpened),
		on("e", "copy out", noCommand(Model.askCopyListed), "e").unless(notListed).unless(copiesAlready),
		on("backspace", "directory above", Model.leaveDir, "backspace", "left").shownAs("backspace", "up").unless(atTop),
	}, whenMore(travel(Model.moveInFiles, "select"), func(m Model, _ document) bool { return len(m.files.list.Entries) > 1 })...)
}

func (m Model) closeFiles() (Model, tea.Cmd) {
	before := background(m.files.giveUp)
	m.files = files{}
	return m, before
}

// notOpened returns why the selected entry cannot be opened, or "".
func notOpened(m Model, _ document) model.Reason {
	switch {
	case m.files.loading:
		return "The directory is still being read"
	case m.files.at >= len(m.files.list.Entries):
		return "There is nothing to open here"
	}
	switch m.files.list.Entries[m.files.at].Kind {
	case report.FileSymlink:
		return "This is a link: go to the file or directory that it leads to, and open that"
	case report.FileOther:
		return "This is a device, a pipe or a socket: it has no contents to show"
	case report.FileRegular, report.FileDirectory:
	}
	return ""
}

func (m Model) enterDir(d document) (Model, tea.Cmd) {
	e := m.files.list.Entries[m.files.at]
	if e.Kind == report.FileRegular {
		return m.openFile(d, e)
	}
	return m.chdir(d, append(slices.Clone(m.files.dirs), e.Exact()))
}

func (m Model) leaveDir(d document) (Model, tea.Cmd) {
	return m.chdir(d, slices.Clone(m.files.dirs[:len(m.files.dirs)-1]))
}

func (m Model) moveInFiles(_ document, s step) Model {
	m.files.at = s.from(m.files.at, m.height-6, len(m.files.list.Entries)-1)
	return m
}

// filesNotes returns the lines above the entries.
func (m Model) filesNotes() []string {
	st, f, b := m.st, m.files, m.block(m.width-4)
	b.add(m.copyingLines(b.width)...)
	for _, note := range f.list.Notes {
		b.wrap(st.Warn, ops.Capital(widget.Clean(note)))
	}
	switch {
	case f.loading:
		b.wrap(st.Muted, "Reading"+st.More)
	case f.err != nil:
		b.wrap(st.Warn, sentence(f.err))
	case len(f.list.Entries) == 0:
		b.wrap(st.Muted, "The directory is empty.")
	case m.nothingFound() != "":
		b.wrap(st.Warn, m.nothingFound())
	}
	return b.lines
}

// fileLines returns the entries to show, and the number of lines above them.
func (m Model) fileLines() (rows []int, first int) {
	first = len(m.filesNotes())
	rows = m.inView(len(m.files.list.Entries))
	from, to := widget.Visible(len(rows), slices.Index(rows, m.files.at), max(1, m.height-4-first))
	return rows[from:to], first
}

// filesPage draws the directory, one line for each entry.
func (m Model) filesPage(document) []string {
	st, f := m.st, m.files
	w := m.width - 4
	path := f.list.Path
	if path == "" {
		path = "/" + safetext.Printable(strings.Join(f.dirs, "/"))
	}
	lines := m.filesNotes()
	shown, _ := m.fileLines()
	for _, i := range shown {
		look := widget.RowLook(i, len(f.list.Entries), i == f.at, st)
		lines = append(lines, look.Under(m.fileLine(f.list.Entries[i], i == f.at, w)))
	}
	frame := widget.Frame{Title: "Files in " + f.ref + ": " + path + m.findWords(), Edge: st.Faint, Name: st.Title}
	frame.Corner = m.counted(f.at, len(f.list.Entries), f.list.More)
	if f.list.By != "" {
		frame.Foot = "listed by " + f.list.By
	}
	return widget.Box(lines, frame, m.width, m.height-2, st)
}

// fileLine returns the line of an entry: name, size and date.
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
	tail := " " + widget.FitRight(size, 10) + "  " + widget.Fit(date, 16, "")
	text := widget.Fit(name, max(1, width-2-widget.Width(tail)), st.More) + tail
	mark, look := "  ", st.Text
	if selected {
		mark = st.Cursor + " "
	}
	if e.Kind == report.FileDirectory {
		look = st.Strong
	}
	return look.Render(mark + text)
}

func (m Model) filesZones(document) []*lipgloss.Layer {
	shown, first := m.fileLines()
	return []*lipgloss.Layer{widget.Zone("files", 0, boxY+first, m.width, len(shown))}
}

// filesAim selects the entry under the mouse.
func (m Model) filesAim(_ document, hit lipgloss.LayerHit, _, y int) (next Model, groups []string) {
	if shown, _ := m.fileLines(); hit.ID() == "files" && y < len(shown) {
		m.files.at = shown[y]
	}
	return m, nil
}

// filesClick selects the entry in line y of the list, or opens it if it is selected already.
func (m Model) filesClick(_ document, _ lipgloss.LayerHit, _, y int) (Model, tea.Cmd) {
	shown, _ := m.fileLines()
	if shown[y] == m.files.at {
		return m.pageKey(keymap.Event("enter"))
	}
	m.files.at = shown[y]
	return m, nil
}
