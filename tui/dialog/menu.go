package dialog

import (
	"slices"

	"shunt/model"
	"shunt/ops/report"
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

// menu offers a list of actions.
type menu struct {
	title string
	tone  Tone
	does  string // what Enter does
	above []row
	lines int // the greatest height of above
	items []Item
	list  list
}

// NewMenu returns a menu of at least one item below a text. The cursor starts at the first item that can be chosen.
func NewMenu(title, text string, items ...Item) Dialog {
	const most = 3
	return newForm(newMenu(title, []row{hint(text, most)}, most, items))
}

// NewLossMenu returns a menu of at least one item below a warning about what would be lost. does describes Enter.
func NewLossMenu(title, loss, does string, items ...Item) Dialog {
	const most = 3
	m := newMenu(title, []row{shown(func(p paper) []string { return notes(loss, p.width, most, p.st.Warn, p.st) })}, most, items)
	m.tone, m.does = Warning, does
	return newForm(m)
}

// NewFactMenu returns a menu of at least one item below some facts.
func NewFactMenu(title string, facts report.SheetSection, items ...Item) Dialog {
	return newForm(newMenu(title, []row{shown(func(p paper) []string { return factLines(facts, p) })}, len(facts.Lines), items))
}

// factLines returns one line for each fact.
func factLines(facts report.SheetSection, p paper) (lines []string) {
	const column = 14
	looks := map[report.Attention]styles.Look{report.Plain: p.st.Text, report.Odd: p.st.Warn, report.Wrong: p.st.Bad}
	for _, f := range facts.Lines {
		value := looks[f.Look].Sign() + widget.Clean(f.Value)
		lines = append(lines, p.st.Muted.Render(widget.Fit(f.Name, column, ""))+
			looks[f.Look].Render(widget.Fit(value, min(widget.Width(value), p.width-column), p.st.More)))
	}
	return lines
}

func newMenu(title string, above []row, lines int, items []Item) menu {
	m := menu{title: title, does: "do it", above: above, lines: lines, items: items, list: list{page: max(1, len(items)-1)}}
	for i := len(items) - 1; i >= 0; i-- {
		if items[i].Off.OK() {
			m.list.at = i
		}
	}
	for _, item := range items {
		m.list.choices = append(m.list.choices, choice{text: item.Text, off: item.Off})
	}
	return m
}

func (m *menu) check() {}

// layout consists of what is above the items, the items, and the reason or note of the item under the cursor.
func (m *menu) layout() layout {
	const alone = 1 << 10 // the items have no second column: several would say the same there
	item := m.items[m.list.at]
	about := func(p paper) []string {
		if !item.Off.OK() {
			return whole("Not possible: "+widget.Clean(string(item.Off)), 3, p.st.Warn, p)
		}
		return whole(widget.Clean(item.Note), 3, p.st.Muted, p)
	}
	height := func(p paper) int { return min(len(m.items), max(2, p.height-3-len(about(p))-m.lines)) }
	return layout{
		title: m.title, tone: m.tone,
		rows: slices.Concat(m.above, []row{
			blank(), listOf(stopFS, alone, &m.list, height), blank(), shown(about),
		}),
		keys: []keymap.Binding{m.list.key()}, does: m.does, back: m.list.clear, typed: m.list.typed,
		accept: func() Action {
			if !item.Off.OK() {
				return nil
			}
			return item.Action
		},
	}
}
