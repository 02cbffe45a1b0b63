package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// When an edit changes the disk, the lower bar glides from what it showed to what it shows, so that the eye can follow
// what went where. It is only a picture: keys work all the time, and a key that changes the disk again starts from there.

// The pace of a picture that glides.
const (
	morphFrames = 7
	morphPause  = 30 * time.Millisecond
)

// morph is a picture on its way. The zero value is none.
type morph struct {
	from   model.Disk
	dialog bool // it is the picture of the uppermost dialog, and not that of the editor
	gen    int  // of the document
	serial int
	left   int // frames that are still to come
}

// glide starts a picture on its way if a message has changed the disk in view; before is the model without that message.
func (m Model) glide(before Model, cmd tea.Cmd) (Model, tea.Cmd) {
	if !m.Animate || m.small() {
		return m, cmd
	}
	was, _ := before.doc()
	is, ok := m.doc()
	if !ok || was.gen != is.gen || was.state != docOpen || is.state != docOpen {
		return m, cmd
	}
	next := morph{gen: is.gen, serial: m.morph.serial + 1, left: morphFrames}
	next.from = was.queue.Preview()
	to := is.queue.Preview()
	if old, ok := before.pictured(); ok {
		if disk, ok := m.pictured(); ok {
			next.from, next.dialog, to = old, true, disk
		}
	}
	if sameSpans(next.from, to) {
		return m, cmd
	}
	m.morph = next
	return m, tea.Batch(cmd, m.nextFrame())
}

// pictured is the disk in the picture of the uppermost dialog, if it has one that glides.
func (m Model) pictured() (disk model.Disk, ok bool) {
	if len(m.dialogs) == 0 {
		return disk, false
	}
	return m.dialogs[len(m.dialogs)-1].Pictured()
}

// drawn is a dialog as the present frame shows it.
func (m Model) drawn(d dialog.Dialog) dialog.Dialog {
	if m.morph.left > 0 && m.morph.dialog {
		return d.Glide(m.morph.from, m.morph.rest())
	}
	return d
}

func (m Model) nextFrame() tea.Cmd {
	serial := m.morph.serial
	return m.Clock(morphPause, func() tea.Msg {
		return result(func(m Model) (Model, tea.Cmd) { return m.morphed(serial) })
	})
}

// morphed goes one frame on.
func (m Model) morphed(serial int) (Model, tea.Cmd) {
	if serial != m.morph.serial || m.morph.left == 0 {
		return m, nil
	}
	m.morph.left--
	if m.morph.left == 0 {
		m.morph.from = model.Disk{}
		return m, nil
	}
	return m, m.nextFrame()
}

// sameSpans reports whether the bars of two disks look the same.
func sameSpans(a, b model.Disk) bool {
	return a.Sectors == b.Sectors && slices.EqualFunc(a.Partitions(), b.Partitions(), func(p, q model.Partition) bool {
		return p.ID == q.ID && p.Span == q.Span
	})
}

// rest is the share of the way that is left. It gets smaller more and more slowly.
func (m morph) rest() float64 {
	rest := float64(m.left) / (morphFrames + 1)
	return rest * rest * rest
}

// onTheWay is the segments of a bar of a document as the present frame shows them; to is what they come to.
func (m Model) onTheWay(d document, which picture, to []widget.Segment) []widget.Segment {
	if m.morph.left == 0 || m.morph.gen != d.gen || m.morph.dialog {
		return to
	}
	disk := m.morph.from
	if which == pictureNow {
		disk = which.of(d) // its scale changes with that of the other
	}
	return widget.Between(m.scaled(d, disk, which, m.morph.from), to, 1-m.morph.rest(), m.st.Unallocated)
}
