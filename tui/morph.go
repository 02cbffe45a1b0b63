package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// When an edit changes the disk, the lower bar glides from the old layout to the new one, so that the eye can follow.
// Keys work meanwhile: another change starts a new animation from the layout of the preview.

// The speed of the animation.
const (
	morphFrames = 7
	morphPause  = 30 * time.Millisecond
)

// morph is a running animation of a disk bar. The zero value is none.
type morph struct {
	from   model.Disk
	dialog bool // the bar of the top dialog is animated, not that of the editor
	gen    int  // generation of the document
	serial int
	left   int // frames that are still to come
}

// glide starts an animation if a message has changed the disk in view. before is the model before the message was
// handled.
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

// pictured returns the disk that the top dialog shows as a bar; ok is false if it shows none.
func (m Model) pictured() (disk model.Disk, ok bool) {
	if len(m.dialogs) == 0 {
		return disk, false
	}
	return m.dialogs[len(m.dialogs)-1].Pictured()
}

// drawn returns a dialog as the current frame of the animation shows it.
func (m Model) drawn(d dialog.Dialog) dialog.Dialog {
	if m.morph.left > 0 && m.morph.dialog {
		return d.Glide(m.morph.from, m.morph.rest())
	}
	return d
}

func (m Model) nextFrame() tea.Cmd {
	serial := m.morph.serial
	return m.Clock(morphPause, func() tea.Msg {
		return result(func(m Model) (Model, tea.Cmd) { return m.nextMorph(serial) })
	})
}

// nextMorph advances the animation by one frame.
func (m Model) nextMorph(serial int) (Model, tea.Cmd) {
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

// rest returns the share of the way that is left, from 1 to 0. It falls fast at first and slowly at the end.
func (m morph) rest() float64 {
	rest := float64(m.left) / (morphFrames + 1)
	return rest * rest * rest
}

// onTheWay returns the segments of a document's bar in the current frame. to holds the segments at the end of the
// animation.
func (m Model) onTheWay(d document, which picture, to []widget.Segment) []widget.Segment {
	if m.morph.left == 0 || m.morph.gen != d.gen || m.morph.dialog {
		return to
	}
	disk, rows := m.morph.from, d.now
	if which == pictureNow {
		disk = which.of(d) // only the scale of this bar changes
	} else {
		rows = model.Rows(disk, model.Readable)
	}
	return widget.Between(m.scaled(d, disk, rows, which, m.morph.from), to, 1-m.morph.rest(), m.st.Unallocated)
}
