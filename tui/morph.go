package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
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
	gen    int // of the document
	serial int
	left   int // frames that are still to come
}

// morphMsg is sent when it is time for the next frame.
type morphMsg struct{ serial int }

// glide starts a picture on its way if a message has changed the disk in view; before is the model without that message.
func (m Model) glide(before Model, cmd tea.Cmd) (Model, tea.Cmd) {
	if !m.animate || m.small() {
		return m, cmd
	}
	was, _ := before.doc()
	is, ok := m.doc()
	if !ok || was.gen != is.gen || was.state != docOpen || is.state != docOpen || samePicture(was, is) {
		return m, cmd
	}
	m.morph = morph{from: was.queue.Preview(), gen: is.gen, serial: m.morph.serial + 1, left: morphFrames}
	return m, tea.Batch(cmd, m.nextFrame())
}

func (m Model) nextFrame() tea.Cmd {
	serial := m.morph.serial
	return m.clock(morphPause, func() tea.Msg { return morphMsg{serial} })
}

// morphed goes one frame on.
func (m Model) morphed(msg morphMsg) (Model, tea.Cmd) {
	if msg.serial != m.morph.serial || m.morph.left == 0 {
		return m, nil
	}
	m.morph.left--
	if m.morph.left == 0 {
		m.morph.from = model.Disk{}
		return m, nil
	}
	return m, m.nextFrame()
}

// samePicture reports whether the bars of two states of a document look the same.
func samePicture(a, b document) bool {
	x, y := a.queue.Preview(), b.queue.Preview()
	return x.Sectors == y.Sectors && slices.EqualFunc(x.Partitions(), y.Partitions(), func(p, q model.Partition) bool {
		return p.ID == q.ID && p.Span == q.Span
	})
}

// gliding is the segments of a bar of a document as the present frame shows them; to is what they come to.
func (m Model) gliding(d document, which picture, to []widget.Segment) []widget.Segment {
	if m.morph.left == 0 || m.morph.gen != d.gen {
		return to
	}
	rest := float64(m.morph.left) / (morphFrames + 1)
	disk := m.morph.from
	if which == pictureNow {
		disk = d.queue.Initial() // its scale changes with that of the other
	}
	from := m.scaled(d, disk, which, m.morph.from)
	// It slows down towards the end.
	return widget.Between(from, to, 1-rest*rest*rest, m.st.Unallocated)
}
