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

var aligns = [...]geometry.Alignment{geometry.AlignMiB, geometry.AlignCylinder, geometry.AlignNone}

// place is a span within its limits that a user shifts and stretches: by the fields "free space
// preceding", "new size" and "free space following", which always add up to the room; by the arrow keys;
// by the handles of the bar. All three change the same span.
type place struct {
	limits ops.Limits
	z      geometry.SectorSize
	align  geometry.Alignment
	span   geometry.Span
	base   geometry.Span // the span when the current field was entered: what "+1GiB" counts from
	fields [3]widget.Field
	handle ops.Handle // what the arrow keys take hold of on the bar
	grip   int        // how far from its start the mouse holds the partition; negative when it does not
	wrong  error      // what the text of the current field means nothing for, nil if it does
}

func newPlace(l ops.Limits, span geometry.Span, align geometry.Alignment, z geometry.SectorSize) place {
	p := place{limits: l, z: z, align: align, span: span, base: span, grip: -1}
	for i := range p.fields {
		p.fields[i] = widget.NewField("", 24)
	}
	return p.show(stopBar)
}

// amounts are the three numbers of the fields. What reaches beyond the room counts as nothing.
func (p place) amounts() [3]geometry.Sector {
	return [3]geometry.Sector{
		max(0, p.span.Start-p.limits.Room.Start), p.span.Len(), max(0, p.limits.Room.End-p.span.End),
	}
}

// show writes the numbers into all fields but the one that is being typed in.
func (p place) show(but stop) place {
	for i, n := range p.amounts() {
		if stopBefore+stop(i) != but {
			p.fields[i] = p.fields[i].Set(sizeText(p.z.Bytes(n)))
		}
	}
	return p
}

// enter tells the place that the keyboard came to a stop.
func (p place) enter() place {
	p.base, p.wrong = p.span, nil
	return p.show(stopBar)
}

// fixed is why the number at a stop cannot be changed.
func (p place) fixed(at stop) model.Reason {
	switch at {
	case stopBefore, stopAfter:
		return p.limits.Move
	case stopSize:
		if !p.limits.Grow.OK() && !p.limits.Shrink.OK() {
			return p.limits.Grow
		}
	case stopNone, stopAlign, stopBar, stopFS, stopRole, stopLabel, stopName, stopFlags, stopButtons:
	}
	return ""
}

// open lists the fields whose numbers can be changed.
func (p place) open() []stop {
	return slices.DeleteFunc([]stop{stopBefore, stopSize, stopAfter}, func(s stop) bool { return p.fixed(s) != "" })
}

// update takes a key or a paste at one of the place's own stops.
func (p place) update(msg tea.Msg, at stop) place {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		if next, used := p.command(press, at); used {
			return next
		}
	}
	if at > stopAfter || !p.fixed(at).OK() {
		return p
	}
	own := &p.fields[at-stopBefore]
	before := own.Value()
	if *own, _ = own.Update(msg); own.Value() == before {
		return p
	}
	return p.typed(at)
}

// command takes the keys that mean the same at every stop, and the arrows.
func (p place) command(press tea.KeyPressMsg, at stop) (place, bool) {
	switch {
	case keymap.Match(press, keyMax()):
		return p.stretch(p.limits.Chosen.End), true
	case keymap.Match(press, keyMin()):
		return p.stretch(p.span.Start + p.limits.MinLen), true
	case keymap.Match(press, keyGrid()):
		return p.toGrid(), true
	case keymap.Match(press, keyUp()):
		return p.nudge(at, p.step()), true
	case keymap.Match(press, keyDown()):
		return p.nudge(at, -p.step()), true
	case keymap.Match(press, keyPageUp()):
		return p.nudge(at, p.stride()), true
	case keymap.Match(press, keyPageDown()):
		return p.nudge(at, -p.stride()), true
	}
	if at == stopAlign || at == stopBar {
		return p.sideways(press, at)
	}
	return p, false
}

// sideways takes the arrow keys where there is no text to move in.
func (p place) sideways(press tea.KeyPressMsg, at stop) (place, bool) {
	by := 0
	switch {
	case keymap.Match(press, keyLeft()):
		by = -1
	case keymap.Match(press, keyRight()):
		by = 1
	case at == stopBar && keymap.Match(press, keyHandle()):
		p.handle = (p.handle + 1) % 3
		return p, true
	case at == stopAlign && keymap.Match(press, keyHandle()):
		by = 1
	default:
		return p, false
	}
	if at == stopAlign {
		return p.turnAlign(by), true
	}
	return p.pull(p.handle, geometry.Sector(by)*p.step()), true
}

