package tui

import (
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// editorPage draws the two bars, the table and the pending operations.
func (m Model) editorPage(d document) []string {
	pending := m.pendingOf(d)
	l := pending.layout()
	pending.detailed = m.detailed(d, l.table)
	if m.nothingFound() != "" {
		d.row, m.settled = -1, settled{} // nothing is selected
	}
	var out []string
	out = append(out, m.bannerLines(d)...)
	out = append(out, m.bar(d, pictureNow, l)...)
	out = append(out, m.bar(d, pictureAfter, l)...)
	at := m.tableMark(d)
	naming := widget.Unnamed
	if d.queue.Preview().Table.Kind == model.TableGPT {
		naming = widget.Named
	}
	all := m.tableRows(d)
	rows := all
	if m.finds() && m.find.typing {
		var hits []widget.TableRow
		for i, row := range m.inView(len(rows)) {
			if row == d.row {
				at.Row = i
			}
			hits = append(hits, rows[row])
		}
		rows = hits
	}
	table := widget.PartTable(rows, all, naming, at, m.tableWidth(), l.table, m.st)
	out = append(out, m.below(m.beside(table, d), d)...)
	return append(out, pending.box(l.pending)...)
}

// tableMark returns the row with the cursor, or that of the partition that the selected operation changes.
func (m Model) tableMark(d document) widget.RowMark {
	if d.pane == tablePane {
		return widget.RowMark{Row: d.row}
	}
	row, _ := m.trailing(d).subject()
	at := slices.IndexFunc(d.rows(), func(r model.Row) bool { return row.Kind == model.RowPartition && isPart(r, row.Partition.ID) })
	return widget.RowMark{Row: at, Elsewhere: true}
}

// mostKeys is the number of keys in the key bar, besides the one for help. The bar changes with the selection, and moving the
// cursor should send little over a slow line. A very wide window is taken as a sign of a local terminal, and its bar is filled.
const mostKeys = 6

// noKey stands for a key that another row has at this place. No other key takes the place, so that fewer keys change with the row.
const noKey = ""

func (m Model) editorBar(d document) (bindings, pinned []keymap.Binding) {
	d = m.trailing(d)
	useful := m.useful(d)
	most := mostKeys
	if m.width >= leastForDetails {
		most = len(useful)
	}
	list := m.editorBindings(d)
	useful = slices.DeleteFunc(useful, func(key string) bool { return m.refuses(d, list, key) })
	useful = slices.DeleteFunc(useful[:min(len(useful), most)], func(key string) bool { return key == noKey })
	return pick(m, d, list, useful...), pick(m, d, list, "?")
}

// refuses reports whether a key that useful returns would be refused. The keys for a partition were tried before.
func (m Model) refuses(d document, list []binding, key string) bool {
	name, _, _ := strings.Cut(key, " ")
	if !slices.Contains([]string{"enter", "n", "v", "T", "K", "J"}, name) {
		return false
	}
	return !slices.ContainsFunc(list, func(b binding) bool { return slices.Contains(b.Keys(), name) && b.hopeless(m, d).OK() })
}

// useful returns the keys that fit the selection, the most likely first. If operations are pending, the keys for them
// come before the rare ones.
func (m Model) useful(d document) []string {
	if d.pane == pendingPane {
		return []string{"enter edit", "d remove", "P partitions", "K", "J", "u", "a", "R", "X"}
	}
	var out, then, rare []string
	row, ok := d.selected()
	switch {
	case ok && row.Kind == model.RowPartition:
		beside := "g"
		if row.Partition.Use.Busy() {
			beside = "M"
		}
		out, then = m.possible(d, row.Partition, "m", beside), m.possible(d, row.Partition, "d")
		rare = m.possible(d, row.Partition, "f", "l", "c", "t type", "x")
		if len(then) > 0 {
			out = append(out, slices.Repeat([]string{noKey}, max(0, 1-len(out)))...)
		}
		if d.queue.Preview().Spare(row.Partition) > 0 {
			out = append(out, m.possible(d, row.Partition, "F")...)
		}
	case ok && row.Kind == model.RowGap:
		out = append(out, "n")
		if m.clip.gen != 0 {
			out = append(out, "v")
		}
	case ok && row.Kind == model.RowWhole && d.queue.Preview().Whole.Known():
		p, _ := d.contents()
		out, rare = m.possible(d, p, "x", "l"), []string{"T"}
	case ok && row.Kind == model.RowWhole, !ok:
		out = append(out, "T")
	}
	if d.queue.Len() > 0 {
		out, rare = append(out, "a", "u", "R"), append(rare, "s")
	}
	out = append(out, then...)
	if _, _, cannot := ops.ImageLimits(d.queue.Preview(), d.queue.Env()); cannot.OK() {
		out = append(out, "z")
	}
	return slices.Concat(out, []string{"i info"}, rare, []string{"o", "q"})
}

// possible returns those of the keys that can do something to a partition.
func (m Model) possible(d document, p model.Partition, keys ...string) []string {
	possible := func(err error) bool { return err == nil || d.leadsOn(err) } // perhaps by a question
	staged := func(tries ...ops.Operation) bool { return possible(canStageAny(d.queue, tries...)) }
	can := func(key string) bool {
		switch key {
		case "m":
			return possible(tryResize(m, d))
		case "g":
			return ops.Limit(d.queue.Preview(), d.queue.Env(), p.ID).Grow.OK()
		case "d":
			return staged(ops.Delete{ID: p.ID})
		case "f":
			return staged(tryFormat(d, p)...)
		case "l":
			return staged(tryLabel(d, p)...)
		case "c":
			return d.whyNoCopy(p).OK()
		case "t type":
			return staged(tryType(d, p)...)
		case "x":
			return staged(ops.Check{ID: p.ID})
		case "F":
			return staged(ops.Fill{ID: p.ID})
		}
		return key == "M" && d.mountsSomething()
	}
	locked := !d.queue.Preview().ReadOnly().OK()
	return slices.DeleteFunc(keys, func(key string) bool { return locked && key != "M" && key != "c" || !can(key) })
}

// bar draws one of the two bars.
func (m Model) bar(d document, which picture, l editorLayout) []string {
	name := "Now"
	if which == pictureAfter {
		name = "After"
	}
	disk, edge := which.of(d), m.st.Faint.Render(m.st.Vertical)
	segments := m.onTheWay(d, which, m.scaled(d, disk, which.rows(d), which, d.queue.Preview()))
	left, width := m.barCells(l)
	lines := widget.DiskBar(segments, width, l.rows, m.st)
	if !l.boxed {
		return []string{m.st.Muted.Render(widget.Fit(" "+name, left-1, "")) + edge + lines[0] + edge}
	}
	// The lines touch the border, so that the bar uses the whole width.
	f := widget.Frame{Title: name, Corner: geometry.FormatBytes(disk.Size()), Edge: m.st.Faint, Name: m.st.Muted}
	box := widget.Box(make([]string, len(lines)), f, m.width, len(lines)+2, m.st)
	for i, line := range lines {
		box[i+1] = edge + line + edge
	}
	if ext, ok := disk.Extended(); ok {
		mark := widget.Plain
		if chosen, _ := m.trailing(d).subject(); isPart(chosen, ext.ID) {
			mark = m.markOf(d, which, ext)
		}
		if line, ok := widget.UnderExtended(segments, []string{ext.Ref() + " extended", ext.Ref()}, mark, m.width, f, m.st); ok {
			box[len(box)-1] = line
		}
	}
	return box
}

// barCells returns the first cell of the bars and their width.
func (m Model) barCells(l editorLayout) (left, width int) {
	if l.boxed {
		return 1, m.width - 2
	}
	return 8, m.width - 9
}

// scaled returns the segments of a disk, with empty space at the end if the other disk is larger, so that both bars have
// the same scale. preview is the disk that the lower bar shows.
func (m Model) scaled(d document, disk model.Disk, rows []model.Row, which picture, preview model.Disk) []widget.Segment {
	segments := m.segments(d, rows, which)
	beyond := max(d.queue.Initial().Sectors, preview.Sectors) - disk.Sectors
	if beyond <= 0 {
		return segments
	}
	sign := "+"
	if which == pictureAfter {
		sign = "-"
	}
	return append(segments, widget.Beyond(beyond, disk.SectorSize, sign, m.st))
}

// picture selects one of the two bars. A selected gap is marked in the lower bar only.
type picture int

const (
	pictureNow picture = iota
	pictureAfter
)

// of returns the disk that the bar shows.
func (p picture) of(d document) model.Disk {
	if p == pictureNow {
		return d.queue.Initial()
	}
	return d.queue.Preview()
}

// rows returns the rows of that disk.
func (p picture) rows(d document) []model.Row {
	if p == pictureNow {
		return d.now
	}
	return d.after
}

// segments returns the segments for rows of a bar.
func (m Model) segments(d document, rows []model.Row, which picture) []widget.Segment {
	d = m.trailing(d)
	chosen, _ := d.subject()
	return widget.DiskSegments(rows, d.queue.Initial().SectorSize, func(r model.Row) widget.Mark {
		same := chosen.Kind == model.RowPartition && isPart(r, chosen.Partition.ID)
		if same {
			return m.markOf(d, which, r.Partition)
		}
		if which == pictureAfter && r.Kind != model.RowPartition && r.Kind == chosen.Kind && r.Span == chosen.Span {
			return d.chosenMark()
		}
		return widget.Plain
	}, m.st)
}

// markOf returns the mark of the selected partition in a bar. In the upper one there is a mark if the lower bar shows the
// partition at another place or not at all.
func (m Model) markOf(d document, which picture, p model.Partition) widget.Mark {
	if which == pictureAfter {
		return d.chosenMark()
	}
	then, stays := d.queue.Preview().Partition(p.ID)
	switch {
	case d.replacedBy() != "":
		return widget.Plain // the same number is another partition there
	case stays && then.Span == p.Span:
		return widget.InView
	}
	return d.chosenMark()
}

// chosenMark returns the mark of what is selected: there is one cursor on the screen, which may be below the bars.
func (d document) chosenMark() widget.Mark {
	if d.pane == pendingPane {
		return widget.Picked
	}
	return widget.Selected
}

// pendingCursor returns the selected operation, or -1 if the table has the keyboard.
func (d document) pendingCursor() int {
	if d.pane == pendingPane {
		return d.pending
	}
	return -1
}

// rowStyle returns the look of a row of the preview.
func (m Model) rowStyle(d document, r model.Row) styles.Look {
	switch {
	case r.Kind == model.RowRest, r.Kind == model.RowPartition && !d.queue.Preview().Apart(r.Partition):
		return m.st.Bad
	case r.Kind == model.RowGap:
		return m.st.Unallocated
	case r.Kind == model.RowPartition && r.Partition.Role == model.Extended:
		return m.st.Extended
	}
	return m.st.FS(r.FS.Kind)
}
