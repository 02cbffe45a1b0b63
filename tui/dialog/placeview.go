package dialog

import (
	"strings"

	"shunt/geometry"
	"shunt/ops"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// formLabel and formField are the widths of the two columns of a form.
const (
	formLabel = 22
	formField = 15
)

// fill is what the bar shows inside the partition.
type fill struct {
	style styles.Look
	used  geometry.Bytes // -1 if not known
}

// bar draws the room as a line with the partition on it: "───┣▓▓▓░░░░┫─────".
func (p place) bar(width int, f fill, at stop, st *styles.Styles) string {
	from, to := p.cells(width)
	left, right := st.Strong, st.Strong
	if at == stopBar {
		if p.handle != ops.RightEdge {
			left = st.Chosen
		}
		if p.handle != ops.LeftEdge {
			right = st.Chosen
		}
	}
	inside := ""
	if n := to - from - 2; n > 0 {
		if length := p.z.Bytes(p.span.Len()); f.used < 0 || length == 0 {
			inside = f.style.Render(strings.Repeat(st.Unknown, n))
		} else {
			full := widget.Portion(float64(f.used)/float64(length), n)
			inside = f.style.Render(strings.Repeat(st.Used, full) + strings.Repeat(st.Unused, n-full))
		}
	}
	line := func(n int) string { return st.Faint.Render(strings.Repeat(st.Horizontal, max(0, n))) }
	return widget.Fit(line(from)+left.Render(st.HandleLeft)+inside+right.Render(st.HandleRight)+line(width-to), width, "")
}

// leastBar is how many cells the partition keeps on the bar: its handles and one between them.
const leastBar = 3

// cells is where the partition lies on a bar of width cells, as a half-open run.
func (p place) cells(width int) (from, to int) {
	room := p.limits.Room
	if room.Empty() || width < leastBar {
		return 0, max(2, width)
	}
	scale := float64(width) / float64(room.Len())
	from = int(float64(p.span.Start-room.Start)*scale + 0.5)
	to = int(float64(p.span.End-room.Start)*scale + 0.5)
	from = min(max(0, from), width-leastBar)
	return from, min(max(to, from+leastBar), width)
}

// grab is the handle of the bar at cell x, and drag the span when it is pulled there.
func (p place) grab(x, width int) ops.Handle {
	from, to := p.cells(width)
	switch {
	case x <= from && p.limits.Move.OK():
		return ops.LeftEdge
	case x >= to-1:
		return ops.RightEdge
	}
	return ops.WholePartition
}

// The lines of the form, counted from its bar.
const (
	lineBar    = 0
	lineFields = 2
	lineAlign  = lineFields + 3
)

// mouse drags the handles of the bar, goes to the line that is clicked, and picks the grid. It returns where the
// keyboard is then.
func (p place) mouse(m Mouse, at stop) (place, stop) {
	switch m.Event {
	case Press:
		switch {
		case m.Y == lineBar:
			from, _ := p.cells(m.Width)
			p.handle, p.grip = p.grab(m.X, m.Width), max(0, m.X-from)
			return p, stopBar
		case m.Y >= lineFields && m.Y < lineAlign:
			if own := stop(m.Y - lineFields); p.fixed(own).OK() && own != at {
				return p.enter(), own
			}
		case m.Y == lineAlign:
			if i := widget.ChoiceAt(alignWords(), m.X-formLabel-2); i >= 0 {
				p.align = aligns[i]
			}
			return p.enter(), stopAlign
		}
	case Drag:
		if p.grip >= 0 {
			return p.drag(m.X, p.grip, m.Width), at
		}
	case Release:
		p.grip = -1
	}
	return p, at
}

// drag pulls the handle to cell x. grip is how far from the start of the partition it was taken.
func (p place) drag(x, grip, width int) place {
	sector := func(cell int) geometry.Sector {
		return p.limits.Room.Start + geometry.Sector(float64(cell)/float64(width)*float64(p.limits.Room.Len()))
	}
	want := p.span
	switch p.handle {
	case ops.WholePartition:
		want = want.Shift(sector(x-grip) - want.Start)
	case ops.LeftEdge:
		want.Start = sector(x)
	case ops.RightEdge:
		want.End = sector(x + 1)
	}
	return p.snap(want, p.handle)
}

// form draws the bar, the fields and the grid, and tells where the cursor is.
func (p place) form(width int, f fill, at stop, st *styles.Styles) (lines []string, cursor *Point) {
	lines = append(lines, p.bar(width, f, at, st), "")
	details := [3]string{
		"from sector " + grouped(p.span.Start),
		grouped(p.span.Len()) + " sectors",
		"to sector " + grouped(p.span.End-1),
	}
	if p.span.Start < 0 {
		details[0], details[2] = "before the disk", ""
	}
	for i, name := range []string{"Free space preceding", "New size", "Free space following"} {
		line, x := p.field(stop(i), name, at, st)
		if widget.Width(line)+2+widget.Width(details[i]) <= width {
			line += "  " + st.Muted.Render(details[i])
		}
		if stop(i) == at {
			cursor = &Point{X: x, Y: len(lines)}
		}
		lines = append(lines, line)
	}
	return append(lines, p.alignLine(width, at, st)), cursor
}

// field is one line of the form with the cell of its cursor.
func (p place) field(own stop, name string, at stop, st *styles.Styles) (line string, cursor int) {
	label := formName(name, own == at, st)
	if !p.fixed(own).OK() {
		return label + "  " + st.Faint.Render(p.fields[own].Value()), 0
	}
	return fieldLine(label, p.fields[own], own == at, formField, st)
}

// formName is the label of a line of a form, marked if the keyboard is there.
func formName(name string, here bool, st *styles.Styles) string {
	if here {
		return st.Focus.Render(widget.Fit(st.Cursor+" "+name, formLabel+2, ""))
	}
	return st.Muted.Render(widget.Fit("  "+name, formLabel+2, ""))
}

// fieldLine is a label with a field in brackets, and the cell of the cursor.
func fieldLine(label string, f widget.Field, here bool, width int, st *styles.Styles) (line string, cursor int) {
	frame := st.Faint
	if here {
		frame = st.Focus
	}
	text, x := f.View(width, here, st)
	return label + frame.Render("[") + text + frame.Render("]"), widget.Width(label) + 1 + x
}

func alignWords() []string {
	words := make([]string, len(aligns))
	for i, a := range aligns {
		words[i] = a.String()
	}
	words[geometry.AlignMiB] = "MiB"
	return words
}

func (p place) alignLine(width int, at stop, st *styles.Styles) string {
	line := formName("Align to", at == stopAlign, st) + widget.Choice(alignWords(), int(p.align), at == stopAlign, st)
	if note := "off grid: = aligns"; p.offGrid() && widget.Width(line)+2+len(note) <= width {
		line += "  " + st.Warn.Render(note)
	}
	return line
}
