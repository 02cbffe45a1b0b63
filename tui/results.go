package tui

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// opened takes a target into its document. A target nobody waits for any more is closed again.
func (m Model) opened(gen int, target Target, seen sight, err error) (Model, tea.Cmd) {
	i, ok := m.byGen(gen)
	if !ok {
		return m, closeTarget(target)
	}
	d := m.docs[i]
	if err != nil {
		d.state, d.err = docRefused, err
		return m.withDoc(i, d), nil
	}
	d.target = target
	m = m.withDoc(i, d.fresh(seen))
	if seen.committing != nil {
		return m.followed(i, seen.committing)
	}
	if last := seen.last; last != nil {
		return m.tell(dialog.NewMessage("While you were away", dialog.Calm, lastText(d.name(), *last)...)), nil
	}
	if m.welcomed {
		return m, nil
	}
	m.welcomed = true
	return m, greet(m.Backend)
}

// greeted tells people who see the editor for the first time how to begin, until the next key.
func (m Model) greeted(first bool) Model {
	if !first || m.note.text != "" {
		return m
	}
	return m.say(toneGood, "g makes room, m resizes or moves, a applies after a rehearsal; ? lists all keys")
}

// stillOpening shows what is being done to open a target, as long as it is; more brings what is done next.
func (m Model) stillOpening(i int, what string, more <-chan string) (Model, tea.Cmd) {
	d := m.docs[i]
	if d.state != docOpening {
		return m, nil
	}
	d.opening = cmp.Or(what, d.opening)
	return m.withDoc(i, d), waitOpening(m.Clock, more, d.gen)
}

// rescanned brings a document up to date after a run.
func (m Model) rescanned(i int, seen sight, err error) Model {
	d := m.docs[i]
	if err == nil && d.run.interrupted() && d.run.result.Silent && seen.unfinished == nil {
		d.run = d.run.known(d, seen)
	}
	switch {
	case err != nil:
		d.state, d.err = docLost, err
	case d.run.active() && d.run.result != nil && d.run.result.Outcome == report.Done:
		d = d.fresh(seen)
		m = m.dropClip(d.gen)
	default:
		var lost int
		if d, lost = d.replayed(seen); lost > 0 {
			m = m.say(toneWarn, d.name()+" changed: "+droppedWords(lost))
		}
	}
	d.brokenOff = d.brokenOff || d.run.interrupted() && !d.run.whole && d.unfinished == nil
	d.run.settled = d.run.active()
	return m.withDoc(i, d)
}

// saved tells how saving a file went; one that exists already was kept.
func (m Model) saved(save dialog.Save, err error) Model {
	path := widget.Clean(save.Path)
	switch {
	case errors.Is(err, fs.ErrExist):
		save.Over = dialog.Replace
		return m.tell(dialog.NewAsk("Replace file?", dialog.Warning, []string{path + " exists already."},
			dialog.YesNo("Keep it", "Replace it", widget.Writes, save)...))
	case err != nil:
		return m.tell(dialog.NewMessage("Not saved", dialog.Warning, sentence(err), "Choose another place with s."))
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
