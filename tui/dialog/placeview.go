package dialog

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// fill describes the contents of the partition on the bar.
type fill struct {
	style func(*styles.Styles) styles.Look
	used  geometry.Bytes // -1 if not known
}

// barLead is the number of cells before the bar, for the cursor.
const barLead = 2

// bar draws the partition within the available space: "▸ ───┣▓▓▓░░░░┫─────".
func (p *place) bar(f fill, on paper) string {
	width, st := on.width-barLead, on.st
	from, to := p.cells(width)
	left, right, lead := st.Strong, st.Strong, ""
	if on.here {
		lead = st.Focus.Render(st.Cursor)
		if p.handle != ops.RightEdge {
			left = st.Chosen
		}
		if p.handle != ops.LeftEdge {
			right = st.Chosen
		}
	}
	inside, look := "", f.style(st)
	if n := to - from - 2; n > 0 {
		if length := p.z.Bytes(p.drawn().Len()); f.used < 0 || length == 0 {
			inside = look.Render(strings.Repeat(st.Unknown, n))
		} else {
			full := widget.Portion(float64(f.used)/float64(length), n)
			inside = look.Render(strings.Repeat(st.Used, full) + strings.Repeat(st.Unused, n-full))
		}
	}
	line := func(n int) string { return st.Faint.Render(strings.Repeat(st.Horizontal, max(0, n))) }
	return widget.Fit(lead, barLead, "") + widget.Fit(line(from)+left.Render(st.HandleLeft)+inside+right.Render(st.HandleRight)+line(width-to), width, "")
}

// leastBar is the smallest width of the partition on the bar: its two handles and one cell between them.
const leastBar = 3

// drawn returns the span to show: the present one if what was typed is impossible.
func (p *place) drawn() geometry.Span {
	if p.possible(stopSize, p.span) {
		return p.span
	}
	return p.base
}

// cells returns the range [from, to) of the partition on a bar of width cells.
func (p *place) cells(width int) (from, to int) {
	whole, span := p.limits.Room, p.drawn()
	if whole.Empty() || width < leastBar {
		return 0, max(2, width)
	}
	scale := float64(width) / float64(whole.Len())
	from = int(float64(span.Start-whole.Start)*scale + 0.5)
	to = int(float64(span.End-whole.Start)*scale + 0.5)
	from = min(max(0, from), width-leastBar)
	return from, min(max(to, from+leastBar), width)
}

// mouse drags the handles of the bar.
func (p *place) mouse(m Mouse) {
	m.X, m.Width = max(0, m.X-barLead), m.Width-barLead
	from, to := p.cells(m.Width)
	switch {
	case m.Event == Release:
		p.grip = -1
	case m.Event == Drag && p.grip >= 0:
		p.drag(m.X, m.Width)
	case m.Event == Press:
		p.grip = max(0, m.X-from)
		switch {
		case m.X <= from && p.limits.Move.OK():
			p.handle = ops.LeftEdge
		case m.X >= to-1:
			p.handle = ops.RightEdge
		default:
			p.handle = ops.WholePartition
		}
	}
}

// drag moves the handle to cell x.
func (p *place) drag(x, width int) {
	sector := func(cell int) geometry.Sector {
		return p.limits.Room.Start + geometry.Sector(float64(cell)/float64(width)*float64(p.limits.Room.Len()))
	}
	want := p.span
	switch p.handle {
	case ops.WholePartition:
		want = want.Shift(sector(x-p.grip) - want.Start)
	case ops.LeftEdge:
		want.Start = sector(x)
	case ops.RightEdge:
		want.End = sector(x + 1)
	}
	p.snap(want, p.handle)
}

