package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/ops"
	"shunt/tui/dialog"
)

// This file keeps a question and its answer together. While a user is about to answer, things happen by themselves: a run
// ends, a target is read again, another target asks a question. Three rules hold:
//
//   - A dialog stays open until it is answered. A dialog that opens by itself waits until then. The question whether to stop
//     a run closes when there is nothing left to stop.
//   - An answer counts only for the subject of its question. If that has changed, nothing is done, and a message says so.
//   - A page or dialog that opens by itself ignores keys until none has been pressed for a moment.

// window is a dialog together with the subject it was opened for.
type window struct {
	dialog.Dialog
	serial int // identifies the window
	// corner is where a menu was opened with the mouse; nil for other dialogs.
	corner  *dialog.Point
	subject subject
	// stops is set for the question whether to stop the run of the subject, late if that was interrupted while it was open.
	stops, late bool
}

// subject identifies what a question is about.
type subject struct {
	doc, seen, run int      // generations: the target, its last reading, its run
	log            []string // of the run; kept because the run may close before the answer
}

// push opens a dialog on top of everything else.
func (m Model) push(d dialog.Dialog) Model {
	doc, _ := m.doc()
	about := subject{doc: doc.gen, seen: doc.seen, run: doc.run.gen, log: doc.lastLog()}
	m.gen++
	m.dialogs = append(slices.Clone(m.dialogs), window{Dialog: d, serial: m.gen, subject: about})
	return m
}

// pushWhenFree opens a dialog that the user did not ask for, as soon as no other dialog is open.
func (m Model) pushWhenFree(d dialog.Dialog) Model {
	if len(m.dialogs) == 0 {
		return m.push(d)
	}
	m.later = append(slices.Clone(m.later), d)
	return m
}

// pushStop opens the question whether to stop the run of the target in view.
func (m Model) pushStop(d dialog.Dialog) Model {
	m = m.push(d)
	m.dialogs[len(m.dialogs)-1].stops = true
	return m
}

// closeStop closes the question whether to stop a run that has ended, and what is open on top of it. A rehearsal that waits to
// be applied can still be stopped: its question stays, so that nobody who wants to stop it applies it. Where the run was
// interrupted, the window stays for the keys that were meant for it, and says so.
func (m Model) closeStop() Model {
	d, _ := m.doc()
	for i, w := range m.dialogs {
		if w.stops && d.gen == w.subject.doc && d.run.gen == w.subject.run && d.run.interrupted() && !w.late {
			m.dialogs = slices.Clone(m.dialogs)
			m.dialogs[i].Dialog, m.dialogs[i].late = dialog.NewLate("Nothing left to stop", d.run.lateWords(d.name())), true
			continue
		}
		if w.stops && (d.gen != w.subject.doc || d.run.gen != w.subject.run || !d.run.asksToStop()) {
			m.dialogs = slices.Clone(m.dialogs[:i])
			break
		}
	}
	return m
}

func (m Model) pop() Model {
	if n := len(m.dialogs); n > 0 {
		m.dialogs = slices.Clone(m.dialogs[:n-1])
	}
	return m
}

// outdated returns why an answer to a question about s no longer counts, or "" if it does.
func (m Model) outdated(s subject, action dialog.Action) string {
	d, _ := m.doc()
	switch a := action.(type) {
	case dialog.Close, dialog.List, dialog.Summarize, dialog.Solve, dialog.Open, dialog.Save, dialog.Quit, dialog.OpenPlan, dialog.OpenTable, dialog.Show:
		return "" // these do not depend on the subject; Quit checks again
	case dialog.Commit:
		if d.gen != s.doc || d.run.gen != s.run || !d.run.asks() {
			return "The rehearsal is over: nothing was applied"
		}
		return ""
	case dialog.StopRun:
		if d.gen != s.doc || d.run.gen != s.run || d.run.over() {
			return "The run had ended already: there was nothing to stop"
		}
		return ""
	case dialog.Stage:
		if why := m.sourceChanged(a.Op); why != "" {
			return why
		}
	}
	if d.gen != s.doc || d.seen != s.seen {
		return d.name() + " was read again meanwhile: nothing was done; look at it and choose again"
	}
	return ""
}

// sourceChanged returns why the source of a copy differs from what was shown, or "" if it does not.
func (m Model) sourceChanged(op ops.Operation) string {
	from := ops.SourceOf(op)
	if from == nil {
		return ""
	}
	for _, d := range m.docs {
		if d.facts.Path != from.Path {
			continue
		}
		p, ok := d.queue.Initial().Partition(from.Part.ID)
		if d.state != docOpen || d.unfinished != nil || !ok || p != from.Part {
			return from.Part.Ref() + " of " + d.name() + " changed meanwhile: nothing was done; copy it again"
		}
	}
	return ""
}

// focus identifies what has the keyboard: a dialog, a text over the page, or the page itself.
type focus struct {
	window int // serial of the top dialog, 0 if none is open
	cover  page
	base   footing
}

// footing identifies the page below all dialogs and texts. Two footings differ if the same key can mean different things.
type footing struct {
	page page
	doc  int
	run  int
	kind runState
	asks bool
}

func (m Model) footing() footing {
	m.reader, m.files = reader{}, files{}
	p, d := m.shown()
	f := footing{page: p, doc: d.gen}
	if p == pageRun {
		f.run, f.kind, f.asks = d.run.gen, d.run.state, d.run.asks()
	}
	return f
}

func (m Model) focus() focus {
	if n := len(m.dialogs); n > 0 {
		return focus{window: m.dialogs[n-1].serial}
	}
	if p, _ := m.shown(); p >= pageFiles {
		return focus{cover: p}
	}
	return focus{base: m.footing()}
}

// fromUser reports whether a message comes from the keyboard or the mouse, so that its effects were asked for.
func fromUser(msg tea.Msg) bool {
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseMsg:
		return true
	}
	return false
}

// guardKeyboard closes a question that answers nothing any more. It opens the next waiting dialog if no other is open. If the keyboard now belongs to something that the user
// did not ask for, it ignores keys for a moment. before is the model before the message was handled.
func (m Model) guardKeyboard(before Model, msg tea.Msg) (Model, tea.Cmd) {
	m = m.closeStop()
	unasked := false
	if len(m.dialogs) == 0 && len(m.later) > 0 {
		next := m.later[0]
		m.later = slices.Clone(m.later[1:])
		m, unasked = m.push(next), true
	}
	if m.small() {
		return m, nil // the window is too small to show anything
	}
	at := m.focus()
	// The page below a dialog can change while the dialog is open. Closing the dialog does not ask for the new page.
	asked := fromUser(msg) && before.footing() == before.seen.base
	switch {
	case unasked:
	case at.window != 0 || at.cover != pageBlank:
		unasked = !asked && at != m.seen && (at.window != m.seen.window || at.cover != m.seen.cover)
	default:
		unasked = !asked && at.base != m.seen.base && !keepsKeys(m.seen.base, at.base)
	}
	base := m.seen.base
	if at.window == 0 && at.cover == pageBlank {
		base = at.base
	} else if asked || unasked {
		base = m.footing() // it is visible below the dialog or text
	}
	m.seen = focus{window: at.window, cover: at.cover, base: base}
	if !unasked {
		return m, nil
	}
	return m.ignoreKeys()
}

// keepsKeys reports whether a page may replace another one without ignoring keys: the user waited for a target, which can
// now be edited.
func keepsKeys(from, to footing) bool {
	return (from.page == pageBlank || from == footing{}) && (to.page == pageEditor || to.page == pageBlank)
}
