package tui

// The smallest window in which everything can be shown and reached.
const (
	leastWidth  = 60
	leastHeight = 20
)

// editorNeeds counts the lines that the editor would like to show.
type editorNeeds struct {
	rows    int // rows of the table
	pending int // pending operations
	banner  int // lines for a problem of the disk
}

// editorLayout is the height of each part of the editor, from top to bottom. Together with the title and the key bar, one
// line each, they add up to the height of the window.
type editorLayout struct {
	banner  int
	bar     int // each of the two bars, including its border
	rows    int // lines within a bar: 1 puts the label on the shading; more have the label in the first line
	boxed   bool
	table   int // including the heading
	pending int // including the border
}

// layoutEditor divides a window that is at least the smallest one. The bars lose their borders first. The list of pending
// operations grows only if the table does not need the lines.
func layoutEditor(height int, n editorNeeds) editorLayout {
	l := editorLayout{banner: n.banner, bar: 3, rows: 1, boxed: true}
	switch {
	case height < 24:
		l.bar, l.boxed = 1, false
	case height >= 38:
		l.bar, l.rows = 5, 3
	case height >= 30:
		l.bar, l.rows = 4, 2
	}
	rest := height - 2 - l.banner - 2*l.bar
	wantTable, wantPending := n.rows+1, max(1, n.pending)+2
	l.pending = min(wantPending, max(3, rest*2/5))
	if spare := rest - wantTable; spare > l.pending {
		l.pending = min(wantPending, spare)
	}
	l.table = rest - l.pending
	return l
}
