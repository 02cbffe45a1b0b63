package tui_test

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui"
)

// wellDrawn checks what holds for every screen.
func (d *Driver) wellDrawn() {
	d.t.Helper()
	d.coversWhole()
}

// coversWhole checks what is around a dialog: nothing beside it, no part of a frame, and all rows of a table or none.
func (d *Driver) coversWhole() {
	d.t.Helper()
	x, y, width, height, page, ok := tui.Window(d.Model())
	if !ok {
		return
	}
	lines := strings.Split(d.Frame(), "\n")
	for i := y; i < y+height; i++ {
		if left, right := ansi.Cut(lines[i], 0, x), ansi.Cut(lines[i], x+width, d.width); strings.TrimSpace(left+right) != "" {
			d.t.Errorf("line %d: %q and %q are beside the dialog:\n%s", i, left, right, d.Frame())
		}
	}
	around := strings.Join(slices.Concat(lines[:y], lines[y+height:]), "\n")
	for _, corner := range []string{"╮", "╰", "╯"} {
		if strings.Count(around, corner) != strings.Count(around, "╭") {
			d.t.Errorf("a part of a frame is around the dialog:\n%s", d.Frame())
			break
		}
	}
	bare := strings.Split(ansi.Strip(page.View().Content), "\n")
	from := slices.IndexFunc(bare, func(line string) bool { return strings.HasPrefix(line, "  Partition ") })
	if from < 0 {
		return
	}
	shown := 0
	to := from
	for ; strings.TrimSpace(bare[to]) != ""; to++ {
		if (to < y || to >= y+height) && strings.TrimSpace(lines[to]) != "" {
			shown++
		}
	}
	if shown > 0 && shown < to-from {
		d.t.Errorf("%d of %d lines of the table are around the dialog:\n%s", shown, to-from, d.Frame())
	}
}
