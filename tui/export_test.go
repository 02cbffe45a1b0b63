package tui

import (
	"errors"
	"io/fs"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// HelpKeys lists every key that the help shows, as a terminal reports it.
func HelpKeys() []string {
	var out []string
	for _, g := range editorGroups() {
		for _, b := range g.list {
			out = append(out, b.Keys()...)
		}
	}
	return out
}

// Plans are the pending operations of each target of an editor, as plan files.
func Plans(m tea.Model) []string {
	var out []string
	if m, ok := m.(Model); ok {
		for _, d := range m.docs {
			out = append(out, d.name()+": "+plan.Format(d.queue))
		}
	}
	return out
}

// Asked is the question that is open, told apart from every other one by its number, 0 if none is.
func Asked(m tea.Model) int {
	if m, ok := m.(Model); ok && len(m.dialogs) > 0 {
		return m.dialogs[len(m.dialogs)-1].serial
	}
	return 0
}

// SaveFile is what the editor does to save a text.
func SaveFile(save dialog.Save) (exists bool, err error) {
	err = put(save, nothing)
	if errors.Is(err, fs.ErrExist) {
		return true, nil
	}
	return false, err
}

// nothing is a look that recognises nothing.
func nothing([]string) []report.Summary { return nil }

// EditAll stages the operations on the target in view and then walks back and forth through all there is to walk: the list is
// put into another order, thinned out, undone and done again.
func EditAll(m tea.Model, list ...ops.Operation) (said []string) {
	e, ok := m.(Model)
	if !ok {
		return nil
	}
	do := func(edit func(d document) Model) {
		d, _ := e.doc()
		e = edit(d)
		said = append(said, e.note.text)
	}
	for _, op := range list {
		do(func(document) Model { return e.stage(op) })
	}
	do(func(d document) Model { d.pending = 0; return e.shift(d, 1) })
	do(func(d document) Model { next, _ := e.drop(d); return next })
	for range len(list) + 2 {
		do(func(d document) Model { return e.undo(d) })
	}
	for range len(list) + 2 {
		do(func(d document) Model { return e.redo(d) })
	}
	return said
}

// KeyTable is the editor's keys as a Markdown table, for the README.
func KeyTable() string {
	var out strings.Builder
	out.WriteString("| key | what it does |\n| --- | --- |\n")
	for _, g := range helpGroups() {
		out.WriteString("| **" + g.name + "** | |\n")
		for _, b := range g.list {
			out.WriteString("| `" + b.Names() + "` | " + b.Help().Desc + " |\n")
		}
	}
	return out.String()
}

// ListedKeys returns the names of the keys that the list of keys has for the dialog that is open, or else for the page.
func ListedKeys(m tea.Model) []string {
	e, ok := m.(Model)
	if !ok {
		return nil
	}
	var names []string
	if n := len(e.dialogs); n > 0 {
		for _, s := range e.dialogs[n-1].Sections() {
			for _, line := range s.Lines {
				names = append(names, strings.Fields(line.Name)...)
			}
		}
		return names
	}
	p, d := e.shown()
	for _, b := range e.pageBindings(p, d) {
		if b.Help().Desc != "" {
			names = append(names, strings.Fields(b.Names())...)
		}
	}
	return names
}

// CatchUpTime is how long the rest of the screen stays behind a step of the cursor.
const CatchUpTime = catchUpTime

// Afresh returns the editor with everything found anew that it keeps from one frame to the next.
func Afresh(m tea.Model) tea.Model {
	e, ok := m.(Model)
	if !ok {
		return m
	}
	e.keys, e.trail = editorKeys(), trail{}
	for i, d := range e.docs {
		d.now, d.after = model.Rows(d.queue.Initial(), model.Readable), model.Rows(d.queue.Preview(), model.Readable)
		e = e.withDoc(i, d)
	}
	return e
}

// Held reports whether keys are ignored for a moment.
func Held(m tea.Model) bool {
	e, ok := m.(Model)
	return ok && e.gate.closed
}

// Window returns where the top dialog is on the screen, and the editor without any dialog; ok is false if none is open.
func Window(m tea.Model) (x, y, width, height int, page tea.Model, ok bool) {
	e, is := m.(Model)
	if !is || len(e.dialogs) == 0 || e.small() {
		return 0, 0, 0, 0, nil, false
	}
	drawn, _ := e.placed(e.st)
	e.dialogs = nil
	return drawn.At.X, drawn.At.Y, widget.Width(drawn.Block[0]), len(drawn.Block), e, true
}

// OfferedKeys returns the keys that are shown on the screen, those of one name together: of the top dialog, or else of the page.
// A page whose key bar has made room for something else offers none.
func OfferedKeys(m tea.Model) (keys [][]string) {
	e, ok := m.(Model)
	if !ok || e.gate.closed || e.note.text != "" || e.find.typing {
		return nil
	}
	if n := len(e.dialogs); n > 0 {
		for _, b := range e.dialogs[n-1].Keys() {
			if !b.IsIdle() {
				keys = append(keys, b.Keys())
			}
		}
		return keys
	}
	bindings, pinned := e.barKeys()
	for _, b := range append(bindings, pinned...) {
		keys = append(keys, b.Keys())
	}
	return keys
}
