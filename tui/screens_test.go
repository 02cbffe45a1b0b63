package tui_test

import (
	"regexp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui"
	"shunt/tui/keymap"
)

// wellDrawn checks what holds for every screen.
func (d *Driver) wellDrawn() {
	d.t.Helper()
	d.coversWhole()
	d.fillsLists()
	if d.width == 80 {
		d.offersWhatWorks()
	}
}

// offersWhatWorks presses every key that the screen shows. One of each name changes the screen or begins something. ctrl+t also
// lists hidden files, and there may be none.
func (d *Driver) offersWhatWorks() {
	d.t.Helper()
	from, before := d.Model(), d.Raw()
	numbers := strings.Contains(d.Frame(), " largest") // they may be at their limits
	for _, keys := range tui.OfferedKeys(from) {
		for _, pair := range opposite {
			if slices.Contains(keys, pair[0]) || slices.Contains(keys, pair[1]) {
				keys = append(slices.Clone(keys), pair[0], pair[1]) // one of them may be at its end
			}
		}
		if numbers && (slices.Contains(keys, "up") || slices.Contains(keys, ">")) || slices.Contains(keys, "ctrl+t") {
			continue
		}
		works := len(keys) == 0 // it stands for typing
		for _, key := range keys {
			if works {
				break
			}
			next, cmd := from.Update(keymap.Event(key))
			works = cmd != nil || next.View().Content != before
		}
		if !works {
			d.t.Errorf("%q is offered and does nothing:\n%s", keys, d.Frame())
		}
	}
}

// more marks a list or a text that is not shown whole.
var more = regexp.MustCompile(`[↑↓┃]\s*$|lines \d+ to \d+ of \d+|\d+ more lines`)

// fillsLists checks that a dialog leaves no lines empty while a list in it has more to show.
func (d *Driver) fillsLists() {
	d.t.Helper()
	x, y, width, height, _, ok := tui.Window(d.Model())
	if !ok {
		return
	}
	cut, before, gap := "", "x", 0
	for _, line := range strings.Split(d.Frame(), "\n")[y+1 : y+height-1] {
		line = strings.TrimRight(ansi.Cut(line, x+1, x+width-1), " ")
		if more.MatchString(line) {
			cut = line
		}
		if line == "" && before == "" {
			gap++
		}
		before = line
	}
	if spare := d.height - 1 - height; cut != "" && max(spare, 0)+gap > 0 {
		d.t.Errorf("%q is cut, while %d lines of the dialog and %d of the screen are empty:\n%s", cut, gap, spare, d.Frame())
	}
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
	for ; strings.TrimSpace(ansi.Cut(bare[to], 0, 14)) != ""; to++ { // the details may stand beside the table
		if (to < y || to >= y+height) && strings.TrimSpace(lines[to]) != "" {
			shown++
		}
	}
	if shown > 0 && shown < to-from {
		d.t.Errorf("%d of %d lines of the table are around the dialog:\n%s", shown, to-from, d.Frame())
	}
}

// opposite are keys that move in opposite directions.
var opposite = [][2]string{{"up", "down"}, {"pgup", "pgdown"}, {"left", "right"}, {"home", "end"}}