func (p place) turnAlign(by int) place {
	p.align = aligns[(int(p.align)+by+len(aligns))%len(aligns)]
	return p
}

// step is how far an arrow key goes; stride is the same for the page keys.
func (p place) step() geometry.Sector { return p.align.Grain(p.z) }

func (p place) stride() geometry.Sector {
	return max(p.step(), p.align.Down(p.limits.Room.Len()/16, p.z))
}

// nudge changes the number at a stop by n sectors.
func (p place) nudge(at stop, n geometry.Sector) place {
	switch at {
	case stopSize:
		return p.pull(ops.RightEdge, n)
	case stopAfter:
		return p.pull(ops.WholePartition, -n)
	case stopBar:
		return p.pull(p.handle, n)
	case stopNone, stopBefore, stopAlign, stopFS, stopRole, stopLabel, stopName, stopFlags, stopButtons:
	}
	return p.pull(ops.WholePartition, n)
}

// pull moves a handle by n sectors, to the grid and within the limits.
func (p place) pull(h ops.Handle, n geometry.Sector) place {
	want := p.span
	switch h {
	case ops.WholePartition:
		want = want.Shift(n)
	case ops.LeftEdge:
		want.Start += n
	case ops.RightEdge:
		want.End += n
	}
	return p.snap(want, h)
}

// snap brings the span as close to want as the limits and the grid allow.
func (p place) snap(want geometry.Span, h ops.Handle) place {
	p.span = p.limits.Snap(p.span, want, h, p.align, p.z)
	return p.enter()
}

// stretch puts the end where it is wanted.
func (p place) stretch(end geometry.Sector) place {
	return p.snap(geometry.Span{Start: p.span.Start, End: end}, ops.RightEdge)
}

// toGrid puts the start, and then the end, on the nearest grid line, as far as the limits allow.
func (p place) toGrid() place {
	start := p.align.Nearest(p.span.Start, p.z)
	if p.fixed(stopBefore).OK() && start != p.span.Start {
		p = p.snap(p.span.Shift(start-p.span.Start), ops.WholePartition)
	}
	if end := p.align.Nearest(p.span.End, p.z); p.fixed(stopSize).OK() && end != p.span.End {
		p = p.stretch(end)
	}
	return p
}

// typed makes the span what the text at a stop says. A change, and a number of sectors, is taken to the
// sector; another position is put on the grid if that is possible. A span outside the limits is kept as
// it was typed, so that the refusal can say what would be possible.
func (p place) typed(at stop) place {
	p.span, p.wrong = p.base, nil
	text := strings.ToLower(strings.TrimSpace(p.fields[at-stopBefore].Value()))
	if at == stopSize && (text == "max" || text == "min") {
		end := p.limits.Chosen.End
		if text == "min" {
			end = p.base.Start + p.limits.MinLen
		}
		p.span = p.limits.Snap(p.base, geometry.Span{Start: p.base.Start, End: end}, ops.RightEdge, p.align, p.z)
		return p.show(at)
	}
	v, err := parseTyped(text, p.z)
	if err != nil {
		p.wrong = err
		return p.show(at)
	}
	p.span = p.meant(at, v)
	if whole := at != stopSize; whole && !v.exact && p.limits.Chosen.Encloses(p.span) {
		p.span = p.limits.Snap(p.base, p.span, ops.WholePartition, p.align, p.z)
	}
	return p.show(at)
}

// meant is the span that a value typed at a stop asks for, to the sector.
func (p place) meant(at stop, v typed) geometry.Span {
	n := p.z.Down(v.bytes)
	if at == stopSize {
		n = p.z.Up(v.bytes)
		if v.delta {
			n += p.base.Len()
		}
		return geometry.SpanOf(p.base.Start, n)
	}
	switch {
	case at == stopBefore && v.delta:
		return p.base.Shift(n)
	case at == stopBefore:
		return geometry.SpanOf(p.limits.Room.Start+n, p.base.Len())
	case v.delta:
		return p.base.Shift(-n)
	}
	return geometry.SpanOf(p.limits.Room.End-n-p.base.Len(), p.base.Len())
}

// offGrid reports whether the start is not on the grid that was asked for.
func (p place) offGrid() bool { return p.align.Nearest(p.span.Start, p.z) != p.span.Start }
