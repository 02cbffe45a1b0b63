package dialog

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// place is a span that the user moves and resizes within its limits: with the fields "free space preceding", "new size"
// and "free space following", which always add up to the available space, with the arrow keys, or with the handles of the
// bar.
type place struct {
	staging
	limits ops.Limits
	z      geometry.SectorSize
	span   geometry.Span
	base   geometry.Span // the span when the current field was entered; "+1GiB" counts from it
	fields [3]widget.Field
	// rounded is the stop whose typed number the grid has changed, stopNone if there is none. exact says that the user wants the
	// number as it was typed.
	rounded stop
	exact   bool
	handle  ops.Handle // the part of the bar that the arrow keys move
	grip    int        // where the mouse holds the partition, in cells from its start; negative if it does not
}

func newPlace(s staging, l ops.Limits, span geometry.Span) place {
	p := place{staging: s, z: s.queue.Preview().SectorSize, grip: -1}
	for i := range p.fields {
		p.fields[i] = widget.NewField("", 24)
	}
	p.put(l, span)
	return p
}

// put sets the limits and the span.
func (p *place) put(l ops.Limits, span geometry.Span) {
	p.limits, p.span = l, span
	p.enter()
}

// amounts returns the numbers of the three fields.
func (p *place) amounts() [3]geometry.Sector {
	span := p.drawn()
	return [3]geometry.Sector{
		max(0, span.Start-p.limits.Room.Start), span.Len(), max(0, p.limits.Room.End-span.End),
	}
}

// show writes the numbers into all fields except the one at the stop but.
func (p *place) show(but stop) {
	for i, n := range p.amounts() {
		if stopBefore+stop(i) != but {
			p.fields[i] = p.fields[i].Set(sizeText(p.z.Bytes(n)))
		}
	}
}

// enter makes relative changes count from the present span. It is called when a field gets the keyboard.
func (p *place) enter() {
	p.base, p.wrong, p.rounded, p.exact = p.span, nil, stopNone, false
	p.show(stopNone)
}

// fixed returns why the number at a stop cannot be changed.
func (p *place) fixed(at stop) model.Reason {
	switch {
	case at == stopBefore || at == stopAfter:
		return p.limits.Move
	case at == stopSize && !p.limits.Grow.OK() && !p.limits.Shrink.OK():
		return p.limits.Grow
	}
	return ""
}

// edit handles a key or a paste in a field.
func (p *place) edit(msg tea.Msg, at stop) {
	if p.command(msg, at) {
		return
	}
	own, changed := &p.fields[at-stopBefore], false
	if *own, changed = own.Update(msg); changed {
		p.typed(at)
	}
}

// command handles keys that work in every field, and those of the bar. used is false for other keys.
func (p *place) command(msg tea.Msg, at stop) (used bool) {
	press, _ := msg.(tea.KeyPressMsg)
	switch {
	case keymap.Match(press, keyMax()):
		p.stretch(p.limits.Chosen.End)
	case keymap.Match(press, keyMin()):
		p.stretch(p.span.Start + p.limits.MinLen)
	case keymap.Match(press, keyGrid()) && (p.rounded == at || p.exact):
		p.exact = !p.exact
		p.typed(at)
	case keymap.Match(press, keyGrid()):
		p.toGrid()
	case keymap.Match(press, keyUp()):
		p.nudge(at, p.step())
	case keymap.Match(press, keyDown()):
		p.nudge(at, -p.step())
	case keymap.Match(press, keyPageUp()):
		p.nudge(at, p.stride())
	case keymap.Match(press, keyPageDown()):
		p.nudge(at, -p.stride())
	case at == stopBar && keymap.Match(press, keyLeft()):
		p.pull(p.handle, -p.step())
	case at == stopBar && keymap.Match(press, keyRight()):
		p.pull(p.handle, p.step())
	case at == stopBar && keymap.Match(press, keyHandle()):
		p.handle = (p.handle + 1) % 3
	default:
		return false
	}
	return true
}

// step returns how far an arrow key moves; stride is the same for the page keys.
func (p *place) step() geometry.Sector { return p.align.Grain(p.z) }

func (p *place) stride() geometry.Sector {
	return max(p.step(), p.align.Down(p.limits.Room.Len()/16, p.z))
}

// nudge changes the number at a stop by n sectors.
func (p *place) nudge(at stop, n geometry.Sector) {
	handle := ops.WholePartition
	switch {
	case at == stopSize:
		handle = ops.RightEdge
	case at == stopAfter:
		n = -n
	case at == stopBar:
		handle = p.handle
	}
	p.pull(handle, n)
}

