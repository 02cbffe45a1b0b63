package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// minute is the form of times that are not measured but remembered.
const minute = "2006-01-02 15:04"

// openHistory shows what was applied to the target in view.
func (m Model) openHistory(d document) (Model, tea.Cmd) {
	m.gen++
	gen, backend, path := m.gen, m.Backend, d.facts.Path
	m.reader = reader{page: pageHistory, gen: gen}
	return m, func() tea.Msg {
		deeds := backend.History(path)
		return result(func(m Model) (Model, tea.Cmd) {
			if m.reader.page == pageHistory && m.reader.gen == gen {
				m.reader.deeds = deeds
			}
			return m, nil
		})
	}
}

func (m Model) historyBindings(d document) []binding {
	var more []binding
	if d.facts.Undo() != nil {
		more = append(more, on("U", "undo the last apply", func(m Model, d document) (Model, tea.Cmd) {
			m, cmd := m.closeReader()
			return m.askTakeBack(d), cmd
		}, "U").pin())
	}
	return readerBindings([]string{"enter"}, more...)
}

// historyText lists the transactions of a target: the one that can be undone, and those before it.
func (m Model) historyText(d document, width int) (title string, lines []string) {
	b := m.block(width)
	deed := func(head string, list []string) {
		b.add(m.st.Strong.Render(head))
		for _, text := range list {
			b.wrap(m.st.Text, "  "+widget.Clean(text))
		}
	}
	b.head("Can be undone")
	if u := d.facts.Undo(); u != nil {
		deed(u.When.Local().Format(minute)+"  applied", u.Operations)
		b.wrap(m.st.Muted, "U undoes it: "+d.name()+" is then "+report.AsItWas(u.LosesUnused)+". For that "+
			geometry.FormatBytes(u.Room)+" are kept, until the next commit. If anything else was written to it since, nothing is done.")
	} else {
		b.wrap(m.st.Muted, "Nothing. What a commit overwrites is kept until the next one, or until it is undone.")
	}
	b.head("Before that")
	past := report.Past(m.reader.deeds, d.facts.Undos)
	if len(past) == 0 {
		b.wrap(m.st.Muted, "Nothing is noted for this user.")
	} else {
		b.wrap(m.st.Muted, "These cannot be undone: only the last commit can, if something was kept for it.")
	}
	for _, p := range past {
		deed(p.When.Local().Format(minute)+"  "+p.Did(), p.Operations)
	}
	return "History of " + d.name(), b.lines
}
