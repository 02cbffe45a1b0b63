package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/ops"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// fill is what the bar shows inside the partition.
type fill struct {
	style styles.Look
	used  geometry.Bytes // -1 if not known
}

// bar draws the room as a line with the partition on it: "───┣▓▓▓░░░░┫─────".
func (p place) bar(width int, f fill, here bool, st *styles.Styles) string {
	from, to := p.cells(width)
	left, right := st.Strong, st.Strong
	if here {
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

// mouse drags the handles of the bar.
func (p place) mouse(m Mouse) place {
	switch m.Event {
	case Press:
		from, _ := p.cells(m.Width)
		p.handle, p.grip = p.grab(m.X, m.Width), max(0, m.X-from)
	case Drag:
		if p.grip >= 0 {
			return p.drag(m.X, p.grip, m.Width)
		}
	case Release:
		p.grip = -1
	}
	return p
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

// placeRows are the bar, the three fields and the grid of a place.
func placeRows[T any](t T, f func(*styles.Styles) fill, at func(*T) *place) []row[T] {
	p := *at(&t)
	take := func(own stop) func(*T, tea.Msg) Action {
		return func(t *T, msg tea.Msg) Action {
			*at(t) = at(t).update(msg, own)
			return nil
		}
	}
	rows := []row[T]{{
		stop: stopBar, take: take(stopBar),
		draw:  func(on paper) ([]string, *Point) { return []string{p.bar(on.width, f(on.st), on.here, on.st)}, nil },
		mouse: func(t *T, m Mouse) { *at(t) = at(t).mouse(m) },
	}, blank[T]()}
	for i, name := range []string{"Free space preceding", "New size", "Free space following"} {
		own := stopBefore + stop(i)
		rows = append(rows, row[T]{
			stop: own, take: take(own),
			draw: func(on paper) ([]string, *Point) {
				line, x := p.field(own, name, on.here, on.st)
				if detail := p.detail(own); widget.Width(line)+2+widget.Width(detail) <= on.width {
					line += "  " + on.st.Muted.Render(detail)
				}
				return []string{line}, &Point{X: x}
			},
		})
	}
	return append(rows, row[T]{
		stop: stopAlign, take: take(stopAlign),
		draw: func(on paper) ([]string, *Point) { return []string{p.alignLine(on.width, on.here, on.st)}, nil },
		mouse: func(t *T, m Mouse) {
			if i := widget.ChoiceAt(alignWords(), 0, m.Width, m.X-formLabel-2); m.Event == Press && i >= 0 {
				at(t).align = aligns[i]
			}
		},
	})
}

// detail is the number of a field in sectors.
func (p place) detail(own stop) string {
	switch {
	case own == stopSize:
		return grouped(p.span.Len()) + " sectors"
	case own == stopBefore && p.span.Start < 0:
		return "before the disk"
	case own == stopBefore:
		return "from sector " + grouped(p.span.Start)
	case p.span.Start < 0:
		return ""
	}
	return "to sector " + grouped(p.span.End-1)
}

// field is one of the fields with the cell of its cursor.
func (p place) field(own stop, name string, here bool, st *styles.Styles) (line string, cursor int) {
	label, field := formName(name, here, st), p.fields[own-stopBefore]
	if !p.fixed(own).OK() {
		return label + "  " + st.Faint.Render(field.Value()), 0
	}
	return fieldLine(label, field, here, formField, st)
}

func alignWords() []string {
	words := make([]string, len(aligns))
	for i, a := range aligns {
		words[i] = a.String()
	}
	words[geometry.AlignMiB] = "MiB"
	return words
}

func (p place) alignLine(width int, here bool, st *styles.Styles) string {
	line := formName("Align to", here, st) + widget.Choice(alignWords(), int(p.align), here, st)
	if note := "off grid: = aligns"; p.offGrid() && widget.Width(line)+2+len(note) <= width {
		line += "  " + st.Warn.Render(note)
	}
	return line
}
