package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// imageSize asks for the size of the image file.
type imageSize struct {
	staging
	now      geometry.Sector // the present size
	sectors  geometry.Sector
	z        geometry.SectorSize
	field    widget.Field
	smallest geometry.Sector
	why      model.Reason

	preallocs []model.Prealloc // that the image can have for what is added
	prealloc  int              // index in preallocs
}

// NewImageSize returns the dialog for the disk of the queue's preview, whose size can be changed.
func NewImageSize(q ops.Queue, align geometry.Alignment) Dialog {
	d := q.Preview()
	s := imageSize{staging: staging{queue: q, align: align}, now: d.Sectors, z: d.SectorSize, field: widget.NewField("", 24)}
	s.smallest, s.why, _ = ops.ImageLimits(d, q.Env())
	switch {
	case d.Image.Renews:
	case d.Image.Preallocated:
		s.preallocs = []model.Prealloc{"", model.PreallocFalloc, model.PreallocOff}
	case d.Image.Maps:
		s.preallocs = []model.Prealloc{"", model.PreallocMetadata, model.PreallocFalloc}
	default:
		s.preallocs = []model.Prealloc{"", model.PreallocFalloc}
	}
	s.show(d.Sectors)
	return newForm(s)
}

func (s *imageSize) show(sectors geometry.Sector) {
	s.sectors, s.wrong = sectors, nil
	s.field = s.field.Set(sizeText(s.z.Bytes(sectors)))
}

// take handles keys and pastes.
func (s *imageSize) take(msg tea.Msg) Action {
	press, _ := msg.(tea.KeyPressMsg)
	grow := func(b geometry.Bytes) {
		s.show(max(s.smallest, geometry.AlignMiB.Nearest(s.sectors+s.z.Down(b), s.z)))
	}
	switch {
	case keymap.Match(press, KeyFit()):
		return FitImage{}
	case keymap.Match(press, KeyImageFile()):
		return ImageFile{}
	case keymap.Match(press, keyMin()):
		s.show(min(geometry.AlignMiB.Up(s.smallest, s.z), max(s.smallest, s.now)))
	case keymap.Match(press, keyUp()):
		grow(geometry.MiB)
	case keymap.Match(press, keyDown()):
		grow(-geometry.MiB)
	case keymap.Match(press, keyPageUp()):
		grow(geometry.GiB)
	case keymap.Match(press, keyPageDown()):
		grow(-geometry.GiB)
	default:
		var changed bool
		if s.field, changed = s.field.Update(msg); changed {
			s.typed()
		}
	}
	return nil
}

// typed parses the size in the field. A change is relative to the present size.
func (s *imageSize) typed() {
	var v typed
	if v, s.wrong = parseTyped(s.field.Value(), s.z); s.wrong != nil {
		return
	}
	s.sectors = s.z.Up(v.bytes)
	if v.delta {
		s.sectors += s.now
	}
}

func (s *imageSize) check() {
	s.verdict = verdict{}
	if s.wrong == nil && s.sectors != s.now {
		op := ops.ImageSize{Sectors: s.sectors}
		if s.grows() && len(s.preallocs) > 0 {
			op.Prealloc = s.preallocs[s.prealloc]
		}
		s.judge(op)
	}
}

func (s *imageSize) grows() bool { return s.wrong == nil && s.sectors > s.now }

// preallocRow picks what is allocated for the part that is added.
func (s *imageSize) preallocRow() row {
	image := s.queue.Preview().Image
	var words []string
	for _, p := range s.preallocs {
		word := string(p)
		switch {
		case p == "" && image.Preallocated:
			word = "metadata"
		case p == "":
			word = "off"
		}
		words = append(words, word)
	}
	return pick(stopPrealloc, "Preallocate", words, &s.prealloc)
}

// preallocHint says what the choice means.
func (s *imageSize) preallocHint() string {
	switch p := s.preallocs[s.prealloc]; {
	case p == model.PreallocFalloc:
		return "falloc: the room for the new part is taken from the host's file system now"
	case p == model.PreallocMetadata, p == "" && s.queue.Preview().Image.Preallocated:
		return "metadata: the new part has its place in the file, and takes room as it is written"
	}
	return "off: the file grows as the new part is written"
}

// sizes returns the size of the disk as it is, and as it will be.
func (s *imageSize) sizes() string {
	text := "Size now " + sizeText(s.z.Bytes(s.now))
	if s.wrong == nil && s.sectors != s.now {
		text += ", then " + geometry.FormatBytes(s.z.Bytes(s.sectors))
	}
	return text
}

func (s *imageSize) layout() layout {
	size := field(stopSize, "New size", formField, &s.field).numeric().meant("The size that the disk gets, or a change with a sign. " + rule)
	drawn := size.draw
	size.draw = func(p paper) drawing {
		return drawn(p).beside(p.st.Muted.Render(beside(s.field.Value(), geometry.Grouped(s.sectors)+" sectors")), p.width)
	}
	size.take = s.take
	size.keys = []keymap.Binding{
		keyMin(), keymap.Bind("↑↓", "by 1 MiB", "up", "down"), keymap.Bind("pgup/dn", "by 1 GiB", "pgup", "pgdown"), KeyFit(), KeyImageFile(),
	}
	size.about.keys = []keymap.Binding{keyUp().As("1 MiB more"), keyDown().As("1 MiB less")}
	rows, reserved := []row{size}, 0
	switch {
	case s.queue.Preview().Image.Renews:
		rows = append(rows, hint("Its format cannot change the size in place: a new image is written, which takes the name of the old one", 3))
	case s.grows():
		rows = append(rows, s.preallocRow(), hint(s.preallocHint(), 2))
	case len(s.preallocs) > 0:
		reserved = 2 // so that the window keeps its size
	}
	return layout{
		title: "Image size", rows: append(
			rows, blank(), hint(s.sizes(), 1),
			hint("Smallest "+sizeText(s.z.Bytes(s.smallest))+": "+string(s.why), 6), blank(),
			s.outcome(sizeHint), shown(func(paper) []string { return make([]string, reserved) }),
		),
		accept: s.stage, does: "set size",
	}
}

// KeyFit opens the page that also shrinks and moves partitions. The key is not g, because the field accepts g as a unit.
func KeyFit() keymap.Binding { return keymap.Bind("ctrl+g", "fit contents", "ctrl+g") }

// KeyImageFile opens the page of the image file.
func KeyImageFile() keymap.Binding { return keymap.Bind("ctrl+f", "image file", "ctrl+f") }
