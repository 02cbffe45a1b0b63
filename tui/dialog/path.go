package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Path asks where to save something.
type Path struct {
	what  SaveWhat
	title string
	text  string
	field widget.Field
}

// maxPath is the longest path that can be typed.
const maxPath = 1024

// NewPath is the dialog with a proposal in its field.
func NewPath(what SaveWhat, title, text, proposal string) Path {
	return Path{what: what, title: title, text: text, field: widget.NewField(proposal, maxPath).Touch()}
}

// Update takes keys and pastes.
func (p Path) Update(msg tea.Msg) (Dialog, Action) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case keymap.Match(press, keyCancel()):
			return p, Close{}
		case keymap.Match(press, keyAccept("")):
			if p.field.Value() == "" {
				return p, nil
			}
			return p, Save{What: p.what, Path: p.field.Value()}
		}
	}
	p.field, _ = p.field.Update(msg)
	return p, nil
}

// View is the text and the field.
func (p Path) View(width, _ int, st *styles.Styles) View {
	w := min(width, formWidth)
	lines := notes(p.text, w, 3, st.Muted.Render, st)
	lines = append(lines, "")
	line, x := fieldLine(st.Focus.Render("Path "), p.field, true, w-7, st)
	cursor := &Point{X: x, Y: len(lines)}
	return View{Title: p.title, Width: w, Lines: append(lines, line), Cursor: cursor}
}

// Keys lists what can be pressed.
func (p Path) Keys() []keymap.Binding {
	return []keymap.Binding{keyAccept("save"), keymap.Bind("ctrl+u", "clear", "ctrl+u"), keyCancel()}
}
