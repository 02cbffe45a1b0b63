package tui

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// opened takes a target into its document. A target nobody waits for any more is closed again.
func (m Model) opened(msg openedMsg) (tea.Model, tea.Cmd) {
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
		m = m.push(dialog.NewMessage("While you were away", dialog.Calm, lastText(d.name(), *last)...))
		return m.shut()
	}
	if i == m.current && msg.seen.unfinished != nil {
		return m.shut()
	}
	return m, nil
}

// followed shows the commit that is under way on a target. Only one run is shown at a time.
func (m Model) followed(i int, run Run) (tea.Model, tea.Cmd) {
	if m.run.active() {
		d := m.docs[i]
		target := d.target
		d.state, d.target = docRefused, nil
		d.err = errors.New("a commit is under way on it, and another one is being shown; open it again after that")
		return m.withDoc(i, d), closeTarget(target)
	}
	m.gen++
	m.current = i
	m.run = running{
		gen: m.gen, doc: i, kind: followRun, run: run, queue: m.docs[i].queue, committing: true,
		now: ops.Progress{Phase: ops.Committing},
	}
	m, gate := m.shut()
	return m, tea.Batch(gate, follow(run, m.gen))
}

// started takes a run that has begun.
func (m Model) started(msg startedMsg) (tea.Model, tea.Cmd) {
	if msg.gen != m.run.gen {
		return m, nil
	}
	if msg.err != nil {
		d := m.docs[m.run.doc]
		m.run, m.dialogs, m.reader = running{}, nil, reader{}
		m = m.push(dialog.NewMessage("Cannot begin", dialog.Warning,
			widget.Clean(msg.err.Error()), d.name()+" was not changed. The operations are still pending."))
		return m.shut()
	}
	m.run.run = msg.run
	cmd := follow(msg.run, msg.gen)
	if m.run.stopping {
		cmd = tea.Batch(cmd, cancelRun(msg.run))
	}
	return m, cmd
}

func (m Model) progressed(msg progressMsg) (tea.Model, tea.Cmd) {
	if msg.gen != m.run.gen {
		return m, nil
	}
	m.run.now = msg.progress
	if m.run.result == nil {
		m.run.log = msg.log
	}
	return m, waitProgress(m.run.run, msg.gen)
}

func (m Model) reported(msg reportMsg) (tea.Model, tea.Cmd) {
	if msg.gen != m.run.gen || m.run.result != nil && !msg.ok {
		return m, nil
	}
	late := m.run.result
	m.run = m.run.reported(msg)
	if late != nil {
		// The run had ended before its report came: a failed rehearsal is told by its report.
		if !m.run.rehearsalFailed() {
			m.run.state = runEnded
		}
		return m, nil
	}
	if m.run.state != runAsking {
		return m, nil
	}
	m.dialogs = nil // a question whether to stop the rehearsal has no meaning any more
	return m.shut()
}

// resulted takes the end of a run. Whatever was open over its page is closed, so that the end is seen.
func (m Model) resulted(msg resultMsg) (tea.Model, tea.Cmd) {
	if msg.gen != m.run.gen {
		return m, nil
	}
	wasAsking := m.run.state == runAsking
	m.run = m.run.ended(msg)
	m.dialogs = nil
	d := m.docs[m.run.doc]
	reread := rescan(d.target, d.gen)
	if m.run.left() {
		m.run, m.reader = running{}, reader{}
		m = m.say(toneGood, d.name()+" was not changed. The operations are still pending.")
		return m, nil
	}
	if wasAsking && m.run.state == runAsking {
		m.run.settled = true
		return m, nil // the report of the failed rehearsal is being read
	}
	m.reader = reader{}
	m, gate := m.shut()
	if m.run.state == runAsking {
		m.run.settled = true
		return m, gate
	}
	return m, tea.Batch(gate, reread)
}

// rescanned brings a document up to date after a run.
func (m Model) rescanned(msg rescannedMsg) (tea.Model, tea.Cmd) {
	i, ok := m.byGen(msg.gen)
	if !ok {
		return m, nil
	}
	d := m.docs[i]
	mine := m.run.active() && m.run.doc == i
	switch {
	case msg.err != nil:
		d.state, d.err = docLost, msg.err
	case mine && m.run.result != nil && m.run.result.Outcome == ops.Done:
		d = d.fresh(msg.seen)
	default:
		var lost int
		if d, lost = d.replayed(msg.seen); lost > 0 {
			m = m.say(toneWarn, fmt.Sprintf("%s changed: %d pending operations no longer apply and were dropped", d.name(), lost))
		}
	}
	if mine {
		m.run.settled = true
	}
	return m.withDoc(i, d), nil
}

func (m Model) saved(msg savedMsg) Model {
	path := widget.Clean(msg.save.Path)
	switch {
	case msg.exists:
		over := msg.save
		over.Over = dialog.Replace
		return m.push(dialog.NewAsk("Replace file?", dialog.Warning, []string{path + " exists already."},
			dialog.YesNo("Keep it", "Replace it", widget.Writes, over)...))
	case msg.err != nil:
		return m.push(dialog.NewMessage("Not saved", dialog.Warning, widget.Clean(msg.err.Error()), "Choose another place with s."))
	}
	return m.say(toneGood, "Saved "+path)
}

// refuse tells why something cannot be done: in the place of the key bar if there is room, else in a
// window of its own.
func (m Model) refuse(err error) Model {
	text := widget.Clean(err.Error())
	if text != "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if widget.Width(text) <= m.width-2 {
		return m.say(toneWarn, text)
	}
	return m.push(dialog.NewMessage("Not possible", dialog.Warning, text))
}

// splitLog is a log as lines that are safe to show.
func splitLog(log string) []string {
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	for i := range lines {
		lines[i] = widget.Clean(strings.TrimSuffix(lines[i], "\r"))
	}
	return lines
}
