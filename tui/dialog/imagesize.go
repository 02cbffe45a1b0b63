package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// imageSize asks for the size of the image file.
type imageSize struct {
	queue    ops.Queue
	align    geometry.Alignment
	sectors  geometry.Sector
	field    widget.Field
	smallest geometry.Sector
	why      model.Reason
	wrong    error
	verdict  verdict
}

// NewImageSize is the dialog for the preview's disk; its size can be changed.
func NewImageSize(q ops.Queue, align geometry.Alignment) Dialog {
	d := q.Preview()
	s := imageSize{queue: q, align: align, sectors: d.Sectors, field: widget.NewField("", 24)}
	s.smallest, s.why, _ = ops.ImageLimits(d)
	return newForm(s.show())
}

func (s imageSize) show() imageSize {
	s.field = s.field.Set(sizeText(s.queue.Preview().SectorSize.Bytes(s.sectors)))
	s.wrong = nil
	return s
}

func (s imageSize) stops() []stop { return []stop{stopSize} }

// take takes keys and pastes.
func (s imageSize) take(msg tea.Msg) (imageSize, Action) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		if keymap.Match(press, keyFit()) {
			return s, FitImage{}
		}
		if next, ok := s.command(press); ok {
			return next, nil
		}
	}
	before := s.field.Value()
	if s.field, _ = s.field.Update(msg); s.field.Value() == before {
		return s, nil
	}
	return s.typed(), nil
}

// command takes the keys that change the number as a whole.
func (s imageSize) command(press tea.KeyPressMsg) (imageSize, bool) {
	z := s.queue.Preview().SectorSize
	grow := func(b geometry.Bytes) imageSize {
		grid := geometry.AlignMiB.Nearest(s.sectors+z.Down(b), z)
		s.sectors = max(s.smallest, grid)
		return s.show()
	}
	switch {
	case keymap.Match(press, keyMin()):
		s.sectors = min(geometry.AlignMiB.Up(s.smallest, z), max(s.smallest, s.queue.Preview().Sectors))
		return s.show(), true
	case keymap.Match(press, keyUp()):
		return grow(geometry.MiB), true
	case keymap.Match(press, keyDown()):
		return grow(-geometry.MiB), true
	case keymap.Match(press, keyPageUp()):
		return grow(geometry.GiB), true
	case keymap.Match(press, keyPageDown()):
		return grow(-geometry.GiB), true
	}
	return s, false
}

// typed makes the size what the field says; a change counts from the size the image has.
func (s imageSize) typed() imageSize {
	d := s.queue.Preview()
	s.wrong = nil
	v, err := parseTyped(s.field.Value(), d.SectorSize)
	if err != nil {
		s.wrong = err
		return s
	}
	s.sectors = d.SectorSize.Up(v.bytes)
	if v.delta {
		s.sectors += d.Sectors
	}
	return s
}

func (s imageSize) check() imageSize {
	s.verdict = verdict{}
	if s.wrong == nil && s.sectors != s.queue.Preview().Sectors {
		s.verdict = judge(s.queue, ops.ImageSize{Sectors: s.sectors})
	}
	return s
}

func (s imageSize) accept() Action {
	return s.verdict.action(s.wrong, Stage{Op: ops.ImageSize{Sectors: s.sectors}, Align: s.align})
}

func (s imageSize) head(*styles.Styles) View { return View{Title: "Image size"} }

// rows are the field, the limit and the outcome.
func (s imageSize) rows() []row[imageSize] {
	z := s.queue.Preview().SectorSize
	size := field(s, stopSize, "New size", formField, func(s *imageSize) *widget.Field { return &s.field })
	drawn := size.draw
	size.draw = func(p paper) ([]string, *Point) {
		lines, cursor := drawn(p)
		if sectors := grouped(s.sectors) + " sectors"; widget.Width(lines[0])+2+len(sectors) <= p.width {
			lines[0] += "  " + p.st.Muted.Render(sectors)
		}
		return lines, cursor
	}
	size.take = func(s *imageSize, msg tea.Msg) (action Action) {
		*s, action = s.take(msg)
		return action
	}
	return []row[imageSize]{
		size, blank[imageSize](), hint[imageSize]("Size now "+sizeText(z.Bytes(s.queue.Preview().Sectors)), 1),
		hint[imageSize]("Smallest "+sizeText(z.Bytes(s.smallest))+": "+string(s.why), 2), blank[imageSize](),
		outcome[imageSize](s.wrong, s.verdict, `Type a size ("4GiB") or a change ("+2GiB").`),
	}
}

func (s imageSize) keys(stop) []keymap.Binding {
	return []keymap.Binding{
		keyMin(), keymap.Bind("↑↓", "by 1 MiB", "up", "down"), keymap.Bind("pgup/dn", "by 1 GiB", "pgup", "pgdown"),
		keyFit(), keyAccept("set size"), keyCancel(),
	}
}

// keyFit leads to the ways that also shrink and move partitions; g alone is a unit in the field.
func keyFit() keymap.Binding { return keymap.Bind("ctrl+g", "fit contents", "ctrl+g") }
