package dialog

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/guide"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// How wide the page is where there is room, and how high.
const (
	roomWidth  = 100
	roomHeight = 26
)

// View is the field, the disk now and after the chosen plan, the plans, and what is impossible.
func (r Room) View(width, height int, st *styles.Styles) View {
	w := min(width, roomWidth)
	v := View{Title: "Make the image smaller", Width: w}
	var lines []string
	if !r.image() {
		line, x := fieldLine(formName("New size", true, st), r.field, true, formField, st)
		now := r.part.Ref() + " has " + geometry.FormatBytes(r.queue.Preview().SectorSize.Bytes(r.part.Span.Len()))
		if r.search.told() {
			now = searching(st)
		}
		if widget.Width(line)+2+widget.Width(now) <= w {
			line += "  " + st.Muted.Render(now)
		}
		v.Title, v.Cursor, lines = "Make room for "+partTitle(r.part, st), &Point{X: x}, []string{line, ""}
	}
	keys := len(widget.KeyLines(r.Keys(), w, st))
	rows := 1
	if height >= 28 {
		rows = 2
	}
	lines = append(lines, r.bars(w, rows, st)...)
	lines = append(lines, "")
	rest := max(3, min(height, roomHeight)-len(lines)-keys-1)
	l := r.list(w, st)
	v.Items = make([]int, len(lines), len(lines)+rest)
	l.window(&v, r.down, rest, st)
	v.Lines = append(lines, widget.Pad(l.lines, w, rest, st.More)...)
	return v
}

// bars are the disk as it is and as it will be.
func (r Room) bars(width, rows int, st *styles.Styles) []string {
	now, after := r.queue.Preview(), r.preview()
	upper, lower := r.segments(now, after, st), r.segments(after, now, st)
	if r.rest > 0 {
		upper = widget.Between(r.segments(now, r.from, st), upper, 1-r.rest, st.Unallocated)
		lower = widget.Between(r.segments(r.from, now, st), lower, 1-r.rest, st.Unallocated)
	}
	return append(r.bar("Now", upper, width, rows, st), r.bar("After", lower, width, rows, st)...)
}

// segments is the picture of a disk, to the same scale as that of the other.
func (r Room) segments(d, other model.Disk, st *styles.Styles) []widget.Segment {
	segments := widget.DiskSegments(d, func(row model.Row) widget.Mark {
		if row.Kind == model.RowPartition && row.Partition.ID == r.part.ID {
			return widget.Selected
		}
		return widget.Plain
	}, st)
	if beyond := other.Sectors - d.Sectors; beyond > 0 {
		segments = append(segments, widget.Segment{Weight: beyond, Used: -1, Shade: widget.Blank, Style: st.Unallocated})
	}
	return segments
}

// bar is a picture with its name.
func (r Room) bar(name string, segments []widget.Segment, width, rows int, st *styles.Styles) []string {
	const label = 6
	edge := st.Faint.Render(st.Vertical)
	lines := widget.DiskBar(segments, width-label-2, rows, st)
	for i := range lines {
		if i > 0 {
			name = ""
		}
		lines[i] = st.Muted.Render(widget.Fit(name, label, "")) + edge + lines[i] + edge
	}
	return lines
}

// planList is what is below the bars.
type planList struct {
	lines []string
	items []int // as in View
	// from and to are the lines of the chosen plan.
	from, to int
}

func (l *planList) add(item int, lines ...string) {
	for _, line := range lines {
		l.lines, l.items = append(l.lines, line), append(l.items, item)
	}
}

