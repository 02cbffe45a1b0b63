package tui

import (
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// editorPage is the title, the two bars, the table, the pending operations and the keys.
func (m Model) editorPage(d document) []string {
	pending := m.pendingOf(d)
	l := pending.layout()
	var out []string
	if text := d.banner(); text != "" {
		out = append(out, m.st.Bad.Render(widget.Fit(" "+text, m.width, m.st.More)))
	}
	out = append(out, m.bar(d, pictureNow, l)...)
	out = append(out, m.bar(d, pictureAfter, l)...)
	selected := d.row
	if d.pane != tablePane {
		selected = -1
	}
	naming := widget.Unnamed
	if d.queue.Preview().Table.Kind == model.TableGPT {
		naming = widget.Named
	}
	rows := d.rows()
	row := func(i int) widget.TableRow { return m.tableRow(d, rows[i]) }
	out = append(out, m.beside(widget.PartTable(len(rows), row, naming, selected, m.tableWidth(), l.table, m.st), d)...)
	return append(out, pending.box(l.pending)...)
}

// banner is what has to be known before anything is edited: why the disk is read-only, or that something
// is odd.
func (d document) banner() string {
	disk := d.queue.Preview()
	if reason := disk.ReadOnly(); !reason.OK() {
		return "Read-only: " + widget.Clean(string(reason))
	}
	for _, p := range disk.Problems() {
		if p.Severity == model.Warning {
			return "Note: " + widget.Clean(p.Text) + " (i tells more)"
		}
	}
	return ""
}

// How many keys the editor names beside the one that tells of all. They change with what is selected, and on lines that may
// be slow a step of the cursor has to stay small; who has a very wide window sits close to the machine.
const (
	mostKeys     = 6
	mostKeysWide = 12
)

func (m Model) editorBar(d document) (bindings, pinned []keymap.Binding) {
	useful, most := m.useful(d), mostKeys
	if m.width >= leastForDetails {
		most = mostKeysWide
	}
	list := m.editorBindings(d)
	return pick(m, d, list, useful[:min(len(useful), most)]...), pick(m, d, list, "?")
}

// useful lists the keys that fit what is selected, the likeliest first. Once something is pending, what to do with it comes
// before what is rare.
func (m Model) useful(d document) []string {
	if d.pane == pendingPane {
		return []string{"d remove", "K", "J", "u", "X", "R", "a"}
	}
	var out, then, rare []string
	row, ok := d.selected()
	switch {
	case ok && row.Kind == model.RowPartition && row.Partition.Use.Busy():
		if whyFixed(d, row.Partition.ID).OK() {
			out = append(out, "m")
		}
		out = append(out, "M")
	case ok && row.Kind == model.RowPartition:
		out, then, rare = []string{"m", "g"}, []string{"d"}, []string{"f", "l", "c", "t type", "x"}
	case ok && row.Kind == model.RowGap:
		out = append(out, "n")
		if m.clip.gen != 0 {
			out = append(out, "v")
		}
	case ok && row.Kind == model.RowWhole, !ok:
		out = append(out, "T")
	}
	if d.queue.Len() > 0 {
		out, rare = append(out, "a", "u", "R"), append(rare, "s")
	}
	out = append(out, then...)
	if _, _, cannot := ops.ImageLimits(d.queue.Preview()); cannot.OK() {
		out = append(out, "z")
	}
	return slices.Concat(out, []string{"i info"}, rare, []string{"o", "q"})
}

// bar is one of the two pictures of the disk.
func (m Model) bar(d document, which picture, l editorLayout) []string {
	name := "Now"
	if which == pictureAfter {
		name = "After"
	}
	disk, edge := which.of(d), m.st.Faint.Render(m.st.Vertical)
	segments := m.onTheWay(d, which, m.scaled(d, disk, which, d.queue.Preview()))
	left, width := m.barCells(l)
	lines := widget.DiskBar(segments, width, l.rows, m.st)
	if !l.boxed {
		return []string{m.st.Muted.Render(widget.Fit(" "+name, left-1, "")) + edge + lines[0] + edge}
	}
	// The lines reach the border, so that the picture uses the whole width.
	f := widget.Frame{Title: name, Corner: geometry.FormatBytes(disk.Size()), Edge: m.st.Faint, Name: m.st.Muted}
	box := widget.Box(make([]string, len(lines)), f, m.width, len(lines)+2, m.st)
	for i, line := range lines {
		box[i+1] = edge + line + edge
	}
	return box
}

// barCells is the first cell of the pictures and how many they have.
func (m Model) barCells(l editorLayout) (left, width int) {
	if l.boxed {
		return 1, m.width - 2
	}
	return 8, m.width - 9
}

// scaled is a picture with nothing behind the end of the disk, as long as the other picture goes on, so that the
// same length means the same size in both. preview is what the lower one shows.
func (m Model) scaled(d document, disk model.Disk, which picture, preview model.Disk) []widget.Segment {
	segments := m.segments(d, disk, which)
	beyond := max(d.queue.Initial().Sectors, preview.Sectors) - disk.Sectors
	if beyond <= 0 {
		return segments
	}
	return append(segments, widget.Segment{Weight: beyond, Used: -1, Shade: widget.Blank, Style: m.st.Unallocated})
}

// picture says which of the two bars is drawn: a selected gap is marked in the one that shows the disk as the
// table does, a partition in both.
type picture int

const (
	pictureNow picture = iota
	pictureAfter
)

// of is the disk that the picture shows.
func (p picture) of(d document) model.Disk {
	if p == pictureNow {
		return d.queue.Initial()
	}
	return d.queue.Preview()
}

// segments is a disk as a bar shows it.
func (m Model) segments(d document, disk model.Disk, which picture) []widget.Segment {
	chosen, _ := d.selected()
	return widget.DiskSegments(disk, func(r model.Row) widget.Mark {
		same := chosen.Kind == model.RowPartition && isPart(r, chosen.Partition.ID)
		if which == pictureNow && d.queue.Len() == 0 && same {
			return widget.InView // the mark would only repeat that of the other
		}
		if d.pane == tablePane && (same || which == pictureAfter && r.Kind == chosen.Kind && r.Span == chosen.Span) {
			return widget.Selected
		}
		return widget.Plain
	}, m.st)
}

// pendingCursor is the selected operation, -1 if the table has the keyboard.
func (d document) pendingCursor() int {
	if d.pane == pendingPane {
		return d.pending
	}
	return -1
}

// rowStyle is the look of what a row stands for.
func (m Model) rowStyle(r model.Row) styles.Look {
	switch {
	case r.Kind == model.RowGap:
		return m.st.Unallocated
	case r.Kind == model.RowPartition && r.Partition.Role == model.Extended:
		return m.st.Extended
	}
	return m.st.FS(r.FS.Kind)
}
