package tui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// This file is about closing a target and leaving the program: what would be lost, and what is left to be finished later.

// askQuit leaves at once if nothing is lost or left unfinished, and asks otherwise.
func (m Model) askQuit() (Model, tea.Cmd) {
	if text := m.whyStay(); text != "" {
		return m.say(toneWarn, text), nil
	}
	text := leavingWords(m.docs, "any target")
	if len(text) == 0 {
		return m, tea.Quit
	}
	answers := dialog.YesNo("Stay", "Leave", widget.Harmless, dialog.Quit{})
	answers[1].Key = keymap.Bind("y", "Leave", "y", "Y", "ctrl+c") // who presses ctrl+c twice means it
	if d, ok := m.doc(); ok && d.state == docOpen && d.queue.Len() > 0 && d.queue.Len() == m.unsaved() {
		answers = append(answers, dialog.Answer{
			Label: "Save the plan and leave", Key: keymap.Bind("s", "Save the plan and leave", "s", "S"),
			Action: dialog.Show{Dialog: dialog.NewSaveAndLeave(d.planPath())},
		})
	}
	return m.push(dialog.NewAsk("Leave shunt?", dialog.Warning, text, answers...)), nil
}

// quit ends the program, unless a target became busy since the question was asked.
func (m Model) quit() (Model, tea.Cmd) {
	if text := m.whyStay(); text != "" {
		return m.say(toneWarn, text), nil
	}
	return m, tea.Quit
}

// whyStay returns why the program cannot be left now, or "" if it can.
func (m Model) whyStay() string {
	if m.copying.active() {
		return m.copying.name + " is being copied out: wait for its end, or stop it with esc, before you leave"
	}
	for i, d := range m.docs {
		if d.busy() && i == m.current {
			return "Something is being done to " + d.name() + ": wait for its end, or stop it, before you leave"
		}
		if d.busy() {
			return "Something is being done to " + d.name() + ": tab goes there; stop it before you leave"
		}
	}
	return ""
}

// askClose closes the target in view at once if nothing is lost or left unfinished, and asks otherwise.
func (m Model) askClose(d document) (Model, tea.Cmd) {
	if d.busy() {
		return m.say(toneWarn, d.name()+" cannot be closed while something is being done to it: stop that first"), nil
	}
	text := leavingWords([]document{d}, "it")
	if len(text) == 0 {
		return m.closeTarget()
	}
	return m.push(dialog.NewAsk("Close "+d.name()+"?", dialog.Warning, text,
		dialog.YesNo("Keep it open", "Close it", widget.Harmless, dialog.CloseTarget{})...)), nil
}

// closeTarget closes the target in view and shows the next one.
func (m Model) closeTarget() (Model, tea.Cmd) {
	d, ok := m.doc()
	switch {
	case !ok:
		return m, nil
	case d.busy():
		return m.say(toneWarn, d.name()+" was not closed: something is being done to it"), nil
	}
	m.docs = slices.Delete(slices.Clone(m.docs), m.current, m.current+1)
	m.current = min(m.current, max(0, len(m.docs)-1))
	m = m.dropClip(d.gen).say(toneGood, "Closed "+d.name())
	return m, closeTarget(d.target) // a target that is still being opened is closed by opened
}

// leavingWords returns the paragraphs of the question whether to leave these targets, or none if there is nothing to ask.
// where completes the sentence "nothing was written to".
func leavingWords(docs []document, where string) []string {
	var text []string
	n := 0
	for _, d := range docs {
		if d.halfDone() {
			text = append(text, d.halfDoneWords())
		} else if d.state == docOpen {
			n += d.queue.Len()
		}
	}
	be, it := "are", "them"
	if n == 1 {
		be, it = "is", "it"
	}
	switch {
	case n > 0 && len(text) > 0:
		text = append(text, fmt.Sprintf("Leaving forgets %s.", operationWords(n)))
	case n > 0:
		text = append(text, fmt.Sprintf("There %s %s. Leaving forgets %s; nothing was written to %s.", be, operationWords(n),
			it, where))
	}
	for _, d := range docs {
		text = append(text, d.mountedWords("M unmounts it here, `%s` later.")...)
	}
	return text
}

// halfDone reports whether a commit of the target was interrupted and has not been finished or rolled back since.
func (d document) halfDone() bool {
	switch {
	case d.brokenOff:
		return true
	case d.run.over() && !d.run.settled: // the last scan is older than the run
		return d.run.interrupted() || d.run.result.Outcome == report.Unchanged && d.unfinished != nil
	}
	return d.state == docOpen && d.unfinished != nil
}

// halfDoneWords returns the warning shown before leaving a half-done target, and printed after it.
func (d document) halfDoneWords() string {
	text := d.name() + " stays half done: do not mount or boot it. No data is lost; to finish or roll back its commit " +
		"later, open it again"
	if d.facts.Call.Path == "" {
		return text + "."
	}
	return text + " or run `" + d.facts.Call.Line("recover") + "`."
}

// mountedWords lists the partitions that M mounted and that are still mounted. way is a format for the command that
// unmounts one.
func (d document) mountedWords(way string) []string {
	var text []string
	for _, id := range slices.Sorted(maps.Keys(d.mounted)) {
		dir := d.mounted[id]
		if !slices.Contains(d.facts.Mounts[id], dir) {
			continue // it was unmounted by other means
		}
		ref, number := d.name(), 0
		if p, ok := d.queue.Initial().Partition(id); ok {
			ref, number = p.Ref()+" of "+d.name(), p.Number
		}
		line := fmt.Sprintf("%s stays mounted at %s.", ref, dir)
		if d.facts.Call.Path != "" {
			line += " " + fmt.Sprintf(way, d.facts.Call.LineTo("unmount", strconv.Itoa(number)))
		}
		text = append(text, line)
	}
	return text
}

// leftovers lists what is left unfinished after the editor has ended, one line each, for the command line to print.
func (m Model) leftovers() []string {
	var lines []string
	for _, d := range m.docs {
		if d.halfDone() {
			lines = append(lines, d.halfDoneWords())
		}
		lines = append(lines, d.mountedWords("`%s` unmounts it.")...)
	}
	return lines
}