// list is the plans, with the chosen one told in full, and what is impossible. While others are searched for, and that
// takes a while, those for the wish before are pale.
func (r Room) list(width int, st *styles.Styles) *planList {
	l := &planList{}
	switch {
	case r.wrong != nil:
		l.add(0, notes(r.wrong.Error()+`, or type "max"`, width, 3, st.Warn.Render, st)...)
	case len(r.plans) == 0 && len(r.no) == 0:
		if r.search.told() {
			l.add(0, st.Muted.Render(searching(st)))
		}
	case len(r.plans) == 0 && r.image():
		l.add(0, st.Warn.Render("It cannot be made smaller. What was considered:"))
	case len(r.plans) == 0:
		l.add(0, st.Warn.Render("That much room cannot be made. What was considered:"))
	}
	for i, p := range r.plans {
		if i == r.at {
			l.from = len(l.lines)
		}
		l.add(i+1, r.planLines(i, p, width, st)...)
		if i == r.at {
			l.to = len(l.lines)
		}
	}
	if len(r.no) > 0 && len(r.plans) > 0 {
		l.add(0, "", st.Muted.Render("Not possible:"))
	}
	for _, n := range r.no {
		l.add(0, notes("  "+impossibleWords(n), width, 3, st.Muted.Render, st)...)
	}
	if len(r.plans) == 0 && r.most() && !r.search.out {
		// As much as there is takes nothing from the image's end, which may be all that is left.
		if _, _, cannot := ops.ImageLimits(r.queue.Preview()); cannot.OK() {
			l.add(0, append([]string{""}, notes(`Type a size ("4GiB") or a change ("+1GiB"): the image can grow to make that room.`, width, 3, st.Text.Render, st)...)...)
		}
	}
	if r.search.told() {
		for i, line := range l.lines {
			l.lines[i] = st.Faint.Render(ansi.Strip(line))
		}
	}
	return l
}

func searching(st *styles.Styles) string { return "searching" + st.More }

// window cuts the list to at most height lines. Unless it is scrolled away by down lines,
// the chosen plan stays in it.
func (l *planList) window(v *View, down, height int, st *styles.Styles) {
	start := 0
	if l.to > height-1 {
		start = min(l.from, l.to-height+1)
	}
	start = max(0, min(start+down, len(l.lines)-height))
	if below := len(l.lines) - start - height; below > 0 {
		// The last line tells that there is more.
		more := fmt.Sprintf("%s %d more lines: pgdn", st.Down, below+1)
		l.lines = append(l.lines[:start+height-1:start+height-1], st.Faint.Render(more))
		l.items = append(l.items[:start+height-1:start+height-1], 0)
	}
	l.lines, l.items = l.lines[start:], l.items[start:]
	v.Items = append(v.Items, l.items...)
}

func impossibleWords(n guide.Impossible) string {
	return widget.Clean(sentence(n.String()))
}

// planLines is a plan in a line, or with all it does if it is the chosen one.
func (r Room) planLines(i int, p guide.Plan, width int, st *styles.Styles) []string {
	cost := costWords(p)
	if r.image() {
		cost = geometry.FormatBytes(r.queue.Preview().SectorSize.Bytes(p.Len)) + ", " + cost
	}
	title := p.Title()
	title = strings.ToUpper(title[:1]) + title[1:]
	room := width - 4 - widget.Width(cost) - 1
	head := widget.Fit(title, room, st.More) + " " + cost
	if i != r.at {
		return []string{st.Muted.Render(fmt.Sprintf("%3d ", i+1)) + st.Text.Render(widget.Fit(title, room, st.More)) + " " + st.Muted.Render(cost)}
	}
	lines := []string{st.Row.Render(fmt.Sprintf("%s%2d ", st.Cursor, i+1) + head)}
	indent := func(text string, look func(...string) string) {
		for _, line := range widget.Wrap(text, width-4) {
			lines = append(lines, "    "+look(line))
		}
	}
	if widget.Width(title) > room || len(p.Ways) > 3 {
		for _, way := range p.Ways {
			indent(st.Dot+" "+strings.ToUpper(way[:1])+way[1:], st.Text.Render)
		}
	}
	for j, m := range r.meaning(p) {
		if j == 0 {
			indent(m, st.Good.Render)
		} else {
			indent(m, st.Warn.Render)
		}
	}
	return lines
}