// rows returns the bar, the three fields and the grid. The tab key visits the stop first before all others, and the grid
// and the bar last.
func (p *place) rows(f fill, first stop, common ...keymap.Binding) []row {
	keys := func(own ...keymap.Binding) []keymap.Binding {
		keys := append(slices.Concat(common, own), keyNext())
		switch {
		case p.rounded != stopNone:
			keys = append(keys, keyGrid().As("exactly"))
		case p.exact || p.offGrid():
			keys = append(keys, keyGrid())
		}
		return keys
	}
	bar := row{
		stop: stopBar, tab: 2, keys: keys(keymap.Bind("←→", "drag", "left", "right"), keyHandle()),
		about: about{keys: p.hiddenKeys()},
		draw:  func(on paper) drawing { return drawing{lines: []string{p.bar(f, on)}} },
		take: func(msg tea.Msg) Action {
			p.command(msg, stopBar)
			return nil
		},
		mouse: func(m Mouse) Action {
			p.mouse(m)
			return nil
		},
	}
	rows := []row{bar, blank()}
	for i, name := range []string{"Free space preceding", "New size", "Free space following"} {
		r := p.field(stopBefore+stop(i), name)
		r.keys = keys(keymap.Bind("↑↓", "nudge", "up", "down"))
		if r.stop == first {
			r.tab = -1
		}
		rows = append(rows, r)
	}
	grid := p.alignRow()
	grid.keys = keys(keyChoose())
	return append(rows, grid)
}

// hiddenKeys returns the keys that every row of the place takes, even if it does not show them.
func (p *place) hiddenKeys() []keymap.Binding {
	return []keymap.Binding{keyUp(), keyDown(), keyPageUp(), keyPageDown(), keyMin(), keyMax(), keyGrid().As("exactly as typed, or to the grid")}
}

// limitKeys returns the keys for the smallest and the largest size, if the size can change.
func (p *place) limitKeys() (keys []keymap.Binding) {
	if p.limits.Shrink.OK() {
		keys = append(keys, keyMin())
	}
	if p.limits.Grow.OK() {
		keys = append(keys, keyMax())
	}
	return keys
}

// field returns the row of one of the three numbers. If the number is fixed, the row only shows it.
func (p *place) field(own stop, name string) row {
	r := field(own, name, formField, &p.fields[own-stopBefore]).numeric()
	r.about.keys = p.hiddenKeys()
	drawn := r.draw
	r.draw = func(on paper) drawing {
		return drawn(on).beside(on.st.Muted.Render(beside(p.fields[own-stopBefore].Value(), p.detail(own))), on.width)
	}
	r.take = func(msg tea.Msg) Action {
		p.edit(msg, own)
		return nil
	}
	if p.fixed(own).OK() {
		return r
	}
	return shown(func(on paper) []string {
		value := widget.Fit(p.fields[own-stopBefore].Value(), formField+1, "")
		line := formName(name, on) + " " + on.st.Muted.Render(value)
		return drawing{lines: []string{line}}.beside(on.st.Muted.Render(p.detail(own)), on.width).lines
	})
}

// gridNote returns the line that says what the grid makes of the typed number, or an empty one.
func (p *place) gridNote() row {
	return shown(func(on paper) []string {
		if p.rounded == stopNone {
			return []string{""}
		}
		size := sizeText(p.z.Bytes(p.amounts()[p.rounded-stopBefore]))
		return notes("On the grid "+size+". Press = to keep "+strings.TrimSpace(p.fields[p.rounded-stopBefore].Value())+".", on.width, 2, on.st.Warn, on.st)
	})
}

// detail describes the number of a field in sectors, and nothing while what was typed is impossible.
func (p *place) detail(own stop) string {
	switch {
	case p.drawn() != p.span:
		return ""
	case own == stopSize:
		return geometry.Grouped(p.span.Len()) + " sectors"
	case own == stopBefore:
		return "from sector " + geometry.Grouped(p.span.Start)
	}
	return "to sector " + geometry.Grouped(p.span.End-1)
}

// alignRow returns the row that picks the grid.
func (p *place) alignRow() row {
	words := []string{"MiB", geometry.AlignCylinder.String(), geometry.AlignNone.String(), "2 MiB"}
	if p.align != geometry.AlignTwoMiB && p.queue.Env().Medium.Align(geometry.AlignMiB) == geometry.AlignMiB {
		words = words[:geometry.AlignTwoMiB]
	}
	r := pick(stopAlign, "Align to", words, &p.align)
	r.about.keys = p.hiddenKeys()
	drawn, turn := r.draw, r.take
	r.tab = 1
	r.draw = func(on paper) drawing {
		if p.rounded != stopNone || !p.offGrid() {
			return drawn(on)
		}
		return drawn(on).beside(on.st.Warn.Signed("not on the grid"), on.width)
	}
	r.take = func(msg tea.Msg) Action {
		if p.command(msg, stopAlign) {
			return nil
		}
		return turn(msg)
	}
	return r
}
