package dialog

import (
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// savePath asks where to save something.
type savePath struct {
	what  SaveWhat
	title string
	text  string
	field widget.Field
}

// maxPath is the longest path that can be typed.
const maxPath = 1024

// NewPath is the dialog with a proposal in its field.
func NewPath(what SaveWhat, title, text, proposal string) Dialog {
	return newForm(savePath{what: what, title: title, text: text, field: widget.NewField(proposal, maxPath).Touch()})
}

func (s savePath) stops() []stop { return []stop{stopName} }

func (s savePath) check() savePath { return s }

func (s savePath) accept() Action {
	if s.field.Value() == "" {
		return nil
	}
	return Save{What: s.what, Path: s.field.Value()}
}

func (s savePath) head(*styles.Styles) View { return View{Title: s.title} }

func (s savePath) rows() []row[savePath] {
	path := field(s, stopName, "", maxPath, func(s *savePath) *widget.Field { return &s.field })
	path.draw = func(p paper) ([]string, *Point) {
		line, x := fieldLine(p.st.Focus.Render("Path "), s.field, true, p.width-7, p.st)
		return []string{line}, &Point{X: x}
	}
	return []row[savePath]{hint[savePath](s.text, 3), blank[savePath](), path}
}

func (s savePath) keys(stop) []keymap.Binding {
	return []keymap.Binding{keyAccept("save"), keymap.Bind("ctrl+u", "clear", "ctrl+u"), keyCancel()}
}
