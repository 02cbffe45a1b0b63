package dialog

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// entrySize asks for the length of a partition in the table alone.
type entrySize struct {
	staging
	part    model.Partition
	sectors geometry.Sector
	field   widget.Field
}

// NewEntrySize returns the dialog for a partition of the queue's preview.
func NewEntrySize(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	d := q.Preview()
	p, _ := d.Partition(id)
	s := entrySize{staging: staging{queue: q, align: align}, part: p, sectors: p.Span.Len()}
	s.field = widget.NewField(sizeText(d.SectorSize.Bytes(s.sectors)), 24)
	return newForm(s)
}

func (s *entrySize) check() {
	z := s.queue.Preview().SectorSize
	v, err := parseTyped(s.field.Value(), z)
	s.verdict, s.wrong = verdict{}, err
	switch now := s.part.Span.Len(); {
	case err != nil:
		return
	case s.field.Value() == sizeText(z.Bytes(now)):
		s.sectors = now // the text may be rounded
		return
	case v.delta && v.bytes < 0:
		s.sectors = now - z.Up(-v.bytes)
	case v.delta:
		s.sectors = now + z.Up(v.bytes)
	default:
		s.sectors = z.Up(v.bytes)
	}
	s.judge(ops.ResizeEntry{ID: s.part.ID, Len: s.sectors})
	s.risky = s.cuts() > 0
}

// cuts returns how many bytes of the file system would lie behind the partition.
func (s *entrySize) cuts() geometry.Bytes {
	return ops.ResizeEntry{ID: s.part.ID, Len: s.sectors}.Cuts(s.queue.Preview())
}

func (s *entrySize) layout() layout {
	tone := Calm
	if s.risky {
		tone = Warning
	}
	size := field(stopSize, "New size", formField, &s.field).numeric().meant("The length of the partition in the table, or a change with a sign. " + sizeHint)
	return layout{
		title: "Resize only the table entry of", part: &s.part, tone: tone,
		rows: []row{
			size, blank(), hint("Only the length in the table changes. What is in the partition is neither resized nor moved nor checked.", 3),
			blank(), s.outcome("No change yet."), s.meaning(),
		},
		keys: []keymap.Binding{keyClear()}, does: s.enters(s.wrong, "resize the entry"), accept: s.stage,
	}
}

// meaning says in red what a shorter partition does to its file system.
func (s *entrySize) meaning() row {
	return shown(func(p paper) []string {
		cut := s.cuts()
		switch known := s.part.FS.Known() && s.part.FS.Size > 0; {
		case !s.changes || s.wrong != nil:
		case cut > 0:
			return whole(fmt.Sprintf("Its %s cannot be mounted until it has that room back, and whatever is put there destroys it. "+
				"Resize the partition (m) to shrink both.", s.part.FS.Kind), 3, p.st.Bad, p)
		case s.sectors < s.part.Span.Len() && !known:
			return whole("It is not known how far its contents reach: what lies behind the new end would not be in the partition any more.",
				3, p.st.Bad, p)
		case s.sectors < s.part.Span.Len():
			return whole(fmt.Sprintf("Its %s fits and stays whole.", s.part.FS.Kind), 3, p.st.Good, p)
		default:
			return whole("This is harmless: its contents stay as they are, and F fills the new room.", 3, p.st.Good, p)
		}
		return whole("", 3, p.st.Muted, p)
	})
}
