package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/enlarge"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// rootSize asks for the size of an image that changes together with its root file system, and shows what moves.
type rootSize struct {
	queue   ops.Queue
	align   geometry.Alignment
	to      Errand
	roots   enlarge.Roots
	at      int // the chosen one of the roots
	field   widget.Field
	wrong   error // why the field cannot be parsed
	list    []ops.Operation
	words   []string // the operations in words
	refused error
}

// NewRootSize returns the dialog for the queue's preview. It enlarges or shrinks one of the roots, which are at least one.
func NewRootSize(q ops.Queue, to Errand, roots enlarge.Roots, align geometry.Alignment) Dialog {
	s := rootSize{queue: q, align: align, to: to, roots: roots, field: widget.NewField("", 24)}
	if to == Enlarge {
		s.field = s.field.Set(sizeText(q.Preview().Size()))
	}
	return newForm(s)
}

// id returns the chosen root.
func (s *rootSize) id() model.PartID { return s.roots.Parts[s.at] }

// check plans anew.
func (s *rootSize) check() {
	s.list, s.words, s.wrong, s.refused = nil, nil, nil, nil
	d, text := s.queue.Preview(), strings.TrimSpace(s.field.Value())
	if text == "" && s.to == Shrink {
		s.list, s.refused = enlarge.Tight(s.queue, s.id(), s.align)
		s.describe()
		return
	}
	v, err := parseTyped(text, d.SectorSize)
	if s.wrong = err; err != nil {
		return
	}
	n, plan := d.SectorSize.Up(v.bytes), enlarge.Larger
	if v.delta {
		n += d.Sectors
	}
	if s.to == Shrink {
		plan = enlarge.Smaller
	}
	s.list, s.refused = plan(s.queue, s.id(), n, s.align)
	s.describe()
}

// describe stages the operations on a copy of the queue and keeps their words.
func (s *rootSize) describe() {
	q := s.queue
	for _, op := range s.list {
		if s.refused == nil {
			s.words = append(s.words, op.Describe(q.Preview()).String())
			q, s.refused = q.Stage(op)
		}
	}
}

func (s *rootSize) layout() layout {
	title, does, idle := "Enlarge the image and its root", "enlarge", sizeHint
	if s.to == Shrink {
		title, does, idle = "Shrink the image and its root", "shrink", sizeHint+" Without a size, it becomes as small as its contents allow."
	}
	d := s.queue.Preview()
	size := field(stopSize, "New size", formField, &s.field).numeric().meant("The size that the whole image gets, or a change with a sign. " + rule)
	drawn := size.draw
	size.draw = func(p paper) drawing {
		return drawn(p).beside(p.st.Muted.Render(beside(s.field.Value(), "")), p.width)
	}
	size.take = func(msg tea.Msg) Action {
		s.field, _ = s.field.Update(msg)
		return nil
	}
	return layout{
		title: title, rows: []row{
			s.rootRow(d), size, blank(), hint("Size now "+sizeText(d.Size()), 1), blank(), s.moves(idle),
		},
		accept: s.accept, does: does, keys: []keymap.Binding{keyClear()},
	}
}

// rootRow shows the root, or lets the user choose one of several.
func (s *rootSize) rootRow(d model.Disk) row {
	if len(s.roots.Parts) == 1 {
		p, _ := d.Partition(s.id())
		return hint("Root: "+widget.Clean(enlarge.Named(d, p))+", "+s.roots.Rank.String(), 4)
	}
	var words []string
	for _, id := range s.roots.Parts {
		p, _ := d.Partition(id)
		words = append(words, p.Ref())
	}
	return pick(stopFS, "Root", words, &s.at).meant("The file system that changes with the image. Several could be the root: choose one.")
}

// moves shows the operations, or why they are impossible.
func (s *rootSize) moves(idle string) row {
	const height = 6
	return shown(func(p paper) (lines []string) {
		switch {
		case s.wrong != nil:
			lines = whole(ops.Capital(s.wrong.Error()), height, p.st.Warn, p)
		case s.refused != nil:
			lines = whole(ops.Capital(s.refused.Error()), height, p.st.Bad, p)
		case len(s.words) == 0:
			lines = notes(idle, p.width, height, p.st.Muted, p.st)
		default:
			for _, text := range s.words {
				lines = append(lines, notes(text, p.width, 3, p.st.Strong, p.st)...)
			}
		}
		return widget.Pad(lines, p.width, max(height, len(lines)), p.st.More)
	})
}

func (s *rootSize) accept() Action {
	switch {
	case s.wrong != nil, s.refused != nil:
		return nil
	case len(s.list) == 0:
		return Close{}
	}
	return StageAll{Ops: s.list, Part: s.id(), Apply: true}
}
