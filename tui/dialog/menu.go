package dialog

import (
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

// menu offers some things that can be done.
type menu struct {
	title string
	text  string
	items []Item
	list  picker
}

// NewMenu is a menu of at least one item under a line of text; the first that can be chosen is.
func NewMenu(title, text string, items ...Item) Dialog {
	m := menu{title: title, text: text, items: items}
	for i := len(items) - 1; i >= 0; i-- {
		if items[i].Off.OK() {
			m.list.at = i
		}
	}
	for _, item := range items {
		m.list.choices = append(m.list.choices, choice{text: item.Text, note: item.Note, off: item.Off})
	}
	return newForm(m)
}

func (m menu) stops() []stop { return []stop{stopFS} }

func (m menu) check() menu { return m }

func (m menu) accept() Action {
	if item := m.items[m.list.at]; item.Off.OK() {
		return item.Action
	}
	return nil
}

func (m menu) head(*styles.Styles) View { return View{Title: m.title} }

// rows are the text, the items, and the whole reason or note of the one under the cursor.
func (m menu) rows() []row[menu] {
	column := 0
	for _, item := range m.items {
		column = max(column, widget.Width(item.Text))
	}
	height := func(p paper) int { return min(len(m.items), max(2, p.height-9)) }
	return []row[menu]{
		hint[menu](m.text, 3), blank[menu](),
		pickList(m, stopFS, min(column, formWidth*2/3), height, len(m.items), func(m *menu) *picker { return &m.list }),
		blank[menu](), shown[menu](m.about),
	}
}

func (m menu) about(p paper) []string {
	item := m.items[m.list.at]
	text, look := item.Note, p.st.Muted
	if !item.Off.OK() {
		text, look = "Not possible: "+string(item.Off), p.st.Warn
	}
	return widget.Pad(notes(widget.Clean(text), p.width, 3, look.Render, p.st), p.width, 3, p.st.More)
}

func (m menu) keys(stop) []keymap.Binding {
	return []keymap.Binding{keymap.Bind("↑↓", "choose", "up", "down"), keyAccept("do it"), keyCancel()}
}
