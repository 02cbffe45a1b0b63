package main

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// cell is one character of a screen with its final colours: reverse, faint and concealed are already applied.
type cell struct {
	text      string // a grapheme cluster
	columns   int    // 1, or 2 for a wide character
	fg, bg    color.RGBA
	bold      bool
	underline bool
	strike    bool
}

// screen is the contents of a terminal at one moment.
type screen struct {
	columns, rows int
	lines         [][]cell    // the rows, each as wide as the screen
	cursor        image.Point // in cells
	cursorShown   bool
}

// parse reads the output of `tmux capture-pane -p -e -N`: text with SGR sequences, which stay in effect across lines. A line
// after the last row says whether the cursor is visible, and its column and row, as in "1 12 3". Everything that does not
// fit on the screen is dropped.
func parse(capture string, columns, rows int) screen {
	buffer := uv.NewScreenBuffer(columns, rows)
	uv.NewStyledString(capture).Draw(buffer, uv.Rect(0, 0, columns, rows))
	s := screen{columns: columns, rows: rows}
	for y := range rows {
		var cells []cell
		for x := range columns {
			// The second half of a wide character is a cell of width 0.
			if c := buffer.CellAt(x, y); c != nil && c.Width > 0 {
				cells = append(cells, resolve(c))
			}
		}
		s.lines = append(s.lines, cells)
	}
	if lines := strings.Split(capture, "\n"); len(lines) > rows {
		var shown int
		n, err := fmt.Sscanf(lines[rows], "%d %d %d", &shown, &s.cursor.X, &s.cursor.Y)
		s.cursorShown = err == nil && n == 3 && shown == 1
	}
	return s
}

// text returns the screen without colours and without trailing spaces.
func (s screen) text() string {
	var b strings.Builder
	for _, cells := range s.lines {
		var line strings.Builder
		for _, c := range cells {
			line.WriteString(c.text)
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

func resolve(c *uv.Cell) cell {
	fg, bg := paint(c.Style.Fg, foreground), paint(c.Style.Bg, background)
	attrs := c.Style.Attrs
	if attrs&uv.AttrReverse != 0 {
		fg, bg = bg, fg
	}
	if attrs&uv.AttrFaint != 0 {
		fg = mix(bg, fg, 0.6)
	}
	if attrs&uv.AttrConceal != 0 {
		fg = bg
	}
	return cell{
		text:      c.Content,
		columns:   c.Width,
		fg:        fg,
		bg:        bg,
		bold:      attrs&uv.AttrBold != 0,
		underline: c.Style.Underline != ansi.UnderlineNone,
		strike:    attrs&uv.AttrStrikethrough != 0,
	}
}
