package dialog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui/styles"
)

// This file gives the lines that a window leaves empty to the lists that do not show all their lines.

// grown returns how many of n lines a list shows that would take height of them by itself.
func (p paper) grown(height, n int) int { return max(height, min(height+p.extra, n)) }

// grown draws the rows without the empty lines that keep the size of the window, and longer lists instead. The list that lacks the
// fewest lines gets them first.
func (f form[T, P]) grown(l layout, v View, height int, st *styles.Styles) View {
	extra := make([]int, len(l.rows))
	tight, lacks := f.draw(l, v, height, st, extra)
	order := make([]int, len(l.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lacks[a], lacks[b]) })
	left := height - 1 - len(tight.Lines) // the last line of the screen stays free
	for _, i := range order {
		extra[i] = max(0, min(lacks[i], left))
		left -= extra[i]
	}
	tight, _ = f.draw(l, v, height, st, extra)
	return tight
}

func emptyLine(line string) bool { return strings.TrimSpace(ansi.Strip(line)) == "" }

// trimmed returns lines without the empty ones at the end.
func trimmed(lines []string) []string {
	for len(lines) > 0 && emptyLine(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}
