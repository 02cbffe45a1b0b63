package tui

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// opened applies the result of opening a target. If its document was closed meanwhile, the target is closed again.
func (m Model) opened(gen int, target Target, seen scanResult, err error) (Model, tea.Cmd) {
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
	d, dropped := d.replayed(seen) // what was pending before it could not be read
	if m = m.withDoc(i, d); dropped > 0 {
		m = m.say(toneWarn, d.name()+" changed: "+droppedWords(dropped))
	}
	if seen.committing != nil {
		return m.followed(i, seen.committing)
	}
	if last := seen.last; last != nil {
		return m.pushWhenFree(dialog.NewMessage("While you were away", dialog.Calm, lastText(d.name(), *last)...)), nil
	}
	if d.errand != dialog.Look {
		return m.runErrand(i)
	}
	if lines := report.Beforehand(d.facts); len(lines) > 0 {
		return m.pushWhenFree(dialog.NewMessage("About this image", dialog.Calm, lines...)), nil
	}
	if m.welcomed {
		return m, nil
	}
	m.welcomed = true
	return m, greet(m.Backend)
}

// showGreeting shows a first-time user how to begin, until the next key.
func (m Model) showGreeting(first bool) Model {
	if !first || m.note.text != "" {
		return m
	}
	return m.say(toneGood, "Press g to make room, m to resize or move, a to apply; ? lists all keys")
}

// stillOpening shows the current step while a target is being opened, and waits for the next step.
func (m Model) stillOpening(i int, what string, more <-chan string) (Model, tea.Cmd) {
	d := m.docs[i]
	if d.state != docOpening {
		return m, nil
	}
	d.opening = cmp.Or(what, d.opening)
	return m.withDoc(i, d), waitOpening(m.Clock, more, d.gen)
}

// rescanned updates a document after a run.
func (m Model) rescanned(i int, seen scanResult, err error) Model {
	d := m.docs[i]
	if err == nil && d.run.interrupted() && d.run.result.Silent && seen.unfinished == nil {
		d.run = d.run.resolve(d, seen)
	}
	switch {
	case err != nil:
		d.state, d.err, d.holds = docLost, err, "What the last run reported still holds."
		if out := d.run.result.Outcome; out == report.Done || out == report.Interrupted {
			d = d.showing(ops.NewQueue(d.queue.Initial(), d.queue.Env())) // what may have been applied is not done again
		}
	case d.run.active() && d.run.result != nil && d.run.result.Outcome == report.Done:
		d = d.fresh(seen)
		m = m.dropClip(d.gen)
	default:
		var lost int
		if d, lost = d.replayed(seen); lost > 0 {
			m = m.say(toneWarn, d.name()+" changed: "+droppedWords(lost))
		}
	}
	d.brokenOff = d.brokenOff || d.run.interrupted() && !d.run.undecided && d.unfinished == nil
	d.run.settled = d.run.active()
	return m.withDoc(i, d)
}

// saved shows the result of saving a file. If the file exists, it asks whether to replace it.
func (m Model) saved(save dialog.Save, err error) (Model, tea.Cmd) {
	if err == nil && save.Leave {
		return m.quit()
	}
	return m.savedWords(save, err), nil
}

// savedWords says what became of a save.
func (m Model) savedWords(save dialog.Save, err error) Model {
	path := widget.Clean(save.Path)
	switch {
	case errors.Is(err, fs.ErrExist):
		save.Over = dialog.Replace
		return m.pushWhenFree(dialog.NewAsk("Replace file?", dialog.Warning, []string{path + " exists already."},
			dialog.YesNo("Keep it", "Replace it", widget.Writes, save)...))
	case err != nil:
		return m.pushWhenFree(dialog.NewMessage("Not saved", dialog.Warning, sentence(err), "Choose another place with s."))
	}
	return m.say(toneGood, "Saved "+path)
}

// refuse shows why something cannot be done: in place of the key bar if it fits, otherwise in a dialog.
func (m Model) refuse(err error) Model {
	var names []string
	for _, d := range m.docs {
		names = append(names, d.name(), d.path)
	}
	text := sentence(err, names...)
	if op, why := discardFirst(err); op != nil {
		const loss = "If you discard it, that system starts anew instead of waking up: what its programs had not saved is lost."
		return m.pushWhenFree(dialog.NewLoss("Discard the hibernated system?", loss, []string{
			sentence(why) + ".",
			"The swap space stays, with its label and UUID. Then repeat the edit: this does not stage it.",
		}, dialog.YesNo("Keep it", "Discard it", widget.Writes, dialog.Stage{Op: op, Align: m.Align})...))
	}
	if ask, ok := m.imageFirst(err); ok {
		return m.pushWhenFree(ask)
	}
	if ask, ok := m.freeFirst(err); ok {
		return m.pushWhenFree(ask)
	}
	if widget.Width(text) <= m.width-2 {
		return m.say(toneWarn, text)
	}
	return m.pushWhenFree(dialog.NewMessage("Not possible", dialog.Warning, text))
}

// imageFirst returns the question to ask if the image's own format has to be seen to before a refused operation.
func (m Model) imageFirst(err error) (dialog.Dialog, bool) {
	refusal := new(ops.Refusal)
	if !errors.As(err, &refusal) || len(refusal.First) != 1 {
		return nil, false
	}
	switch op := refusal.First[0].(type) {
	case ops.DropBitmaps:
		return dialog.NewAsk("Drop the bitmaps?", dialog.Warning, []string{
			sentence(errors.New(string(refusal.Reason))) + ".",
			"Without them, the next incremental backup has to be a full one. The disk and its snapshots stay as they are.",
		}, dialog.YesNo("Keep them", "Drop them", widget.Writes, dialog.Stage{Op: op, Align: m.Align})...), true
	case ops.RepairImage:
		return dialog.NewAsk("Repair the image?", dialog.Warning, []string{
			sentence(errors.New(string(refusal.Reason))) + ".",
			"The commit writes all counts and marks anew, as the references are. The disk in the image stays as it is.",
		}, dialog.YesNo("Leave it", "Repair it", widget.Writes, dialog.Stage{Op: op, Align: m.Align})...), true
	}
	return nil, false
}

// discardFirst returns the operation that discards a hibernated system, if that is in the way of a refused one, and the
// refusal without this way out. Otherwise it returns nil.
func discardFirst(err error) (ops.Operation, error) {
	refusal := new(ops.Refusal)
	if !errors.As(err, &refusal) || len(refusal.First) != 1 {
		return nil, err
	}
	op, ok := refusal.First[0].(ops.Discard)
	if !ok {
		return nil, err
	}
	return op, &ops.Refusal{What: refusal.What, Reason: refusal.Reason}
}

// splitLog splits a log into lines that are safe to show.
func splitLog(log string) []string {
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	for i := range lines {
		lines[i] = widget.Clean(strings.TrimSuffix(lines[i], "\r"))
	}
	return lines
}
