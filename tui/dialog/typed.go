package dialog

import (
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// typedWord is a question that is answered by typing a word, so that nobody answers it by habit.
type typedWord struct {
	title  string
	text   []string // paragraphs
	word   string
	field  widget.Field
	action Action
}

// NewTyped is a question whose action is done once the word was typed.
func NewTyped(title string, text []string, word string, action Action) Dialog {
	return newForm(typedWord{title: title, text: text, word: word, field: widget.NewField("", 255), action: action})
}

func (t typedWord) stops() []stop { return []stop{stopName} }

func (t typedWord) check() typedWord { return t }

func (t typedWord) accept() Action {
	if t.field.Value() == t.word {
		return t.action
	}
	return nil
}

func (t typedWord) head(*styles.Styles) View { return View{Title: t.title, Tone: Warning} }

func (t typedWord) rows() []row[typedWord] {
	var rows []row[typedWord]
	for _, text := range t.text {
		rows = append(rows, shown[typedWord](func(p paper) []string {
			return append(notes(text, p.width, 4, p.st.Text.Render, p.st), "")
		}))
	}
	says := shown[typedWord](func(p paper) []string {
		switch t.field.Value() {
		case t.word:
			return []string{p.st.Warn.Render("Enter goes on.")}
		case "":
			return []string{p.st.Muted.Render("Nothing happens until that was typed.")}
		}
		return []string{p.st.Muted.Render("That is not it yet.")}
	})
	return append(rows, field(t, stopName, "Type "+t.word, 34, func(t *typedWord) *widget.Field { return &t.field }), blank[typedWord](), says)
}

func (t typedWord) keys(stop) []keymap.Binding {
	return []keymap.Binding{keyAccept("go on"), keymap.Bind("ctrl+u", "clear", "ctrl+u"), keyCancel()}
}