// pull moves a handle by n sectors, to the grid and within the limits.
func (p *place) pull(h ops.Handle, n geometry.Sector) {
	want := p.span
	switch h {
	case ops.WholePartition:
		want = want.Shift(n)
	case ops.LeftEdge:
		want.Start += n
	case ops.RightEdge:
		want.End += n
	}
	p.snap(want, h)
}

// snap sets the span as close to want as the limits and the grid allow.
func (p *place) snap(want geometry.Span, h ops.Handle) {
	p.span = p.limits.Snap(p.span, want, h, p.align, p.z)
	p.enter()
}

// stretch moves the end of the span.
func (p *place) stretch(end geometry.Sector) {
	p.snap(geometry.Span{Start: p.span.Start, End: end}, ops.RightEdge)
}

// toGrid moves the start, and then the end, to the nearest grid line, as far as the limits allow.
func (p *place) toGrid() {
	start := p.align.Nearest(p.span.Start, p.z)
	if p.fixed(stopBefore).OK() && start != p.span.Start {
		p.snap(p.span.Shift(start-p.span.Start), ops.WholePartition)
	}
	if end := p.align.Nearest(p.span.End, p.z); p.fixed(stopSize).OK() && end != p.span.End {
		p.stretch(end)
	}
}

// typed sets the span from the text of a field, and puts it on the grid. A span outside the limits is kept, so that the refusal can
// say what would be possible.
func (p *place) typed(at stop) {
	p.span, p.wrong, p.rounded = p.base, nil, stopNone
	defer p.show(at)
	text := strings.ToLower(strings.TrimSpace(p.fields[at-stopBefore].Value()))
	if at == stopSize && (text == "max" || text == "min") {
		end := p.limits.Chosen.End
		if text == "min" {
			end = p.base.Start + p.limits.MinLen
		}
		p.span = p.limits.Snap(p.base, geometry.Span{Start: p.base.Start, End: end}, ops.RightEdge, p.align, p.z)
		return
	}
	v, err := parseTyped(text, p.z)
	if err != nil {
		p.wrong = err
		return
	}
	p.span = p.meant(at, v)
	if v.exact || p.exact || !p.possible(at, p.span) {
		return
	}
	if span := p.onGrid(at, v); span != p.span && p.possible(at, span) {
		p.span, p.rounded = span, at
	}
}

// begun reports whether a field has a sign alone, or nothing.
func (p *place) begun() bool {
	return slices.ContainsFunc(p.fields[:], func(f widget.Field) bool {
		return slices.Contains([]string{"", "+", "-"}, strings.TrimSpace(f.Value()))
	})
}

// possible reports whether the limits allow a span that was typed at a stop.
func (p *place) possible(at stop, span geometry.Span) bool {
	n := span.Len()
	return p.limits.Chosen.Encloses(span) && (at != stopSize || n >= p.limits.MinLen && n <= p.limits.MaxLen)
}

// onGrid returns the span that a value in a field asks for, as the grid changes it. A position, or the end of a new size, goes to
// the nearest grid line. A change is rounded to whole steps of the grid, so that a change by whole MiB stays as it is.
func (p *place) onGrid(at stop, v typed) geometry.Span {
	switch {
	case v.delta:
		v.bytes = p.z.Bytes(wholeSteps(p.z.Down(v.bytes), p.align.Grain(p.z)))
		return p.meant(at, v)
	case at == stopSize:
		return p.limits.Snap(p.base, p.meant(at, v), ops.RightEdge, p.align, p.z)
	}
	return p.limits.Snap(p.base, p.meant(at, v), ops.WholePartition, p.align, p.z)
}

// wholeSteps rounds a change to whole steps, and not to nothing.
func wholeSteps(n, step geometry.Sector) geometry.Sector {
	if n < 0 {
		return -wholeSteps(-n, step)
	}
	if n == 0 {
		return 0
	}
	return max(1, (n+step/2)/step) * step
}

// meant returns the span that a value in a field asks for, before it is put on the grid.
func (p *place) meant(at stop, v typed) geometry.Span {
	n := p.z.Down(v.bytes)
	switch {
	case at == stopSize && v.delta:
		return geometry.SpanOf(p.base.Start, p.base.Len()+p.z.Up(v.bytes))
	case at == stopSize:
		return geometry.SpanOf(p.base.Start, p.z.Up(v.bytes))
	case at == stopBefore && v.delta:
		return p.base.Shift(n)
	case at == stopBefore:
		return geometry.SpanOf(p.limits.Room.Start+n, p.base.Len())
	case v.delta:
		return p.base.Shift(-n)
	}
	return geometry.SpanOf(p.limits.Room.End-n-p.base.Len(), p.base.Len())
}

// offGrid reports whether the start is not on the chosen grid.
func (p *place) offGrid() bool { return p.align.Nearest(p.span.Start, p.z) != p.span.Start }
