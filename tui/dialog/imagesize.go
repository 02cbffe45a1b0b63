package dialog

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// ImageSize asks for the size of the image file.
type ImageSize struct {
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
func NewImageSize(q ops.Queue, align geometry.Alignment) ImageSize {
	d := q.Preview()
	s := ImageSize{queue: q, align: align, sectors: d.Sectors, field: widget.NewField("", 24)}
	s.smallest, s.why, _ = ops.ImageLimits(d)
	return s.show()
}

func (s ImageSize) show() ImageSize {
	s.field = s.field.Set(sizeText(s.queue.Preview().SectorSize.Bytes(s.sectors)))
	s.wrong = nil
	return s
}

// Update takes keys and pastes.
func (s ImageSize) Update(msg tea.Msg) (Dialog, Action) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case keymap.Match(press, keyCancel()):
			return s, Close{}
		case keymap.Match(press, keyAccept("")):
			return s, s.accept()
		case keymap.Match(press, keyFit()):
			return s, FitImage{}
		}
		if next, ok := s.command(press); ok {
			return next.check(), nil
		}
	}
	field, used := s.field.Update(msg)
	if !used || field.Value() == s.field.Value() {
		s.field = field
		return s, nil
	}
	s.field = field
	return s.typed().check(), nil
}

// command takes the keys that change the number as a whole.
func (s ImageSize) command(press tea.KeyPressMsg) (ImageSize, bool) {
	z := s.queue.Preview().SectorSize
	grow := func(b geometry.Bytes) ImageSize {
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
func (s ImageSize) typed() ImageSize {
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

func (s ImageSize) check() ImageSize {
	s.verdict = verdict{}
	if s.wrong == nil && s.sectors != s.queue.Preview().Sectors {
		s.verdict = judge(s.queue, ops.ImageSize{Sectors: s.sectors})
	}
	return s
}

func (s ImageSize) accept() Action {
	switch {
	case s.wrong != nil, s.verdict.err != nil:
		return nil
	case !s.verdict.changes:
		return Close{}
	}
	return Stage{Op: ops.ImageSize{Sectors: s.sectors}, Align: s.align}
}

// View is the field, the limit and the outcome.
func (s ImageSize) View(width, _ int, st *styles.Styles) View {
	w := min(width, formWidth)
	z := s.queue.Preview().SectorSize
	line, x := fieldLine(formName("New size", true, st), s.field, true, formField, st)
	if sectors := grouped(s.sectors) + " sectors"; widget.Width(line)+2+len(sectors) <= w {
		line += "  " + st.Muted.Render(sectors)
	}
	lines := []string{
		line, "",
		st.Muted.Render("Size now " + sizeText(z.Bytes(s.queue.Preview().Sectors))),
	}
	lines = append(lines, notes(fmt.Sprintf("Smallest %s: %s", sizeText(z.Bytes(s.smallest)), s.why), w, 2, st.Muted.Render, st)...)
	lines = append(lines, "")
	idle := `Type a size ("4GiB") or a change ("+2GiB").`
	lines = append(lines, verdictLines(s.wrong, s.verdict, idle, w, st)...)
	return View{Title: "Image size", Width: w, Lines: lines, Cursor: &Point{X: x}}
}

// Keys lists what can be pressed.
func (s ImageSize) Keys() []keymap.Binding {
	return []keymap.Binding{
		keyMin(), keymap.Bind("↑↓", "by 1 MiB", "up", "down"), keymap.Bind("pgup/dn", "by 1 GiB", "pgup", "pgdown"),
		keyFit(), keyAccept("set size"), keyCancel(),
	}
}

// keyFit leads to the ways that also shrink and move partitions; g alone is a unit in the field.
func keyFit() keymap.Binding { return keymap.Bind("ctrl+g", "fit contents", "ctrl+g") }
