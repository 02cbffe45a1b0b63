package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Item is a line of a menu.
type Item struct {
	Text   string
	Note   string
	Off    model.Reason // why it cannot be chosen
	Action Action
}

// Menu offers some things that can be done.
type Menu struct {
	title string
	text  string
	items []Item
	list  picker
}

// NewMenu is a menu of at least one item under a line of text; the first that can be chosen is.
func NewMenu(title, text string, items ...Item) Menu {
	m := Menu{title: title, text: text, items: items}
	for i := len(items) - 1; i >= 0; i-- {
		if items[i].Off.OK() {
			m.list.at = i
		}
	}
	for _, item := range items {
		m.list.choices = append(m.list.choices, choice{text: item.Text, note: item.Note, off: item.Off})
	}
	return m
}

// Update takes keys.
func (m Menu) Update(msg tea.Msg) (Dialog, Action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return m, nil
	}
	switch {
	case keymap.Match(press, keyCancel()):
		return m, Close{}
	case keymap.Match(press, keyAccept("")):
		if item := m.items[m.list.at]; item.Off.OK() {
			return m, item.Action
		}
		return m, nil
	}
	if list, ok := m.list.update(press, len(m.items)); ok {
		m.list = list
		return m, nil
	}
	m.list = m.list.jump(press)
	return m, nil
}

// View is the text, the items, and the whole reason or note of the one under the cursor.
func (m Menu) View(width, height int, st *styles.Styles) View {
	w := min(width, formWidth)
	lines := notes(m.text, w, 3, st.Muted.Render, st)
	lines = append(lines, "")
	column := 0
	for _, item := range m.items {
		column = max(column, widget.Width(item.Text))
	}
	rows := min(len(m.items), max(2, height-9))
	lines = append(lines, m.list.view(w, rows, min(column, w*2/3), true, st)...)
	item := m.items[m.list.at]
	about, look := item.Note, st.Muted
	if !item.Off.OK() {
		about, look = "Not possible: "+string(item.Off), st.Warn
	}
	lines = append(lines, "")
	lines = append(lines, widget.Pad(notes(widget.Clean(about), w, 3, look.Render, st), w, 3, st.More)...)
	return View{Title: m.title, Width: w, Lines: lines}
}

// Keys lists what can be pressed.
func (m Menu) Keys() []keymap.Binding {
	return []keymap.Binding{keymap.Bind("↑↓", "choose", "up", "down"), keyAccept("do it"), keyCancel()}
}
