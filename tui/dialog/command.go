package dialog

import (
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// command asks for a path and shows the command line that does something with it. It runs nothing.
type command struct {
	title, text string
	path        typedPath
	line        func(path string) string
}

// NewCommand returns the dialog that shows the command line for a path. The field begins with a proposal.
func NewCommand(title, text, proposal string, line func(path string) string) Dialog {
	return newForm(command{title: title, text: text, path: newPath(proposal), line: line})
}

func (c *command) check() {}

func (c *command) layout() layout {
	run := shown(func(p paper) []string {
		path := c.path.field.Value()
		if path == "" {
			return []string{p.st.Muted.Render("Type a path.")}
		}
		return notes(widget.Clean(c.line(path)), p.width, max(2, p.height-8), p.st.Strong, p.st)
	})
	return layout{
		title: c.title, rows: []row{hint(c.text, 4), blank(), pathField(&c.path.field), c.path.matches(), blank(), run},
		does: "close", first: c.path.take, more: []keymap.Binding{keyComplete(), keyClear()}, esc: noWord, accept: func() Action { return Close{} },
	}
}
