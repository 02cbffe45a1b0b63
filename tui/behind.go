package tui

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/tui/dialog"
	"shunt/tui/styles"
)

// This file places the top dialog over the page. What the dialog would cover in part is not shown, so that no strip of text, half
// a frame or a heading without its rows stays around it. A page of several pieces keeps those that are not covered, and the dialog
// goes where it covers those that matter least. Any other page is drawn above the dialog, in the lines that are left.

// piece is a number of lines of a page that are seen whole or not at all.
type piece struct {
	lines int
	worth int // of each line, compared with others
	// columns is the width that belongs to the piece alone if another one stands beside it, or 0. That one begins in the lines of
	// this piece and goes on in the next, and is seen only if both are.
	columns int
}

// What the pieces of the screen are worth.
const (
	worthLittle  = iota // it repeats what is known of the selected row
	worthList           // pending operations
	worthTable          // the partitions
	worthHere    = 50   // what has the cursor
	worthBar     = 100  // the disk as it is and as it will be
	worthHeading = 1000 // what the screen is about
)

// leastBehind is the least number of lines in which a page is drawn behind a dialog, with the title.
const leastBehind = 8

// underDialog returns the screen with the top dialog, which is drawn in the styles top, and the position of the cursor.
func (m Model) underDialog(top *styles.Styles) (string, *dialog.Point) {
	drawn, lines := m.placed(top)
	page := lipgloss.NewLayer(m.screen(lines))
	over := lipgloss.NewLayer(m.screen(drawn.Block)).X(drawn.At.X).Y(drawn.At.Y).Z(1)
	return lipgloss.NewCanvas(m.width, m.height).Compose(lipgloss.NewCompositor(page, over)).Render(), drawn.Cursor
}

// placed returns the top dialog at its place, and the lines of the screen behind it.
func (m Model) placed(st *styles.Styles) (drawn dialog.Drawn, lines []string) {
	top := m.dialogs[len(m.dialogs)-1]
	place := func(width, height int) dialog.Point {
		at := dialog.Point{X: (m.width - width) / 2, Y: (m.height - height) / 2}
		if top.corner != nil {
			at = dialog.Point{X: min(top.corner.X, m.width-width), Y: top.corner.Y + 1}
		}
		lines, at.Y = m.behind(at.Y, height, top.corner == nil)
		return dialog.Point{X: max(0, at.X), Y: at.Y}
	}
	return dialog.DrawAt(m.drawn(top.Dialog), place, m.width, m.height, st), lines
}

// behind returns the lines of the screen behind a dialog of some height, and the dialog's first line, as near to the wanted one as
// it can be. A dialog that is free to move leaves the most lines to a page of one piece.
func (m Model) behind(wanted, height int, free bool) (lines []string, y int) {
	page := m.aboveNote()
	page.st = m.st.Behind()
	last := m.lastLines()
	p, d := m.shown()
	low := max(0, m.height-len(last)-height)
	if p.parts().pieces == nil {
		if y = max(leastBehind, min(wanted, low)); free || y > low {
			y = low
		}
		if page.height = y + 1; y < leastBehind {
			y = max(min(1, low), min(wanted, low))
			lines = []string{page.title()}[:min(y, 1)]
		} else {
			lines = page.pageLines()
		}
		lines = append(lines, make([]string, max(0, m.height-len(last)-len(lines)))...)
		return clearLines(append(lines, last...), y, y+height), y
	}
	lines = append(page.pageLines(), last...)
	pieces := slices.Concat([]piece{{lines: 1, worth: worthHeading}}, p.parts().pieces(page, d),
		[]piece{{lines: len(last), worth: worthHeading}})
	return uncovered(lines, pieces, min(max(0, wanted), low), low, height)
}

// uncovered chooses the first line of a dialog between 0 and low, and empties the pieces that it then covers. It covers as little
// as possible of what matters, and is as near to the wanted line as possible.
func uncovered(lines []string, pieces []piece, wanted, low, height int) (left []string, y int) {
	type run struct{ from, to, worth int } // the lines of a piece, without empty ones around it
	var runs []run
	at := 0
	for _, p := range pieces {
		from, to := at, min(at+p.lines, len(lines))
		at = to
		for ; from < to && empty(lines[from]); from++ {
		}
		for ; to > from && empty(lines[to-1]); to-- {
		}
		runs = append(runs, run{from, to, p.worth})
	}
	covers := func(y int, r run) bool { return r.from < r.to && r.from < y+height && y < r.to }
	best := -1
	for at := range low + 1 {
		cost := 0
		for _, r := range runs {
			if covers(at, r) {
				cost += r.worth * (r.to - r.from)
			}
		}
		if best < 0 || cost < best || cost == best && max(at-wanted, wanted-at) < max(y-wanted, wanted-y) {
			best, y = cost, at
		}
	}
	for i, r := range runs {
		switch beside := pieces[i].columns; {
		case covers(y, r):
			lines = clearLines(lines, r.from, r.to)
			if beside > 0 {
				lines = clearLines(lines, runs[i+1].from, runs[i+1].to)
			}
		case beside > 0 && covers(y, runs[i+1]):
			for j := r.from; j < r.to; j++ {
				lines[j] = ansi.Truncate(lines[j], beside, "")
			}
		}
	}
	return lines, y
}

func empty(line string) bool { return strings.TrimSpace(ansi.Strip(line)) == "" }

// clearLines empties the lines [from, to).
func clearLines(lines []string, from, to int) []string {
	for i := from; i < min(to, len(lines)); i++ {
		lines[i] = ""
	}
	return lines
}

// editorPieces returns the pieces of the page.
func (m Model) editorPieces(d document) []piece {
	l := m.pendingOf(d).layout()
	rows := piece{lines: min(l.table, len(d.rows())+1), worth: worthTable}
	if m.tableWidth() < m.width {
		rows.columns = m.tableWidth() // the details stand beside it
	}
	pending := piece{lines: l.pending, worth: worthList}
	if d.pane == pendingPane {
		pending.worth = worthHere
	}
	return []piece{
		{lines: l.banner, worth: worthTable},
		{lines: l.bar, worth: worthBar},
		{lines: l.bar, worth: worthBar},
		rows,
		{lines: l.table - rows.lines, worth: worthLittle},
		pending,
	}
}
