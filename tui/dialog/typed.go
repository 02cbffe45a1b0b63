package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Typed is a question that is answered by typing a word, so that nobody answers it by habit.
type Typed struct {
	title  string
	text   []string // paragraphs
	word   string
	field  widget.Field
	action Action
}

// NewTyped is a question whose action is done once the word was typed.
func NewTyped(title string, text []string, word string, action Action) Typed {
	return Typed{title: title, text: text, word: word, field: widget.NewField("", 255), action: action}
}

// Update takes keys and pastes.
func (t Typed) Update(msg tea.Msg) (Dialog, Action) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case keymap.Match(press, keyCancel()):
			return t, Close{}
		case keymap.Match(press, keyAccept("")):
			if t.field.Value() == t.word {
				return t, t.action
			}
			return t, nil
		}
	}
	t.field, _ = t.field.Update(msg)
	return t, nil
}

// View is the text and the field.
func (t Typed) View(width, _ int, st *styles.Styles) View {
	w := min(width, formWidth)
	v := View{Title: t.title, Width: w, Tone: Warning}
	for _, p := range t.text {
		v.Lines = append(v.Lines, notes(p, w, 4, st.Text.Render, st)...)
		v.Lines = append(v.Lines, "")
	}
	line, x := fieldLine(formName("Type "+t.word, true, st), t.field, true, min(34, w-formLabel-4), st)
	v.Cursor = &Point{X: x, Y: len(v.Lines)}
	v.Lines = append(v.Lines, line, "")
	switch got := t.field.Value(); {
	case got == t.word:
		v.Lines = append(v.Lines, st.Warn.Render("Enter goes on."))
	case got == "":
		v.Lines = append(v.Lines, st.Muted.Render("Nothing happens until that was typed."))
	default:
		v.Lines = append(v.Lines, st.Muted.Render("That is not it yet."))
	}
	return v
}

// Keys lists what can be pressed.
func (t Typed) Keys() []keymap.Binding {
	return []keymap.Binding{keyAccept("go on"), keymap.Bind("ctrl+u", "clear", "ctrl+u"), keyCancel()}
}
