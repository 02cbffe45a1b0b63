package dialog

import (
	"slices"

	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// actions is the menu of what can be done with the thing under the mouse.
type actions struct {
	title    string
	commands []Command
	list     list
}

// NewActions returns the menu of some commands, at least one. Those that can be done now come first.
func NewActions(title string, commands []Command) Dialog {
	a := actions{title: title, commands: slices.Clone(commands), list: list{page: palettePage}}
	slices.SortStableFunc(a.commands, func(x, y Command) int { return rank(x) - rank(y) })
	for _, c := range a.commands {
		a.list.choices = append(a.list.choices, choice{text: widget.Fit(c.Name, a.nameWidth()+2, "") + c.Shown, off: c.Off})
	}
	return newForm(a)
}

// rank sorts what can be done before what cannot.
func rank(c Command) int {
	if c.Off.OK() {
		return 0
	}
	return 1
}

func (a *actions) nameWidth() (n int) {
	for _, c := range a.commands {
		n = max(n, widget.Width(c.Name))
	}
	return n
}

func (a *actions) check() {}

// actionsWidth is the width of the menu.
const actionsWidth = 40

func (a *actions) layout() layout {
	why := func(p paper) []string { return whole(widget.Clean(string(a.commands[a.list.at].Off)), 2, p.st.Warn, p) }
	height := func(p paper) int { return min(len(a.commands), max(2, p.height-3-len(why(p)))) }
	list := listOf(stopFS, actionsWidth-4, &a.list, height)
	list.draw = func(p paper) drawing { return a.draw(height(p), p) }
	list.mouse = func(m Mouse) Action {
		if m.Event != Press || m.Entry == 0 {
			return nil
		}
		a.list.at = m.Entry - 1
		return a.accept()
	}
	return layout{
		title: a.title, width: actionsWidth, rows: []row{list, blank(), shown(why)}, keys: []keymap.Binding{a.list.key()}, does: "do it", esc: "leave",
		accept: a.accept, explained: true,
	}
}

// draw draws the list without the reasons: the line below it has that of the selected command. What cannot be done has a
// mark, for screens without colour.
func (a *actions) draw(height int, p paper) drawing {
	n := len(a.commands)
	height = p.grown(height, n)
	from, to := widget.Visible(n, a.list.at, height)
	return entries(n, from, to, height, p, func(i int) string {
		look, cursor := p.st.Text, " "
		switch {
		case i == a.list.at:
			look, cursor = p.st.Row, p.st.Cursor
		case !a.commands[i].Off.OK():
			look = p.st.Muted
		}
		return look.Render(widget.Fit(a.list.lead(i, cursor, p.st)+a.list.choices[i].text, p.width-1, p.st.More))
	})
}

func (a *actions) accept() Action {
	c := a.commands[a.list.at]
	if !c.Off.OK() {
		return nil
	}
	return Do{Name: c.Name, Group: c.Group}
}
