package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// readerKind says what a page of text shows.
type readerKind int

const (
	readNothing readerKind = iota
	readHelp
	readInfo
	readLog
	readSupport
)

// reader is a page of text over another page. The text is made anew for each frame, so that it fits the
// window and a log grows while it is read.
type reader struct {
	kind readerKind
	top  int // first line shown
	// tail says that the end is followed as the text grows.
	tail bool
	// part is what the information is about, 0 for the target; sheet and err are what was found out, once that arrived
	// in a message of generation gen.
	part  model.PartID
	gen   int
	sheet *report.Sheet
	err   error
	// giveUp ends the question that is asked, nil if there is none.
	giveUp context.CancelFunc
}

func (r reader) open() bool { return r.kind != readNothing }

// scrolled takes the keys that move in the text of n lines, of which height are shown.
func (r reader) scrolled(press tea.KeyPressMsg, k keyMap, n, height int) reader {
	most := max(0, n-height)
	if r.tail {
		r.top = most
	}
	switch {
	case keymap.Match(press, k.up):
		r.top--
	case keymap.Match(press, k.down):
		r.top++
	case keymap.Match(press, k.pageUp):
		r.top -= max(1, height-1)
	case keymap.Match(press, k.pageDown):
		r.top += max(1, height-1)
	case keymap.Match(press, k.top):
		r.top = 0
	case keymap.Match(press, k.bottom):
		r.top = most
	default:
		return r
	}
	r.top = min(max(0, r.top), most)
	r.tail = r.kind == readLog && r.top == most
	return r
}

// view is the text in a box of width by height cells.
func (r reader) view(title string, lines []string, width, height int, st *styles.Styles) []string {
	top := r.top
	if r.tail {
		top = len(lines)
	}
	body := widget.Scroll(lines, top, width-4, height-2, st)
	return widget.Box(body, widget.Frame{Title: title, Edge: st.Faint, Name: st.Title}, width, height, st)
}
