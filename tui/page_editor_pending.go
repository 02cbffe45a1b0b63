package tui

import (
	"fmt"
	"slices"

	"shunt/tui/widget"
)

// pendingView draws the list of pending operations for one frame. It describes an operation only once, and only if the
// description is needed.
type pendingView struct {
	m    Model
	d    document
	told []toldOperation
	// detailed says that the details of the selected partition are on the screen.
	detailed bool
}

type toldOperation struct {
	text, cost string
	known      bool
}

func (m Model) pendingOf(d document) *pendingView {
	return &pendingView{m: m, d: d, told: make([]toldOperation, d.queue.Len())}
}

// layout divides the window for the editor.
func (v *pendingView) layout() editorLayout {
	needs := editorNeeds{rows: len(v.d.rows()), pending: v.height()}
	needs.banner = len(v.m.bannerLines(v.d))
	if l := layoutEditor(v.m.height, needs); l.pending-2 >= needs.pending && l.table > needs.rows {
		return l
	}
	if needs.pending = len(v.told); needs.pending > 0 {
		needs.pending += len(v.entry(v.d.pendingFocus(), whole)) - 1
	}
	return layoutEditor(v.m.height, needs)
}

// pendingFocus returns the operation that is shown in full: the selected one, otherwise the last.
func (d document) pendingFocus() int {
	if at := d.pendingCursor(); at >= 0 {
		return at
	}
	return d.queue.Len() - 1
}

// height returns how many lines it takes to show every operation in full. It stops counting above the available space.
func (v *pendingView) height() int {
	if len(v.told) > v.m.height {
		return len(v.told)
	}
	n := 0
	for i := range v.told {
		n += len(v.entry(i, whole))
	}
	return n
}

// list returns the operations in the given number of lines, and the index of the operation in each line. If there is no
// room to show all of them in full, only one is.
func (v *pendingView) list(height int) (lines []string, of []int) {
	n, at := len(v.told), v.d.pendingFocus()
	if n == 0 {
		return nil, nil
	}
	from, to, others := 0, n, whole
	if v.height() > height {
		from, to = widget.Visible(n, at, height-min(len(v.entry(at, whole)), height)+1)
		others = cut
	}
	for i := from; i < to; i++ {
		e := others
		if i == at {
			e = whole
		}
		entry := v.entry(i, e)
		entry = entry[:min(len(entry), height)]
		lines, of = append(lines, entry...), append(of, slices.Repeat([]int{i}, len(entry))...)
	}
	return lines, of
}

// box draws the list of operations with their costs.
func (v *pendingView) box(height int) []string {
	st, width := v.m.st, v.m.width
	mark, look := v.d.aheadMark(st)
	f := widget.Frame{Title: "Pending", Mark: mark, Marked: look, Foot: v.foot(), Edge: st.Faint, Name: st.Muted}
	switch {
	case v.d.pane == pendingPane:
		f.Title, f.Edge, f.Name = st.Cursor+" Pending", st.Focus, st.Title
	case len(v.told) > 0:
		f.Title = "Pending (P)" // the key that leads there
	}
	lines, of := v.list(height - 2)
	if len(of) == 0 {
		text := "Nothing yet. Edits are collected here until you apply them."
		switch {
		case !v.d.queue.Preview().ReadOnly().OK():
			text = "No edit is possible: the disk is read-only."
		case widget.Width(text) > width-4:
			text = "Nothing yet. Edits wait here until you apply them."
		}
		return widget.Box([]string{st.Muted.Render(text)}, f, width, height, st)
	}
	if first, last, n := of[0], of[len(of)-1], len(v.told); last-first+1 < n {
		f.Corner = fmt.Sprintf("%d to %d of %d", first+1, last+1, n)
	}
	return widget.Box(lines, f, width, height, st)
}

// foot returns a reminder for the lower edge: why the selected partition is in use, if the details do not say it, or else
// which partition was copied.
func (v *pendingView) foot() string {
	p, ok := v.d.partition()
	if ok && p.Use.Busy() && v.d.pane == tablePane && !v.detailed {
		return v.m.st.Busy + " " + p.Ref() + " is " + widget.Clean(p.Use.String())
	}
	return v.m.clipWords(v.d)
}

// extent says how much of a text is shown.
type extent int

const (
	cut   extent = iota // only what fits in a line
	whole               // all of it, in several lines if necessary
)

// words describes operation i and its cost.
func (v *pendingView) words(i int) toldOperation {
	if !v.told[i].known {
		q := v.d.queue
		v.told[i] = toldOperation{text: q.DescribeAt(i).String(), cost: q.Cost(i), known: true}
	}
	return v.told[i]
}

// costGap keeps a cost apart from the sentence before it.
const costGap = "  "

// entry returns the lines of operation i, with its cost in a column of its own.
func (v *pendingView) entry(i int, e extent) []string {
	told, st := v.words(i), v.m.st
	width := v.m.width - 4
	column := min(widget.Width(told.cost), width*2/5)
	room := width - 4 - column - len(costGap)
	texts, costs := []string{told.text}, []string{told.cost}
	if e == whole {
		texts, costs = widget.Wrap(told.text, room), widget.Wrap(told.cost, column)
	}
	selected := i == v.d.pendingCursor()
	var lines []string
	for j := range max(len(texts), len(costs)) {
		number, mark := "    ", " "
		if j == 0 {
			number = fmt.Sprintf("%3d ", i+1)
			mark = st.Cursor
		}
		left := widget.Fit(lineOf(texts, j), room, st.More)
		right := widget.Fit(lineOf(costs, j), column, st.More)
		if selected {
			lines = append(lines, st.Row.Render(mark+number[1:]+left+costGap+right))
			continue
		}
		lines = append(lines, st.Muted.Render(number)+st.Text.Render(left)+costGap+st.Muted.Render(right))
	}
	return lines
}

// lineOf returns line i, or "" past the last.
func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
