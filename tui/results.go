package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// arrive takes a target into its document. A target nobody waits for any more is closed again.
func (msg openedMsg) arrive(m Model) (Model, tea.Cmd) {
	i, ok := m.byGen(msg.gen)
	if !ok {
		if msg.target == nil {
			return m, nil
		}
		return m, closeTarget(msg.target)
	}
	d := m.docs[i]
	if msg.err != nil {
		d.state, d.err = docRefused, msg.err
		return m.withDoc(i, d), nil
	}
	d.target = msg.target
	m = m.withDoc(i, d.fresh(msg.seen))
	if msg.seen.committing != nil {
		return m.followed(i, msg.seen.committing)
	}
	if last := msg.seen.last; last != nil {
		return m.tell(dialog.NewMessage("While you were away", dialog.Calm, lastText(d.name(), *last)...)), nil
	}
	if m.welcomed {
		return m, nil
	}
	m.welcomed = true
	return m, greet(m.backend)
}

// take tells those who see the editor for the first time how to begin, until the next key.
func (msg greetMsg) take(m Model) Model {
	if !msg.first || m.note.text != "" {
		return m
	}
	return m.say(toneGood, "g makes room, m resizes or moves, a applies after a rehearsal; ? lists all keys")
}

// arrive shows what is being done to open a target, as long as it is.
func (msg openingMsg) arrive(m Model) (Model, tea.Cmd) {
	i, ok := m.byGen(msg.gen)
	if !ok || m.docs[i].state != docOpening {
		return m, nil
	}
	d := m.docs[i]
	if msg.what != "" {
		d.opening = msg.what
	}
	return m.withDoc(i, d), waitOpening(m.clock, msg.more, msg.gen)
}

// take brings a document up to date after a run.
func (msg rescannedMsg) take(m Model) Model {
	i, ok := m.byGen(msg.gen)
	if !ok {
		return m
	}
	d := m.docs[i]
	if msg.err == nil && d.run.interrupted() && d.run.result.Silent && msg.seen.unfinished == nil {
		d.run = d.run.known(d, msg.seen)
	}
	switch {
	case msg.err != nil:
		d.state, d.err = docLost, msg.err
	case d.run.active() && d.run.result != nil && d.run.result.Outcome == report.Done:
		d = d.fresh(msg.seen)
		m = m.dropClip(d.gen)
	default:
		var lost int
		if d, lost = d.replayed(msg.seen); lost > 0 {
			m = m.say(toneWarn, d.name()+" changed: "+droppedWords(lost))
		}
	}
	d.brokenOff = d.brokenOff || d.run.interrupted() && !d.run.whole && d.unfinished == nil
	d.run.settled = d.run.active()
	return m.withDoc(i, d)
}

func (msg savedMsg) take(m Model) Model {
	path := widget.Clean(msg.save.Path)
	switch {
	case msg.exists:
		over := msg.save
		over.Over = dialog.Replace
		return m.tell(dialog.NewAsk("Replace file?", dialog.Warning, []string{path + " exists already."},
			dialog.YesNo("Keep it", "Replace it", widget.Writes, over)...))
	case msg.err != nil:
		return m.tell(dialog.NewMessage("Not saved", dialog.Warning, sentence(msg.err), "Choose another place with s."))
	}
	return m.say(toneGood, "Saved "+path)
}

// refuse tells why something cannot be done: in the place of the key bar if there is room, else in a
// window of its own.
func (m Model) refuse(err error) Model {
	text := sentence(err)
	if widget.Width(text) <= m.width-2 {
		return m.say(toneWarn, text)
	}
	return m.tell(dialog.NewMessage("Not possible", dialog.Warning, text))
}

// splitLog is a log as lines that are safe to show.
func splitLog(log string) []string {
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	for i := range lines {
		lines[i] = widget.Clean(strings.TrimSuffix(lines[i], "\r"))
	}
	return lines
}
