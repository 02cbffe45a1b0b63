package tui

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/geometry"
	"shunt/ops/report"
	"shunt/tui/keymap"
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
	if len(d.facts.Undos) == 0 {
		return readerBindings([]string{"enter"})
	}
	out := []binding{on("esc", "back", noTarget(Model.closeReader), "esc", "q", "ctrl+c")}
	moves := travel(Model.moveHistory, "choose", "page")
	whenMore(moves[:2], func(_ Model, d document) bool { return len(d.facts.Undos) > 1 })
	whenMore(moves[2:4], Model.textOverflows)
	out = append(out, moves...)
	return append(out, on("enter", "go back", func(m Model, d document) (Model, tea.Cmd) {
		n := m.picked(d) + 1
		m, cmd := m.closeReader()
		return m.askGoBack(d, n), cmd
	}, "enter", "U").pin())
}

// picked returns which of the commits that can be undone is chosen.
func (m Model) picked(d document) int { return max(0, min(m.reader.pick, len(d.facts.Undos)-1)) }

// moveHistory moves the cursor over the commits that can be undone, and scrolls where there is no other.
func (m Model) moveHistory(d document, s step) Model {
	at := m.picked(d)
	to := s.from(at, 1, len(d.facts.Undos)-1)
	if to == at || s.pages != 0 {
		return m.scrollReader(d, s)
	}
	m.reader.pick = to
	_, heads := m.historyLines(d, m.width-6)
	height := m.readerHeight(d)
	const shown = 3 // lines of a commit that are to be seen
	m.reader.top = max(min(m.reader.top, heads[to]), heads[to]+shown-height)
	if to == 0 {
		m.reader.top = 0
	}
	return m
}

// historyText lists the transactions of a target: those that can be undone, and those before them.
func (m Model) historyText(d document, width int) (title string, lines []string) {
	lines, _ = m.historyLines(d, width)
	return "History of " + d.name(), lines
}

// historyLines returns the text, and on which lines the commits begin that can be undone, with the line after them.
func (m Model) historyLines(d document, width int) (lines []string, heads []int) {
	b, undos := m.block(width), d.facts.Undos
	deed := func(head string, list []string) {
		b.add(head)
		for _, text := range list {
			b.hang("    ", widget.Clean(text), m.st.Text)
		}
	}
	b.add(m.st.Head.Render("Can be undone"))
	for i, u := range undos {
		heads = append(heads, len(b.lines))
		head := fmt.Sprintf("%d. %s  applied; %s are kept", i+1, u.When.Local().Format(minute), geometry.FormatBytes(u.Room))
		if i == m.picked(d) {
			head = m.st.Row.Render(widget.Fit(m.st.Cursor+" "+head, width, m.st.More))
		} else {
			head = "  " + m.st.Strong.Render(head)
		}
		deed(head, u.Operations)
	}
	heads = append(heads, len(b.lines))
	if len(undos) == 0 {
		b.wrap(m.st.Text, "Nothing. What a commit overwrites is kept for an undo, but nothing is kept here.")
	} else {
		b.wrap(m.st.Muted, "Where room is short the oldest go; if anybody else writes to "+d.name()+", none can be undone.")
	}
	b.head("Before that")
	past := report.Past(m.reader.deeds, undos)
	if len(past) == 0 {
		b.wrap(m.st.Muted, "Nothing is noted for this user.")
	} else {
		b.wrap(m.st.Muted, "These cannot be undone: nothing is kept to undo them any more.")
	}
	for _, p := range past {
		deed(m.st.Strong.Render(p.When.Local().Format(minute)+"  "+p.Did()), p.Operations)
	}
	return b.lines, heads
}

// historyZones returns the places of the commits that can be undone, one below the other.
func (m Model) historyZones(d document) (zones []*lipgloss.Layer) {
	lines, heads := m.historyLines(d, m.width-6)
	height := m.readerHeight(d)
	top := min(m.reader.top, max(0, len(lines)-height))
	for i := range d.facts.Undos {
		from, to := max(0, heads[i]-top), min(height, heads[i+1]-top)
		if from < to {
			zones = append(zones, widget.Zone(commitZone+strconv.Itoa(i), 0, boxY+from, m.width, to-from))
		}
	}
	return zones
}

// commitZone is the ID of the place of a commit; its index follows.
const commitZone = "commit "

// historyAim chooses the commit under the mouse.
func (m Model) historyAim(_ document, hit lipgloss.LayerHit, _, _ int) (next Model, groups []string) {
	if text, ok := strings.CutPrefix(hit.ID(), commitZone); ok {
		m.reader.pick, _ = strconv.Atoi(text)
	}
	return m, nil
}

// historyClick chooses the commit that was clicked, or goes back to it if it is chosen already.
func (m Model) historyClick(d document, hit lipgloss.LayerHit, x, y int) (Model, tea.Cmd) {
	next, _ := m.historyAim(d, hit, x, y)
	if next.picked(d) == m.picked(d) {
		return m.pageKey(keymap.Event("enter"))
	}
	return next, nil
}

// historyFoot says what Enter does. It stays in view however long the list is.
func (m Model) historyFoot(d document, width int) []string {
	undos := d.facts.Undos
	if len(undos) == 0 {
		return nil
	}
	n := m.picked(d) + 1
	text := "Press Enter to undo it: " + d.name() + " is then " + report.AsItWas(undos[0].LosesUnused) + "."
	if n > 1 {
		between := "to"
		if n == 2 {
			between = "and"
		}
		text = fmt.Sprintf("Press Enter to undo 1 %s %d: %s is then %s.", between, n, d.name(), report.AsItWas(report.LosesUnused(undos[:n])))
	}
	b := m.block(width)
	b.add("")
	b.wrap(m.st.Text, text)
	return b.lines
}
