package tui

import (
	"fmt"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"shunt/tui/widget"
)

// The title line of several targets has a tab for each, with its number of pending operations. A click on a tab brings
// its target into view.

// The place of the tabs in the title line, and the largest width of one.
const (
	tabsAt  = 8 // behind the name of the program
	mostTab = 24
)

// tabs returns the names of the open targets: the one in view marked, and beside it as many others as half of the line
// holds. Marks at the ends show that there are more. The name of a spot is the index of its target.
func (m Model) tabs() []widget.Spot {
	d, _ := m.doc()
	if len(m.docs) == 1 {
		return []widget.Spot{{Text: m.st.Strong.Render(d.name())}}
	}
	texts := make([]string, len(m.docs))
	for i, d := range m.docs {
		texts[i] = widget.Fit(d.name(), min(widget.Width(d.name()), mostTab), m.st.More)
		if n := d.queue.Len(); n > 0 && i != m.current {
			texts[i] += fmt.Sprintf(" (%d)", n)
		}
	}
	from, to := m.current, m.current+1
	room := m.width/2 - widget.Width(texts[m.current])
	for grown := true; grown; {
		grown = false
		if to < len(texts) && widget.Width(texts[to])+3 <= room {
			room -= widget.Width(texts[to]) + 3
			to, grown = to+1, true
		}
		if from > 0 && widget.Width(texts[from-1])+3 <= room {
			from, grown = from-1, true
			room -= widget.Width(texts[from]) + 3
		}
	}
	var spots []widget.Spot
	if from > 0 {
		spots = append(spots, widget.Spot{Text: m.st.Muted.Render(m.st.Less), Key: strconv.Itoa(from - 1)})
	}
	for i := from; i < to; i++ {
		text := m.st.Muted.Render(texts[i])
		if i == m.current {
			text = m.st.Focus.Render(m.st.Cursor) + m.st.Strong.Render(texts[i])
		}
		spots = append(spots, widget.Spot{Text: text, Key: strconv.Itoa(i)})
	}
	if to < len(texts) {
		spots = append(spots, widget.Spot{Text: m.st.Muted.Render(m.st.Greater), Key: strconv.Itoa(to)})
	}
	return widget.Row(0, 2, spots...)
}

// tabID begins the ID of a tab's zone; the index of the target follows.
const tabID = "tab "

func (m Model) tabZones() []*lipgloss.Layer {
	if len(m.docs) < 2 {
		return nil
	}
	var out []*lipgloss.Layer
	for _, s := range m.tabs() {
		out = append(out, widget.Zone(tabID+s.Key, tabsAt+s.X, 0, widget.Width(s.Text), 1))
	}
	return out
}

// tabOf returns the index of the target whose tab was hit; ok is false if none was.
func tabOf(hit lipgloss.LayerHit) (i int, ok bool) {
	text, ok := strings.CutPrefix(hit.ID(), tabID)
	i, err := strconv.Atoi(text)
	return i, ok && err == nil
}
