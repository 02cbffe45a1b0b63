package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/ops"
	"shunt/tui/dialog"
)

// This file keeps a question and its answer together. Things happen by themselves while somebody is about to answer: a run
// ends, a target is read again, another target asks. Three rules hold for all of them.
//
//   - What is open stays open until it is answered. What opens by itself waits until then.
//   - An answer counts for what the question was about. If that has changed, nothing is done, and a line says so.
//   - What takes the keyboard without having been asked for takes no key until the keyboard has been quiet for a moment.

// window is a dialog with what it was opened for.
type window struct {
	dialog.Dialog
	serial  int // tells windows apart
	subject subject
}

// subject is what a question is about.
type subject struct {
	doc, seen, run int      // the target, what was read of it, and its run, by their generations
	log            []string // of the run, for a question that outlives it
}

// push opens a dialog over what is shown.
func (m Model) push(d dialog.Dialog) Model {
	doc, _ := m.doc()
	about := subject{doc: doc.gen, seen: doc.seen, run: doc.run.gen, log: doc.run.log}
	m.gen++
	m.dialogs = append(slices.Clone(m.dialogs), window{Dialog: d, serial: m.gen, subject: about})
	return m
}

// tell opens a dialog that nobody asked for, as soon as none is open.
func (m Model) tell(d dialog.Dialog) Model {
	if len(m.dialogs) == 0 {
		return m.push(d)
	}
	m.later = append(slices.Clone(m.later), d)
	return m
}

func (m Model) pop() Model {
	if n := len(m.dialogs); n > 0 {
		m.dialogs = slices.Clone(m.dialogs[:n-1])
	}
	return m
}

// outdated says why an answer to a question about s does not count any more, "" if it does.
func (m Model) outdated(s subject, action dialog.Action) string {
	d, _ := m.doc()
	switch a := action.(type) {
	case dialog.Close, dialog.List, dialog.Summarize, dialog.Solve, dialog.Open, dialog.Save, dialog.Quit:
		return "" // means the same whatever happened; Quit is judged anew
	case dialog.Commit:
		if d.gen != s.doc || d.run.gen != s.run || !d.run.asks() {
			return "The rehearsal is not waiting any more: nothing was applied"
		}
		return ""
	case dialog.StopRun:
		if d.gen != s.doc || d.run.gen != s.run || d.run.over() {
			return "It had ended already: there was nothing to stop"
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

// sourceChanged says why the source of a copy is not what was shown, "" if it is.
func (m Model) sourceChanged(op ops.Operation) string {
	from := ops.SourceOf(op)
	if from == nil {
		return ""
	}
	for _, d := range m.docs {
		if d.facts.Path != from.Path {
			continue
		}
		if p, ok := d.queue.Initial().Partition(from.Part.ID); d.state != docOpen || d.unfinished != nil || !ok || p != from.Part {
			return from.Part.Ref() + " of " + d.name() + " changed meanwhile: nothing was done; copy it again"
		}
	}
	return ""
}

// focus is what has the keyboard: a dialog, a text over the page, or the page itself.
type focus struct {
	window int // serial of the uppermost dialog, 0 for none
	cover  page
	base   footing
}

// footing is a page below dialogs and texts, as far as keys mean another thing on another one.
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

// given reports whether a message comes from the keyboard or the mouse: what follows from it was asked for.
func given(msg tea.Msg) bool {
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseMsg:
		return true
	}
	return false
}

// guarded lets what waited open, and keeps keys from whatever took the keyboard without having been asked for. before is
// the model that the message came to.
func (m Model) guarded(before Model, msg tea.Msg) (Model, tea.Cmd) {
	unasked := false
	if len(m.dialogs) == 0 && len(m.later) > 0 {
		next := m.later[0]
		m.later = slices.Clone(m.later[1:])
		m, unasked = m.push(next), true
	}
	if m.small() {
		return m, nil // nobody has seen anything of it
	}
	at := m.focus()
	// A page can have become another one under a dialog: who closes that did not ask for what is below now.
	asked := given(msg) && before.footing() == before.seen.base
	switch {
	case unasked:
	case at.window != 0 || at.cover != pageBlank:
		unasked = !asked && at != m.seen && (at.window != m.seen.window || at.cover != m.seen.cover)
	default:
		unasked = !asked && at.base != m.seen.base && !passive(m.seen.base, at.base)
	}
	base := m.seen.base
	if at.window == 0 && at.cover == pageBlank {
		base = at.base
	} else if asked || unasked {
		base = m.footing() // it is seen below what opens now
	}
	m.seen = focus{window: at.window, cover: at.cover, base: base}
	if !unasked {
		return m, nil
	}
	return m.shut()
}

// passive reports whether a page may become the other one without keeping keys from it: where a target was only waited
// for, and now can be edited.
func passive(from, to footing) bool {
	return (from.page == pageBlank || from == footing{}) && (to.page == pageEditor || to.page == pageBlank)
}
